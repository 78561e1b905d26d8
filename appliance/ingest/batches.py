"""Many files through worker processes: batches that survive whatever one file does to its reader."""

import os
from collections.abc import Mapping, Sequence

import trio

from appliance.core.errors import MediaFault
from appliance.core.ports import Offload
from appliance.core.sheet import Fault
from appliance.ingest.reading import Reading, read_batch

#: Files in a batch: enough that the way to the worker and back does not count.
BATCH_FILES = 48
_SECONDS_FOR_A_BATCH = 60.0


async def read_files(
    offload: Offload, root: bytes, paths: Sequence[bytes], folder_pictures: Mapping[bytes, bytes]
) -> Reading:
    """Read ``paths`` in a worker. A batch that kills its worker, or never ends, is halved until the culprit is alone.

    The culprit becomes a fault, and everything else is read. See ``reading.read_batch``.
    """
    try:
        return await offload.run(read_batch, root, paths, folder_pictures, seconds=_SECONDS_FOR_A_BATCH)
    except MediaFault as fault:
        if len(paths) == 1:
            return Reading([], [await _culprit(root, paths[0], str(fault))], [])
    middle = len(paths) // 2
    first = await read_files(offload, root, paths[:middle], folder_pictures)
    second = await read_files(offload, root, paths[middle:], folder_pictures)
    return Reading(first.sheets + second.sheets, first.faults + second.faults, first.gone + second.gone)


async def _culprit(root: bytes, path: bytes, reason: str) -> Fault:
    """A fault with the file's size and time, so that it is not tried again before it changes."""
    try:
        status = await trio.to_thread.run_sync(os.stat, os.path.join(root, path), limiter=trio.CapacityLimiter(1))
    except OSError:
        return Fault(path=path, reason=reason)
    return Fault(path=path, reason=reason, size=status.st_size, mtime_ns=status.st_mtime_ns)
