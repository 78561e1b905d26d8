"""How large a transcode will be, before a byte of it exists.

Constant bit rate makes the size a function of the profile and of the number of samples. The rules below are those of
LAME and of libavformat's Ogg writer; tests/stream/test_exact_sizes.py holds them against the encoders.
"""

from typing import Final

from appliance.stream.messages import Recipe

_OPUS_HZ: Final = 48_000
_OPUS_FRAME: Final = 960
"""Samples in 20 ms."""
_OPUS_PRE_SKIP: Final = 312
"""Samples of libopus's look-ahead at the "audio" application: they come before the music, and must be flushed."""
_OPUS_HEADERS: Final = (27 + 1 + 19) + (27 + 1 + 22)
"""The page of OpusHead, and the page of OpusTags with the bare vendor ``ffmpeg``."""
_OGG_PAGE_PACKETS: Final = 50
"""A page is closed after one second."""
_OGG_PAGE_HEADER: Final = 27
_OGG_SEGMENT: Final = 255

_MP3_FRAME: Final = 1152
_MP3_DELAY: Final = 576
"""Samples that LAME puts before the music (ENCDELAY)."""
_MP3_LEAST_PADDING: Final = 576
"""Samples that LAME puts after it at least (lame_encode_flush)."""

#: Sample rates of MPEG 1, the only ones at which layer III has every bit rate that Tonearm makes; AAC shares them.
_PREFERRED_HZ: Final = (32_000, 44_100, 48_000)


def output_rate(codec: str, source_hz: int) -> int:
    """The sample rate in which ``codec`` is made of a source with ``source_hz``; 0 keeps the source's."""
    if codec == "flac":
        return 0
    if codec == "opus":
        return _OPUS_HZ
    if source_hz in _PREFERRED_HZ:
        return source_hz
    return 44_100 if source_hz and source_hz % 11_025 == 0 else 48_000


def promises(codec: str) -> bool:
    """Whether ``exact_size`` knows this codec; the native AAC encoder and FLAC are variable."""
    return codec in {"opus", "mp3"}


def exact_size(recipe: Recipe) -> int | None:
    """Bytes of the result; None where that cannot be promised."""
    if not recipe.samples:
        return None
    if recipe.codec == "opus":
        return _opus(recipe.samples, recipe.bit_rate)
    if recipe.codec == "mp3":
        return _mp3(recipe.samples, recipe.bit_rate, recipe.sample_rate)
    return None


def _opus(samples: int, kbps: int) -> int:
    packets = -(-(samples + _OPUS_PRE_SKIP) // _OPUS_FRAME)
    packet = kbps * 1000 // 8 * _OPUS_FRAME // _OPUS_HZ
    lacing = packet // _OGG_SEGMENT + 1
    pages = -(-packets // _OGG_PAGE_PACKETS)
    return _OPUS_HEADERS + pages * _OGG_PAGE_HEADER + packets * (lacing + packet)


def _mp3(samples: int, kbps: int, hz: int) -> int:
    frames = -(-(samples + _MP3_DELAY + _MP3_LEAST_PADDING) // _MP3_FRAME)
    # A frame has 144 * rate / hz bytes. LAME rounds down, and pads by a byte whenever a whole one is owed; its
    # account starts with the first frame's remainder in credit.
    whole, remainder = divmod(_MP3_FRAME // 8 * kbps * 1000, hz)
    return frames * whole - (-(frames - 1) * remainder // hz)
