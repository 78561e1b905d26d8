"""What is kept: made once for all who ask, whole or absent, bounded, and readable to the end by those who have it."""

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

from appliance.core.errors import MediaFault, Unavailable
from appliance.core.playback import Codec, Profile, TranscodePlan
from appliance.core.ports import Conditions
from appliance.stream.messages import Recipe
from appliance.stream.shelf import Shelf
from appliance.stream.transcoder import Order, open_transcoder

if TYPE_CHECKING:
    from tests.stream.conftest import OpenRoom, Room, Studio, Until

_OPUS = Profile(Codec.OPUS, 128)


async def _data(room: "Room", plan: TranscodePlan) -> bytes:
    async with room.media.open(plan, Conditions()) as reply:
        assert reply.body is not None
        return b"".join([piece async for piece in reply.body])


async def test_two_listeners_on_one_uncached_track_are_one_job(open_room: "OpenRoom") -> None:
    async with open_room(workers=2) as room:
        room.studio.silence("long.wav", 120)
        plan = TranscodePlan(room.studio.track("long.wav", 120), _OPUS)
        heard: list[bytes] = []
        most_busy = 0

        async def listen() -> None:
            nonlocal most_busy
            async with room.media.open(plan, Conditions()) as reply:
                assert reply.body is not None
                pieces = []
                async for piece in reply.body:
                    pieces.append(piece)
                    most_busy = max(most_busy, room.stream.busy_workers)
                heard.append(b"".join(pieces))

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(listen)
        assert most_busy == 1
        assert len(heard) == 3
        assert len(set(heard)) == 1
        assert room.studio.hear(heard[0]).seconds == pytest.approx(120, abs=0.1)


async def test_one_of_two_listeners_leaving_does_not_end_the_job(room: "Room") -> None:
    room.studio.silence("long.wav", 300)
    plan = TranscodePlan(room.studio.track("long.wav", 300), _OPUS)
    async with room.media.open(plan, Conditions()) as stays:
        assert stays.body is not None
        first = await anext(stays.body)
        async with room.media.open(plan, Conditions()) as leaves:
            assert leaves.body is not None
            await anext(leaves.body)
        rest = b"".join([piece async for piece in stays.body])
    assert len(first + rest) == int(dict(stays.headers)["Content-Length"])


async def test_what_was_made_once_is_served_from_disk(room: "Room", until: "Until") -> None:
    path = room.studio.record("a.flac", 2.0)
    plan = TranscodePlan(room.studio.track("a.flac", 2.0), _OPUS)
    first = await _data(room, plan)
    await until(lambda: room.stream.cache_bytes == len(first))
    # The same size and time, and nothing to decode any more: only the cache can answer.
    facts = path.stat()
    path.write_bytes(bytes(facts.st_size))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert await _data(room, plan) == first


