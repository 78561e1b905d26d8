"""The domain: what a track, an album, a listener and a scan are, and what may happen to them.

Imports the standard library, trio and msgspec only.
"""
