"""Public keys that open ssh: what one looks like (RFC 4253, section 6.6), and nothing beside it."""

import base64
import binascii
from collections.abc import Iterator
from typing import Final

_KINDS: Final = frozenset(
    {
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ssh-ed25519@openssh.com",
        "ssh-ed25519",
        "ssh-rsa",
    }
)
#: Characters; a key of 16,384 bits of RSA has 2,800.
_LONGEST: Final = 8192
_MOST: Final = 100


def fault_of_all(keys: tuple[str, ...]) -> str | None:
    """The first ``fault`` of any, whatever blanks are around it; or that they are too many."""
    if len(keys) > _MOST:
        return f"At most {_MOST} ssh keys can be given."
    return next((sentence for key in keys if (sentence := fault(key.strip()))), None)


def fault(key: str) -> str | None:
    """What is wrong with a line for ``authorized_keys``, as a sentence; None when it is a key.

    A line with options before the key is refused: they may run programs, and say nothing that is needed here.
    """
    if "PRIVATE KEY" in key:
        return "This is a private key, which never leaves your computer: use the file whose name ends in .pub."
    if len(key) > _LONGEST or not key.isprintable():
        return "An ssh key is one line, as in the file whose name ends in .pub."
    kind, _, rest = key.strip().partition(" ")
    if kind not in _KINDS:
        return f"An ssh key begins with its kind, such as ssh-ed25519, and not with {kind[:40]!r}."
    try:
        blob = base64.b64decode(rest.split(" ", 1)[0], validate=True)
        parts = list(_strings(blob))
    except (binascii.Error, ValueError):
        return "An ssh key was cut or changed on its way; copy the whole line of the file whose name ends in .pub."
    if len(parts) < 2 or parts[0] != kind.encode():
        return f"An ssh key says that it is {kind}, and holds something else."
    return None


def authorized_keys(keys: tuple[str, ...]) -> bytes:
    """The file that lets these in, and nobody else. The keys have no ``fault``."""
    return "".join(f"{key}\n" for key in dict.fromkeys(key.strip() for key in keys)).encode()


def _strings(blob: bytes) -> Iterator[bytes]:
    """What a key is made of: each part after its length in four bytes. Raises ``ValueError`` for anything else."""
    at = 0
    while at < len(blob):
        end = at + 4 + int.from_bytes(blob[at : at + 4])
        if end > len(blob) or at + 4 > len(blob):
            raise ValueError("a part is cut")
        yield blob[at + 4 : end]
        at = end
