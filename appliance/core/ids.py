"""Identifiers."""

import secrets
import time
from uuid import UUID


def new_id() -> UUID:
    """A fresh UUID, version 7 (RFC 9562 section 5.7): 48 bits of Unix time in ms, then random bits.

    Version 7 because rows made together then lie together in an index. A clock that stands at 1970 costs
    that locality and nothing else: 74 random bits keep the identifiers apart.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    return UUID(
        int=(milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (random >> 62) << 64
        | 0b10 << 62
        | (random & 0x3FFF_FFFF_FFFF_FFFF)
    )
