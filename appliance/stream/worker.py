"""The transcoder's process: ``python -m appliance.stream.worker BYTES``, with its socket as standard input.

``BYTES`` is the size beyond which it cannot write a file, whatever becomes of its decoders.

Confined before any input is read, and warm: the codecs are loaded before the first job comes. One job at a time;
between two packets of the source it looks whether it is still wanted. It imports PyAV, msgspec and the standard
library. It ends when the other end of the socket is gone, in a job as well.
"""

import errno
import gc
import io
import os
import resource
import socket
import sys
import time
from typing import BinaryIO, Final

import msgspec

from appliance.sandbox import confine
from appliance.stream.encode import Differences, Unreadable, encode_silence, transcode
from appliance.stream.messages import PACKET_BYTES, Cancel, Ended, Failed, Grown, Ready, Recipe, Report, Request, Start

#: Private memory of one worker; a transcode takes some 40 MB.
MEMORY_BYTES: Final = 384 * 1024 * 1024
#: A report at least, and at most, this often (seconds, bytes) while there is something to report.
_REPORT_SECONDS: Final = 0.02
_REPORT_BYTES: Final = 256 * 1024
#: What it means that a disk takes no more: a fault of the house, not of the music.
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})

_WARMING: Final = (
    Recipe(codec="opus", bit_rate=64, sample_rate=48_000, offset_ms=0, samples=4096),
    Recipe(codec="mp3", bit_rate=64, sample_rate=44_100, offset_ms=0, samples=4096),
    Recipe(codec="aac", bit_rate=64, sample_rate=44_100, offset_ms=0, samples=4096),
)

_requests: Final = msgspec.json.Decoder(Request)


class _Unwanted(Exception):
    """The job was cancelled."""


class _Gone(Exception):
    """The server is not there any more."""


class _Line:
    """The worker's end of the socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._encoder = msgspec.json.Encoder()

    def report(self, report: Report) -> None:
        try:
            self._end.send(self._encoder.encode(report))
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _Gone from error

    def next_request(self) -> tuple[Request, list[int]]:
        """Wait for a request and the descriptors that came with it."""
        packet, descriptors, _, _ = socket.recv_fds(self._end, PACKET_BYTES, 2)
        if not packet:
            raise _Gone
        return _requests.decode(packet), descriptors

    def heed(self, job: int) -> None:
        """Raise ``_Unwanted`` when a cancel of this job is waiting. Costs a microsecond."""
        try:
            packet = self._end.recv(PACKET_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        if not packet:
            raise _Gone
        request = _requests.decode(packet)
        if isinstance(request, Cancel) and request.job == job:
            raise _Unwanted


class _SinkFile:
    """Gathers what the muxer writes, and tells the server now and then how much is there."""

    def __init__(self, descriptor: int, line: _Line, job: int) -> None:
        self._descriptor = descriptor
        self._line = line
        self._job = job
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._reported_at = 0.0
        self._position_ms = 0
        self.size = 0

    def write(self, data: bytes) -> int:
        """For the muxer. Without ``seek``, so that it never comes back to what was written."""
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        return len(data)

    def advanced(self, position_ms: int) -> None:
        """Between two packets: look for a cancel, and report when it is time."""
        self._line.heed(self._job)
        self._position_ms = max(position_ms, self._position_ms)
        is_time = time.monotonic() - self._reported_at >= _REPORT_SECONDS
        if self._waiting_bytes >= _REPORT_BYTES or (self._waiting and is_time):
            self.tell()

    def tell(self) -> None:
        """Write what has gathered, and report it, once there is any music in it."""
        if self._position_ms:
            self.flush()
            self._line.report(Grown(self.size, self._position_ms))
            self._reported_at = time.monotonic()

    def flush(self) -> None:
        """Write what has gathered. Raises OSError."""
        rest = memoryview(b"".join(self._waiting))
        self._waiting.clear()
        self._waiting_bytes = 0
        while rest:
            written = os.write(self._descriptor, rest)
            self.size += written
            rest = rest[written:]


def main(largest_bytes: int) -> None:
    """Serve jobs until the server is gone."""
    unconfined = confine(memory_bytes=MEMORY_BYTES)
    _bound_files(largest_bytes)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=0) as end:
        line = _Line(end)
        _warm_up()
        gc.collect()
        gc.freeze()  # so that the collections below look at what the jobs left, and at nothing else
        try:
            line.report(Ready(unconfined))
            while True:
                request, descriptors = line.next_request()
                if isinstance(request, Start):
                    line.report(_carry_out(line, request, descriptors))
                    # A resampler is a cycle of few objects around 16 MB of threads' stacks and buffers: nothing
                    # else would collect it before the memory limit is reached.
                    gc.collect()
        except (_Gone, KeyboardInterrupt):
            return


def _bound_files(size: int) -> None:
    """To write more is EFBIG; the signal that comes with it Python ignores."""
    _, ceiling = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = size if ceiling == resource.RLIM_INFINITY else min(size, ceiling)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _warm_up() -> None:
    """Load the encoders' libraries and tables, which the first listener would wait for otherwise."""
    for recipe in _WARMING:
        encode_silence(recipe)


_TOO_MUCH = "It takes more memory than a transcode may have."


def _carry_out(line: _Line, start: Start, descriptors: list[int]) -> Report:
    source, sink = descriptors
    output = _SinkFile(sink, line, start.job)
    try:
        with io.FileIO(source, closefd=False) as raw:
            differences = _transcoded(raw, output, start.recipe)
        output.flush()
        return Ended(output.size, differences.silence_ms, differences.surplus_ms)
    except _Unwanted:
        return Failed("cancelled", "Nobody listens any more.")
    except Unreadable as fault:
        return Failed("source", str(fault))
    except MemoryError:
        return Failed("memory", _TOO_MUCH)
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return Failed("memory", _TOO_MUCH)
        if error.errno == errno.EFBIG:
            return Failed("source", "It is too long: as it was wanted it would not fit into the cache.")
        return Failed("sink" if error.errno in NO_ROOM else "source", f"{error.strerror or error}.")
    except ValueError as error:
        return Failed("source", f"It cannot be transcoded: {type(error).__name__}.")
    finally:
        os.close(source)
        os.close(sink)


def _transcoded(source: BinaryIO, output: _SinkFile, recipe: Recipe) -> Differences:
    try:
        return transcode(source, output, recipe, output.advanced)
    except Unreadable:
        # What came before can be heard.
        output.tell()
        raise


if __name__ == "__main__":
    main(int(sys.argv[1]))
