"""The SD card: what makes the image that people flash, one step per file. Start reading at ``build.py``.

Not part of the program: nothing here is installed on the card, and nothing of ``appliance`` imports it. It runs on a
Debian machine, as root, without mounting anything that outlives a crash.
"""
