"""Audio and pictures out. Nothing is imported here: the transcoder's worker process starts from this package."""
