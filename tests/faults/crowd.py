"""Thousands of small songs, made quickly."""

import struct
from pathlib import Path

from mutagen.id3 import ID3, TALB, TIT2, TPE1, TRCK

from tests.journeys.recordings import record

_TRACKS = 12
#: Inside the sound of a frame: other bytes there are another sound, and no other file format.
_SOUND_AT = 1500


def press(folder: Path, songs: int) -> int:
    """Fill ``folder``; every song has its own tags and its own sound. Returns the number of albums."""
    sound = bytearray(record(folder / "seed.mp3", seconds=0.2).read_bytes())
    (folder / "seed.mp3").unlink()
    tags = ID3()
    for number in range(songs):
        album, track = divmod(number, _TRACKS)
        frames = (TIT2(text=f"Song {number}"), TPE1(text=f"Artist {album % 40}"), TALB(text=f"Album {album}"))
        for frame in (*frames, TRCK(text=f"{track + 1}/{_TRACKS}")):
            tags.setall(frame.FrameID, [frame])
        struct.pack_into(">I", sound, _SOUND_AT, number)
        path = folder / f"{album:04}" / f"{track + 1:02}.mp3"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(sound)
        tags.save(path)
    return -(-songs // _TRACKS)
