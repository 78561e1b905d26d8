"""A small library of synthesised music, so that a newcomer with no files of their own hears something.

Nothing here knows the server: ``library.write_demo`` writes ordinary files, and the scan finds them like any others.
"""
