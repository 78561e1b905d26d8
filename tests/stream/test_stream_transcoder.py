"""The pool under real faults: workers killed, hung, abandoned, and too few of them."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio
from mutagen.flac import FLAC, Picture

import appliance
from appliance.core.errors import Busy, MediaFault, Unavailable
from appliance.core.playback import Codec, Profile, TranscodePlan
from appliance.core.ports import Conditions
from appliance.stream.messages import Recipe
from appliance.stream.transcoder import Order, Patience, open_transcoder

if TYPE_CHECKING:
    from tests.stream.conftest import OpenRoom, Room, Until

_OPUS = Profile(Codec.OPUS, 128)
_HOUR = 3600.0


def _children(own: int | None = None) -> set[int]:
    """The worker processes of that process, or of this one."""
    own = own or os.getpid()
    found = set()
    for line in subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        pid, parent, arguments = line.split(None, 2)
        if int(parent) == own and "appliance.stream.worker" in arguments:
            found.add(int(pid))
    return found


def _worker_of() -> int:
    (pid,) = _children()
    return pid


async def _drain(room: "Room", plan: TranscodePlan) -> int:
    async with room.media.open(plan, Conditions()) as reply:
        assert reply.body is not None
        return sum([len(piece) async for piece in reply.body])


def _long(room: "Room", name: str = "long.wav") -> TranscodePlan:
    room.studio.silence(name, _HOUR)
    return TranscodePlan(room.studio.track(name, _HOUR), _OPUS)


async def test_a_worker_is_free_within_a_second_of_its_listener_leaving(room: "Room", until: "Until") -> None:
    before = _worker_of()
    async with room.media.open(_long(room), Conditions()) as reply:
        assert reply.body is not None
        await anext(reply.body)
        assert (room.stream.busy_workers, room.stream.warm_workers) == (1, 0)
    with trio.fail_after(1):
        await until(lambda: room.stream.warm_workers == 1)
    assert _worker_of() == before
    assert room.entries() == []
    room.studio.record("a.flac", 1.0)
    with trio.fail_after(5):
        assert await _drain(room, TranscodePlan(room.studio.track("a.flac", 1.0), _OPUS)) > 0


async def test_a_listener_who_is_cancelled_in_the_middle_frees_the_worker_too(room: "Room", until: "Until") -> None:
    plan = _long(room)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_drain, room, plan)
        await until(lambda: room.stream.busy_workers == 1)
        await until(lambda: any(path.stat().st_size > 100_000 for path in room.transcodes.iterdir()))
        nursery.cancel_scope.cancel()
    with trio.fail_after(1):
        await until(lambda: room.stream.warm_workers == 1)
    assert room.entries() == []


async def test_a_job_that_is_half_done_is_finished_for_the_next_listener(room: "Room", until: "Until") -> None:
    room.studio.silence("long.wav", 120.0)
    plan = TranscodePlan(room.studio.track("long.wav", 120.0), _OPUS)
    # Of 1.9 MB.
    async with room.media.open(plan, Conditions(range="bytes=1300000-1300009")) as reply:
        assert reply.body is not None
        assert len(await anext(reply.body)) == 10
    await until(lambda: [name.rpartition(".")[2] for name in room.entries()] == ["opus"])
    assert room.stream.warm_workers == 1


async def test_a_killed_worker_is_one_fault_and_is_replaced(room: "Room", until: "Until") -> None:
    plan = _long(room)
    before = _worker_of()
    async with room.media.open(plan, Conditions()) as reply:
        assert reply.body is not None
        await anext(reply.body)
        os.kill(before, signal.SIGKILL)
        with trio.fail_after(5), pytest.raises(MediaFault):
            async for _ in reply.body:
                pass
    assert room.entries() == []
    await until(lambda: room.stream.warm_workers == 1)
    assert _worker_of() != before
    await room.stream.check()
    room.studio.record("a.flac", 1.0)
    assert await _drain(room, TranscodePlan(room.studio.track("a.flac", 1.0), _OPUS)) > 0


async def test_a_worker_that_is_killed_at_rest_is_replaced_before_anybody_notices(room: "Room", until: "Until") -> None:
    before = _worker_of()
    os.kill(before, signal.SIGKILL)
    await until(lambda: room.stream.warm_workers == 0)
    with pytest.raises(Unavailable):
        await room.stream.check()
    await until(lambda: room.stream.warm_workers == 1)
    room.studio.record("a.flac", 1.0)
    assert await _drain(room, TranscodePlan(room.studio.track("a.flac", 1.0), _OPUS)) > 0


async def test_a_worker_that_makes_no_progress_is_killed(open_room: "OpenRoom", until: "Until") -> None:
    async with open_room(patience=Patience(for_progress=0.3)) as room:
        before = _worker_of()
        async with room.media.open(_long(room), Conditions()) as reply:
            assert reply.body is not None
            await anext(reply.body)
            os.kill(before, signal.SIGSTOP)
            with trio.fail_after(5), pytest.raises(MediaFault):
                async for _ in reply.body:
                    pass
        await until(lambda: room.stream.warm_workers == 1)
        assert _worker_of() != before


async def test_a_job_that_takes_for_ever_is_ended(open_room: "OpenRoom", until: "Until") -> None:
    async with open_room(patience=Patience(for_job=0.1)) as room:
        room.studio.silence("long.wav", _HOUR)
        # The catalogue knows no length: only the time of the job itself bounds it.
        plan = TranscodePlan(room.studio.track("long.wav", 0.0), _OPUS)
        with trio.fail_after(5), pytest.raises(MediaFault):
            await _drain(room, plan)
        await until(lambda: room.stream.warm_workers == 1)
        assert room.entries() == []


async def test_a_job_whose_music_claims_to_last_for_ever_is_ended(open_room: "OpenRoom", until: "Until") -> None:
    async with open_room(patience=Patience(at_most=0.1)) as room:
        with trio.fail_after(5), pytest.raises(MediaFault):
            await _drain(room, _long(room))
        await until(lambda: room.stream.warm_workers == 1)
        assert room.entries() == []


async def test_a_worker_whose_memory_is_used_up_is_replaced(room: "Room", until: "Until") -> None:
    before = _worker_of()
    # What it has already it keeps; nothing as large as this picture can be added.
    resource.prlimit(before, resource.RLIMIT_DATA, (4096, 4096))
    song = FLAC(room.studio.record("pictured.flac", 1.0))
    picture = Picture()
    picture.data = bytes(15_000_000)
    song.add_picture(picture)
    song.save()
    with pytest.raises(MediaFault, match="memory"):
        await _drain(room, TranscodePlan(room.studio.track("pictured.flac", 1.0), _OPUS))
    await until(lambda: room.stream.warm_workers == 1 and before not in _children(), seconds=30)
    room.studio.record("a.flac", 1.0)
    assert await _drain(room, TranscodePlan(room.studio.track("a.flac", 1.0), _OPUS)) > 0


async def test_a_hung_worker_is_killed_when_its_listener_leaves(room: "Room", until: "Until") -> None:
    before = _worker_of()
    async with room.media.open(_long(room), Conditions()) as reply:
        assert reply.body is not None
        await anext(reply.body)
        os.kill(before, signal.SIGSTOP)
    with trio.fail_after(5):
        await until(lambda: before not in _children())
        await until(lambda: room.stream.warm_workers == 1)


async def test_a_listener_for_whom_no_worker_becomes_free_is_told_to_come_again(
    open_room: "OpenRoom", until: "Until"
) -> None:
    async with open_room(patience=Patience(for_worker=0.2)) as room:
        async with room.media.open(_long(room), Conditions()) as reply:
            assert reply.body is not None
            await anext(reply.body)
            with pytest.raises(Busy) as refused:
                await _drain(room, _long(room, "other.wav"))
            assert refused.value.retry_after > 0
        await until(lambda: room.stream.warm_workers == 1)


async def test_a_listener_who_waits_gets_the_worker_that_becomes_free(room: "Room", until: "Until") -> None:
    room.studio.record("a.flac", 1.0)
    plan = TranscodePlan(room.studio.track("a.flac", 1.0), _OPUS)
    sizes = []

    async def second() -> None:
        sizes.append(await _drain(room, plan))

    async with trio.open_nursery() as nursery, room.media.open(_long(room), Conditions()) as reply:
        assert reply.body is not None
        await anext(reply.body)
        nursery.start_soon(second)
        await until(lambda: len(room.entries()) == 2)
        assert sizes == []
    assert len(sizes) == 1


async def test_closing_the_room_ends_every_process_and_cuts_the_listeners(open_room: "OpenRoom") -> None:
    async with open_room(workers=2) as room:
        assert len(_children()) == 2
        reply_of = room.media.open(_long(room), Conditions())
        reply = await reply_of.__aenter__()
        assert reply.body is not None
        await anext(reply.body)
    with trio.fail_after(5):
        with pytest.raises(Unavailable):
            async for _ in reply.body:
                pass
        await reply_of.__aexit__(None, None, None)
    assert _children() == set()


def _orphan() -> Path:
    """The process of a worker whose server was killed."""
    code = (
        "import trio\n"
        "from appliance.stream.transcoder import open_transcoder\n"
        "async def main():\n"
        "    async with open_transcoder(1, 1_000_000):\n"
        "        await trio.sleep_forever()\n"
        "trio.run(main)\n"
    )
    home = Path(appliance.__file__).parents[1]
    with subprocess.Popen([sys.executable, "-c", code], cwd=home) as server:
        while not (found := _children(server.pid)):
            pass
        server.kill()
    return Path(f"/proc/{found.pop()}")


async def test_a_worker_leaves_when_its_server_is_gone(until: "Until") -> None:
    worker = _orphan()
    await until(lambda: not worker.exists() or "(zombie)" in (worker / "status").read_text())


async def test_workers_that_die_before_they_are_ready_are_started_again(tmp_path: Path, until: "Until") -> None:
    log = tmp_path / "starts"
    log.touch()
    command = [sys.executable, "-S", "-c", f"open({str(log)!r}, 'a').write('x')"]
    async with open_transcoder(1, 1_000_000, Patience(between_starts=0.01), command) as pool:
        await until(lambda: len(log.read_text()) >= 4)
        assert pool.warm_workers == 0


_MAD = """
import socket
end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=0)
end.send(b'{"type": "ready", "unconfined": ["memory"]}')
end.recv(99999)
end.send(b'{"type": "ended", "size": "all of it"}')
end.recv(99999)
"""


_SURVIVED_BY_ITS_CHILD = """
import os, socket
end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=0)
end.send(b'{"type": "ready", "unconfined": []}')
end.recv(99999)
if os.fork() == 0:
    end.recv(99999)
