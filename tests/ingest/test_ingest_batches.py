"""Batches survive whatever one file does to its reader."""

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from appliance.core.ports import Offload
from appliance.ingest.batches import read_files
from appliance.offload import open_offload

if TYPE_CHECKING:
    from tests.ingest.conftest import Recorder

T = TypeVar("T")


class Cursed:
    """Real workers, which really die, or never come back, whenever one path is in their batch."""

    def __init__(self, offload: Offload, path: bytes, fate: Callable[..., object], *arguments: object) -> None:
        self._offload = offload
        self._path = path
        self._fate = fate
        self._arguments = arguments

    async def run(self, job: Callable[..., T], *arguments: object, seconds: float = 60.0) -> T:
        paths = arguments[1]
        assert isinstance(paths, list)
        if self._path in paths:
            await self._offload.run(self._fate, *self._arguments, seconds=0.5)
        return await self._offload.run(job, *arguments, seconds=seconds)


async def test_a_crash_costs_only_the_file_that_made_it(recorder: "Recorder") -> None:
    paths = [b"%02d.opus" % number for number in range(10)]
    for path in paths:
        recorder.put("sound.opus", os.fsdecode(path))
    async with open_offload(workers=1) as offload:
        reading = await read_files(Cursed(offload, b"06.opus", os._exit, 9), bytes(recorder.root), paths, {})
    assert [sheet.path for sheet in reading.sheets] == [path for path in paths if path != b"06.opus"]
    (fault,) = reading.faults
    assert (fault.path, fault.reason) == (b"06.opus", "It made the reader crash.")
    assert fault.size == (recorder.root / "06.opus").stat().st_size


async def test_a_file_that_takes_for_ever_costs_only_itself(recorder: "Recorder") -> None:
    for name in ("one.opus", "two.opus"):
        recorder.put("sound.opus", name)
    async with open_offload(workers=1) as offload:
        cursed = Cursed(offload, b"two.opus", signal.pause)
        reading = await read_files(cursed, bytes(recorder.root), [b"one.opus", b"two.opus"], {})
    assert [sheet.path for sheet in reading.sheets] == [b"one.opus"]
    assert [fault.reason for fault in reading.faults] == ["It took longer than 0.5 seconds, and was given up."]


async def test_a_culprit_that_is_gone_meanwhile_is_tried_again_next_time(recorder: "Recorder") -> None:
    async with open_offload(workers=1) as offload:
        cursed = Cursed(offload, b"gone.mp3", os._exit, 9)
        reading = await read_files(cursed, bytes(recorder.root), [b"gone.mp3"], {})
    assert [(fault.size, fault.mtime_ns) for fault in reading.faults] == [(0, 0)]
