"""Opening a file of a library without trusting its path. Imports nothing heavy, since worker processes use it too."""

import os
import stat

import msgspec

from appliance.core.errors import MediaGone


class OpenFile(msgspec.Struct, frozen=True):
    """A regular file that is open, as it was when it was opened."""

    descriptor: int
    size: int
    mtime_ns: int


def open_regular(root: bytes, path: bytes) -> OpenFile:
    """Open the regular file at ``path`` below ``root``. The caller closes the descriptor. Raises ``MediaGone``.

    Symbolic links are followed, and what they lead to must lie below ``root``. The file is first pinned without being
    opened (``O_PATH``): a FIFO cannot block, a device is not touched, and what was looked at is what is opened.
    """
    whole = os.path.join(root, path)
    if b"\0" in whole:
        raise MediaGone("There is no such file.")
    try:
        pinned = os.open(whole, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(pinned).st_mode):
                raise MediaGone("It is not a file that could hold music.")
            handle = b"/proc/self/fd/%d" % pinned
            if not os.readlink(handle).startswith(os.path.join(os.path.realpath(root), b"")):
                raise MediaGone("It lies outside its library.")
            descriptor = os.open(handle, os.O_RDONLY | os.O_CLOEXEC)
        finally:
            os.close(pinned)
    except OSError as error:
        raise MediaGone(f"The file cannot be opened now: {error.strerror}.") from error
    facts = os.fstat(descriptor)
    return OpenFile(descriptor, facts.st_size, facts.st_mtime_ns)
