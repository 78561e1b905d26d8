"""Audio in: the folder walk, what is read from each file, the scan that merges it, and the watch that asks for one."""
