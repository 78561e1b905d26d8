"""Tracks of the length that people listen to: one piece of the demo library, over and over, as FLAC."""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from mutagen.flac import FLAC

from appliance.core.ports import Progress
from appliance.demo.albums import ALBUMS
from appliance.demo.instruments import Rack
from appliance.demo.library import SEED
from appliance.demo.render import perform
from appliance.demo.sound import RATE
from bench.library import cache

TRACKS: Final = 8
SECONDS: Final = 180
_EDITION: Final = 1
"""Raised when another concert is to be written."""
_FRAME_BYTES: Final = 4
_BLOCK: Final = 4096


def kept_concert(progress: Progress) -> Path:
    """A folder of ``TRACKS`` files of ``SECONDS`` each, from the cache or made now."""
    folder = cache() / f"concert-{TRACKS}-{SECONDS}-{_EDITION}"
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "music").mkdir(parents=True)
        piece = perform(next(iter(ALBUMS[0].tracks())).piece, Rack(SEED), SEED).pcm
        for number in range(1, TRACKS + 1):
            # Each begins elsewhere in the piece, so that no two are the same recording.
            start = (number - 1) * RATE * _FRAME_BYTES
            pcm = (piece[start:] + piece * (SECONDS * RATE * _FRAME_BYTES // len(piece) + 1))[
                : SECONDS * RATE * _FRAME_BYTES
            ]
            _write(folder / "music" / f"{number:02}.flac", pcm, number)
            progress(number, TRACKS)
        complete.touch()
    return folder / "music"


def _write(path: Path, pcm: bytes, number: int) -> None:
    with av.open(str(path), "w", format="flac") as output:
        stream = output.add_stream("flac", rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        step = _BLOCK * _FRAME_BYTES
        for at in range(0, len(pcm), step):
            block = pcm[at : at + step]
            frame = av.AudioFrame(format="s16", layout="stereo", samples=len(block) // _FRAME_BYTES)
            frame.sample_rate = RATE
            frame.time_base = Fraction(1, RATE)
            frame.pts = at // _FRAME_BYTES
            frame.planes[0].update(block)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    media = FLAC(path)
    media.update({"title": f"Movement {number}", "artist": "The Bench", "album": "Concert", "tracknumber": str(number)})
    media.save()