async def test_equal_plans_give_equal_bytes_in_another_house(open_room: "OpenRoom", tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        async with open_room() as room:
            room.studio.record("a.flac", 2.0)
            for codec in (Codec.OPUS, Codec.MP3, Codec.AAC, Codec.FLAC):
                profile = Profile(codec, 0 if codec is Codec.FLAC else 128)
                made.append(await _data(room, TranscodePlan(room.studio.track("a.flac", 2.0), profile)))
        for entry in (tmp_path / "cache" / "transcodes").iterdir():
            entry.unlink()
    assert made[:4] == made[4:]


async def test_an_entry_that_is_evicted_while_it_is_read_is_read_to_its_end(
    open_room: "OpenRoom", until: "Until"
) -> None:
    async with open_room(cache_bytes=1_200_000) as room:
        room.studio.silence("a.wav", 60)
        room.studio.silence("b.wav", 60)
        first = TranscodePlan(room.studio.track("a.wav", 60), _OPUS)
        whole = await _data(room, first)
        await until(lambda: room.stream.cache_bytes == len(whole))
        async with room.media.open(first, Conditions()) as reply:
            assert reply.body is not None
            begun = await anext(reply.body)
            await _data(room, TranscodePlan(room.studio.track("b.wav", 60), _OPUS))
            await until(lambda: len(room.entries()) == 1 and room.stream.busy_workers == 0)
            assert begun + b"".join([piece async for piece in reply.body]) == whole
        assert room.stream.cache_bytes <= 1_200_000


async def test_a_length_that_could_not_be_kept_is_not_promised(open_room: "OpenRoom", until: "Until") -> None:
    async with open_room(cache_bytes=1_200_000) as room:
        room.studio.silence("a.wav", 65)
        room.studio.silence("b.wav", 66)
        lengths = []
        for name, seconds in (("a.wav", 65), ("b.wav", 66)):
            plan = TranscodePlan(room.studio.track(name, seconds), _OPUS)
            async with room.media.open(plan, Conditions(head=True)) as reply:
                lengths.append(dict(reply.headers).get("Content-Length"))
        # Of the 1,050,000 bytes that are the transcodes'.
        assert lengths == ["1048701", None]
        assert len(await _data(room, TranscodePlan(room.studio.track("a.wav", 65), _OPUS))) == 1_048_701
        await until(lambda: room.stream.cache_bytes == 1_048_701)


async def test_a_transcode_that_would_be_larger_than_the_cache_is_a_fault(
    open_room: "OpenRoom", until: "Until"
) -> None:
    async with open_room(cache_bytes=1_200_000) as room:
        room.studio.silence("long.wav", 600)
        with pytest.raises(MediaFault, match="too long"):
            await _data(room, TranscodePlan(room.studio.track("long.wav", 600), _OPUS))
        assert (room.entries(), room.stream.cache_bytes) == ([], 0)
        await until(lambda: room.stream.warm_workers == 1)


async def test_a_disk_without_room_is_said_and_is_not_held_against_the_file(
    studio: "Studio", until: "Until", tmp_path: Path
) -> None:
    recipe = Recipe(codec="opus", bit_rate=128, sample_rate=48_000, offset_ms=0, samples=0)
    with studio.record("a.flac", 2.0).open("rb") as source, (tmp_path / "sink").open("wb") as sink:
        full = os.open("/dev/full", os.O_WRONLY)
        async with open_transcoder(1, 1_000_000) as pool:
            await until(lambda: pool.warm_workers == 1)
            with pytest.raises(Unavailable, match=os.strerror(errno.ENOSPC)):
                await pool.run(Order(source.fileno(), full, recipe, 2000, lambda _: None))
            assert pool.warm_workers == 1
            source.seek(0)
            ended = await pool.run(Order(source.fileno(), sink.fileno(), recipe, 2000, lambda _: None))
        os.close(full)
        assert ended.size == os.fstat(sink.fileno()).st_size > 0


async def test_a_cache_folder_that_cannot_be_written_is_said(room: "Room") -> None:
    room.studio.record("a.flac", 1.0)
    for entry in room.transcodes.iterdir():
        entry.unlink()
    room.transcodes.rmdir()
    with pytest.raises(Unavailable):
        await _data(room, TranscodePlan(room.studio.track("a.flac", 1.0), _OPUS))
    room.transcodes.mkdir()
    assert await _data(room, TranscodePlan(room.studio.track("a.flac", 1.0), _OPUS))


async def test_a_start_removes_what_a_crash_left_half_made_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.opus.1.part").write_bytes(b"half")
    (tmp_path / "a.opus").write_bytes(b"whole")
    shelf = Shelf(tmp_path, 100)
    await shelf.load()
    assert os.listdir(tmp_path) == ["a.opus"]
    assert (shelf.size, await shelf.read("a.opus")) == (5, b"whole")


async def test_the_longest_unused_leave_first_also_after_a_start(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 30)
    await shelf.load()
    for name in ("a", "b", "c"):
        await shelf.write(name, bytes(10))
    for age, name in enumerate(("c", "b", "a")):
        os.utime(tmp_path / name, ns=(age, age))
    assert await shelf.read("a") == bytes(10)
    again = Shelf(tmp_path, 30)
    await again.load()
    await again.write("d", bytes(10))
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "d"]
    smaller = Shelf(tmp_path, 10)
    await smaller.load()
    assert smaller.size == 10


async def test_an_entry_that_was_used_lately_is_read_without_a_write(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 30)
    await shelf.load()
    await shelf.write("a", b"data")
    before = os.stat(tmp_path / "a").st_ctime_ns
    assert await shelf.read("a") == b"data"
    assert os.stat(tmp_path / "a").st_ctime_ns == before


async def test_an_entry_larger_than_the_shelf_does_not_stay(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 5)
    await shelf.load()
    await shelf.write("a", bytes(6))
    assert (os.listdir(tmp_path), shelf.size) == ([], 0)


async def test_an_entry_that_somebody_removed_is_forgotten(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, 100)
    await shelf.load()
    await shelf.write("a", b"data")
    await shelf.write("a", b"other")
    assert (await shelf.read("a"), shelf.size) == (b"other", 5)
    (tmp_path / "a").unlink()
    assert (await shelf.read("a"), shelf.size) == (None, 0)


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=os.strerror(errno.ENOTDIR)):
        await Shelf(tmp_path / "file" / "below", 1).load()
