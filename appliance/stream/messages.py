"""What the transcoder and its worker processes say to each other: one JSON object per packet of a socket pair.

The pair is of type SOCK_SEQPACKET, so that a message is a packet and needs no framing. A ``Start`` carries two open
file descriptors (SCM_RIGHTS): the source to read and the sink to write; a worker opens no path itself.
"""

from typing import Final, Literal

import msgspec

#: No message is longer.
PACKET_BYTES: Final = 16 * 1024


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What to make of a source. Equal recipes of one source give equal bytes."""

    codec: Literal["opus", "mp3", "aac", "flac"]
    bit_rate: int
    """kbit/s; 0 for FLAC."""
    sample_rate: int
    """Hz of the result; 0 keeps the source's (FLAC)."""
    offset_ms: int
    """Where to begin in the source."""
    samples: int
    """Exactly so many (per channel) are encoded: cut, or silence added; 0 is all that there are."""


class Start(msgspec.Struct, frozen=True, tag="start"):
    """To a worker: transcode."""

    job: int
    recipe: Recipe


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """To a worker: leave that job, if it is still the one."""

    job: int


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """From a worker, once: waiting for work. ``unconfined`` names the measures that this kernel does not allow."""

    unconfined: list[str]


class Grown(msgspec.Struct, frozen=True, tag="grown"):
    """From a worker, a few dozen times a second at most: so many bytes are in the sink, for so much music."""

    size: int
    position_ms: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """From a worker: the result is whole."""

    size: int
    silence_ms: int
    """Silence added at the end, since the source had less than the recipe promised."""
    surplus_ms: int
    """Music left out at the end, as far as the source's own headers tell."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """From a worker: there will be no result. It waits for the next job, except where its memory is used up."""

    kind: Literal["source", "sink", "cancelled", "memory"]
    reason: str


Request = Start | Cancel
Report = Ready | Grown | Ended | Failed