"""


async def test_a_worker_whose_death_is_seen_before_the_end_of_its_line_is_a_fault(
    tmp_path: Path, until: "Until"
) -> None:
    recipe = Recipe(codec="opus", bit_rate=128, sample_rate=48_000, offset_ms=0, samples=0)
    sink = os.open(tmp_path / "sink", os.O_CREAT | os.O_RDWR)
    async with open_transcoder(1, 1_000_000, command=[sys.executable, "-S", "-c", _SURVIVED_BY_ITS_CHILD]) as pool:
        await until(lambda: pool.warm_workers == 1)
        with trio.fail_after(5), pytest.raises(MediaFault, match="died"):
            await pool.run(Order(sink, sink, recipe, 1000, lambda _: None))
        await until(lambda: pool.warm_workers == 1)
    os.close(sink)


async def test_a_worker_that_talks_nonsense_is_a_fault_and_is_replaced(tmp_path: Path, until: "Until") -> None:
    recipe = Recipe(codec="opus", bit_rate=128, sample_rate=48_000, offset_ms=0, samples=0)
    sink = os.open(tmp_path / "sink", os.O_CREAT | os.O_RDWR)
    async with open_transcoder(1, 1_000_000, command=[sys.executable, "-S", "-c", _MAD]) as pool:
        await until(lambda: pool.warm_workers == 1)
        with pytest.raises(MediaFault):
            await pool.run(Order(sink, sink, recipe, 1000, lambda _: None))
        await until(lambda: pool.warm_workers == 1)
    os.close(sink)


_OUT_OF_MEMORY = """
import socket
end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fileno=0)
end.send(b'{"type": "ready", "unconfined": []}')
while end.recv(99999):
    end.send(b'{"type": "failed", "kind": "memory", "reason": "No more."}')
"""


async def test_a_worker_that_has_no_more_memory_gets_no_other_job(tmp_path: Path, until: "Until") -> None:
    recipe = Recipe(codec="opus", bit_rate=128, sample_rate=48_000, offset_ms=0, samples=0)
    with (tmp_path / "sink").open("w+b") as sink:
        order = Order(sink.fileno(), sink.fileno(), recipe, 1000, lambda _: None)
        async with open_transcoder(1, 1_000_000, command=[sys.executable, "-S", "-c", _OUT_OF_MEMORY]) as pool:
            await until(lambda: pool.warm_workers == 1)
            with pytest.raises(MediaFault, match=r"No more\."):
                await pool.run(order)
            assert pool.warm_workers == 0
            await until(lambda: pool.warm_workers == 1)


def test_a_worker_loads_pyav_and_nothing_of_the_server() -> None:
    code = (
        "import sys, appliance.stream.worker\n"
        "heavy = {'trio', 'quart', 'sqlalchemy', 'asyncpg', 'structlog', 'PIL', 'mutagen', 'numpy', 'hypercorn'}\n"
        "print(sorted(heavy & set(sys.modules)), 'av' in sys.modules)"
    )
    home = Path(appliance.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"
