"""One batch of files, read in a worker process: each gives a sheet, or a fault with its reason.

This module is what a worker imports: mutagen, and nothing of the server.
"""

import errno
import os
import signal
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import BinaryIO, Final

import msgspec
from mutagen import MutagenError

from appliance.core.errors import MediaFault
from appliance.core.sheet import PICTURE_BYTES, AudioFacts, Fault, Picture, Sheet
from appliance.ingest.formats import HEAD_BYTES, Format, recognise, suffix_of
from appliance.ingest.identity import audio_identity, skip_id3
from appliance.ingest.media import Media, open_media
from appliance.ingest.pictures import front_cover, picture
from appliance.ingest.tags import tags_of

#: Of processor time, so that a slow disk does not count. A real file takes a few ms; this ends what loops in Python, so
#: that one file does not cost a worker its life.
_SECONDS_FOR_A_FILE: Final = 10.0
_BUFFER: Final = 32 * 1024
_LONGEST_MS: Final = 2**31 - 1


class Reading(msgspec.Struct, frozen=True):
    """What became of a batch of paths."""

    sheets: list[Sheet]
    faults: list[Fault]
    gone: list[bytes]
    """No longer there: neither good nor bad, and left to the next scan."""


class _TooSlow(BaseException):
    """Raised by the alarm; no ``except Exception`` of a parser swallows it."""


def read_batch(
    root: bytes,
    paths: Sequence[bytes],
    folder_pictures: Mapping[bytes, bytes],
    seconds_for_a_file: float = _SECONDS_FOR_A_FILE,
) -> Reading:
    """Read the files at ``paths`` (relative to ``root``). Never raises for what a file is. In the main thread only.

    ``folder_pictures``: by folder, the picture beside its files; both relative to ``root``.
    """
    reading = Reading([], [], [])
    beside = _FolderPictures(root, folder_pictures)
    for path in paths:
        try:
            with _alarm(seconds_for_a_file):
                reading.sheets.append(_read(root, path, beside))
        except _Refused as refused:
            reading.faults.append(refused.fault(path))
        except FileNotFoundError:
            reading.gone.append(path)
        except OSError as error:
            # Without size and time, so that no scan takes the file for one that it has seen before.
            reading.faults.append(Fault(path=path, reason=_trouble(error)))
        except _TooSlow:
            reading.faults.append(Fault(path=path, reason="Reading it takes for ever."))
    return reading


class _Refused(Exception):
    """A file that was opened, and is no good."""

    def __init__(self, reason: str, status: os.stat_result) -> None:
        super().__init__(reason)
        self._reason = reason
        self._status = status

    def fault(self, path: bytes) -> Fault:
        return Fault(path=path, reason=self._reason, size=self._status.st_size, mtime_ns=self._status.st_mtime_ns)


def _read(root: bytes, path: bytes, beside: "_FolderPictures") -> Sheet:
    descriptor = _open_within(root, path)
    with open(descriptor, "rb", buffering=_BUFFER) as file:
        status = os.fstat(descriptor)
        # Tags lie at both ends; reading ahead of each seek would read most of a small file from a slow card.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
        try:
            return _sheet(file, path, status, beside)
        except OSError as error:
            if error.errno is None:
                raise _Refused(f"It ends too early or is damaged ({_words(error)}).", status) from error
            raise
        except _TooSlow as slow:
            raise _Refused("Reading it takes for ever.", status) from slow
        except MediaFault as fault:
            raise _Refused(str(fault), status) from fault
        except MutagenError as error:
            raise _Refused(_damage(error), status) from error
        except MemoryError as error:
            raise _Refused("It needs more memory than a reader may have.", status) from error
        except Exception as error:
            # Parsers of foreign formats fail in every way there is. One bad file must not cost its batch.
            raise _Refused(f"It confuses the reader ({type(error).__name__}: {_words(error)}).", status) from error


def _sheet(file: BinaryIO, path: bytes, status: os.stat_result, beside: "_FolderPictures") -> Sheet:
    descriptor, size = file.fileno(), status.st_size
    if size == 0:
        raise MediaFault("It is empty.")
    suffix = suffix_of(path)
    kind = recognise(os.pread(descriptor, HEAD_BYTES, skip_id3(descriptor, size)), suffix)
    identity = audio_identity(descriptor, size, kind)
    media = open_media(file, kind)
    return Sheet(
        path=path,
        size=size,
        mtime_ns=status.st_mtime_ns,
        audio=_facts(media, kind, size, identity, suffix),
        tags=tags_of(media.family),
        picture=front_cover(media.family.pictures, path) or beside.of(path),
    )


def _facts(media: Media, kind: Format, size: int, identity: bytes, suffix: str) -> AudioFacts:
    info = media.info
    seconds = min(max(float(info.length), 0.0), _LONGEST_MS / 1000)
    bit_rate = getattr(info, "bitrate", 0) or (size * 8 / seconds if seconds else 0)
    channels, sample_rate = getattr(info, "channels", 2), getattr(info, "sample_rate", 48_000)
    if not 0 < channels <= 255 or not 0 < sample_rate < 2**31:
        raise MediaFault(f"It is a {kind} file that claims {channels} channels at {sample_rate} Hz.")
    return AudioFacts(
        identity=identity,
        suffix=suffix if suffix in media.also else media.suffix,
        codec=media.codec,
        duration_ms=round(seconds * 1000),
        bit_rate=max(1, min(round(bit_rate / 1000), 2**31 - 1)),
        sample_rate=sample_rate,
        channels=channels,
        bit_depth=(getattr(info, "bits_per_sample", 0) or None) if media.lossless else None,
    )


class _FolderPictures:
    """The pictures beside a batch's files, each read once."""

    def __init__(self, root: bytes, paths: Mapping[bytes, bytes]) -> None:
        self._root = root
        self._paths = paths
        self._read: dict[bytes, Picture | None] = {}

    def of(self, path: bytes) -> Picture | None:
        found = self._paths.get(path.rpartition(b"/")[0])
        if found is None:
            return None
        if found not in self._read:
            self._read[found] = self._open(found)
        return self._read[found]

    def _open(self, path: bytes) -> Picture | None:
        try:
            with open(_open_within(self._root, path), "rb") as file:
                return picture(file.read(PICTURE_BYTES + 1), "folder", path)
        except (OSError, MemoryError):
            return None


def _open_within(root: bytes, path: bytes) -> int:
    """A descriptor of the regular file at ``path`` below ``root``; what is something else is not there.

    What the walk saw may have become a FIFO since, which must not block, or a link that leads out of the library. So it
    is pinned without being opened, looked at, and what was looked at is opened.
    """
    pinned = os.open(os.path.join(root, path), os.O_PATH | os.O_CLOEXEC)
    try:
        handle = b"/proc/self/fd/%d" % pinned
        inside = os.readlink(handle).startswith(os.path.join(os.path.realpath(root), b""))
        if not inside or not stat.S_ISREG(os.fstat(pinned).st_mode):
            raise FileNotFoundError
        return os.open(handle, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(pinned)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGPROF, _ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise _TooSlow


def _damage(error: MutagenError) -> str:
    return f"It is damaged, or not what its name says ({_words(error)})."


def _trouble(error: OSError) -> str:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "The server may not read it."
    return f"The disk does not give it out ({error.strerror or error})."


def _words(error: BaseException) -> str:
    """An exception's message on one line, in bounds."""
    return " ".join(str(error).split())[:200] or type(error).__name__
