"""Secrets that the server makes up: of devices and of invitations. To be read off a screen, and typed if need be."""

import hashlib
import re
import secrets

#: None is easily mistaken for another: 31 letters and digits.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS = 7
_SHAPE = re.compile(rf"[{_ALPHABET}]{{{4 * _GROUPS}}}")
#: Characters that a typed secret may have beside its own, as spaces.
_LONGEST = 100


def new_secret() -> str:
    """28 characters in fours, 138 random bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS))


def is_secret(text: str) -> bool:
    """Whether ``text`` could be one, however it was typed: case, spaces and dashes do not matter."""
    return len(text) <= _LONGEST and _SHAPE.fullmatch(_bare(text)) is not None


def secret_hash(text: str) -> bytes:
    """What is stored, and looked up. Quick, since nobody guesses 138 bits."""
    return hashlib.sha256(_bare(text[:_LONGEST]).encode(errors="replace")).digest()


def _bare(text: str) -> str:
    return "".join(text.lower().replace("-", "").split())
