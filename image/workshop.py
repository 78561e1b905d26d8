"""Where things lie while an image is made, and where they are put when it is."""

import fcntl
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from image.failure import ImageFailed
from image.target import Target

#: The checkout.
ROOT = Path(__file__).resolve().parent.parent


class Workshop(msgspec.Struct, frozen=True):
    """The folders of one target. Nothing outside of ``build/image`` and ``dist`` is ever written."""

    target: Target
    version: str
    #: Of the commit, abbreviated; "+" behind it when the checkout has changes of its own; "" outside of git.
    commit: str
    #: Seconds since 1970 (UTC) of the commit: what is dated in the image is dated so.
    epoch: int

    @property
    def bench(self) -> Path:
        return ROOT / "build" / "image" / self.target.name

    @property
    def cache(self) -> Path:
        return ROOT / "build" / "image" / "cache"

    @property
    def root(self) -> Path:
        """The unpacked root file system."""
        return self.bench / "root"

    @property
    def boot(self) -> Path:
        """What goes onto the boot partition."""
        return self.bench / "boot"

    @property
    def data(self) -> Path:
        """What goes onto the data partition."""
        return self.bench / "data"

    @property
    def wheelhouse(self) -> Path:
        return self.bench / "wheelhouse"

    @property
    def parts(self) -> Path:
        """File systems, one file each, before they are put together."""
        return self.bench / "parts"

    @property
    def logs(self) -> Path:
        return self.bench / "logs"

    @property
    def card(self) -> Path:
        return self.bench / "card.img"

    @property
    def figures(self) -> Path:
        return self.bench / "figures.json"

    @property
    def name(self) -> str:
        """What every file in ``dist`` begins with."""
        return f"tonearm-{self.version}-{self.target.name}"

    @property
    def day(self) -> str:
        """The day (UTC) that the image is dated with, as ISO 8601 has it."""
        return datetime.fromtimestamp(self.epoch, tz=UTC).date().isoformat()

    def product(self, suffix: str) -> Path:
        """A file in ``dist``."""
        return ROOT / "dist" / f"{self.name}{suffix}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else makes this target's image until the block ends. Raises ``ImageFailed`` if somebody does now."""
        self.bench.mkdir(parents=True, exist_ok=True)
        with (self.bench / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as busy:
                raise ImageFailed(f"{self.bench}: another build of this image is running") from busy
            yield


def workshop(target: Target) -> Workshop:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commit = _git("rev-parse", "--short=12", "HEAD")
    changed = "+" if commit and _git("status", "--porcelain") else ""
    return Workshop(
        target=target,
        version=str(project["version"]),
        commit=commit + changed,
        epoch=int(_git("log", "-1", "--format=%ct") or (ROOT / "pyproject.toml").stat().st_mtime),
    )


def _git(*arguments: str) -> str:
    """What git says of the checkout; nothing where there is no git, no repository, or one of another owner."""
    try:
        told = subprocess.run(["git", "-C", ROOT, *arguments], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return told.stdout.strip()
