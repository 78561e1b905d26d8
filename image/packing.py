"""Compressing the card: what is downloaded, its size, and its sums."""

import hashlib
import subprocess
from pathlib import Path

import msgspec

from appliance.core.ports import Progress
from image.failure import ImageFailed

_CHUNK = 4 * 1024 * 1024
# On all processors. The second level: the sixth makes a card 3 % smaller, and takes four times as long.
_XZ = ["xz", "--compress", "--threads=0", "-2", "--stdout"]


class Packed(msgspec.Struct, frozen=True):
    """Sizes in bytes, sums as SHA-256 in hexadecimal: of the card as it is, and of the file that is downloaded."""

    extract_size: int
    extract_sha256: str
    download_size: int
    download_sha256: str


def pack(card: Path, to: Path, progress: Progress) -> Packed:
    """Compress the card into ``to``, with its sum in a file beside it (as sha256sum checks it).

    ``progress`` counts MB of the card. A file that was there stays until the new one is whole.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    unfinished = to.with_name(f"{to.name}.part")
    size, done = card.stat().st_size, 0
    extracted = hashlib.sha256()
    with (
        card.open("rb") as source,
        unfinished.open("wb") as packed,
        subprocess.Popen(_XZ, stdin=subprocess.PIPE, stdout=packed) as xz,
    ):
        assert xz.stdin is not None
        while chunk := source.read(_CHUNK):
            extracted.update(chunk)
            xz.stdin.write(chunk)
            done += len(chunk)
            progress(done // 1_000_000, size // 1_000_000)
        xz.stdin.close()
    if xz.returncode != 0:
        raise ImageFailed(f"xz failed ({xz.returncode})")
    with unfinished.open("rb") as made:
        downloaded = hashlib.file_digest(made, "sha256").hexdigest()
    unfinished.replace(to)
    to.with_name(f"{to.name}.sha256").write_text(f"{downloaded}  {to.name}\n", encoding="ascii")
    return Packed(
        extract_size=size,
        extract_sha256=extracted.hexdigest(),
        download_size=to.stat().st_size,
        download_sha256=downloaded,
    )
