"""Files as they are, through the whole room."""

import os
from typing import TYPE_CHECKING

import pytest
import trio

from appliance.core.errors import MediaGone
from appliance.core.playback import RawPlan
from appliance.core.ports import Conditions
from appliance.stream.opening import open_regular
from appliance.stream.raw import READ_BYTES

if TYPE_CHECKING:
    from tests.stream.conftest import Room, Studio


async def _sent(room: "Room", plan: RawPlan, conditions: Conditions) -> tuple[int, dict[str, str], bytes | None]:
    async with room.media.open(plan, conditions) as reply:
        body = None if reply.body is None else b"".join([piece async for piece in reply.body])
        return reply.status, dict(reply.headers), body


async def test_a_file_is_sent_as_it_is_byte_for_byte(room: "Room") -> None:
    data = os.urandom(3 * READ_BYTES + 17)
    (room.studio.root / "a.flac").write_bytes(data)
    track = room.studio.track("a.flac", 2)
    status, headers, body = await _sent(room, RawPlan(track), Conditions())
    assert (status, body) == (200, data)
    assert headers["Content-Length"] == str(len(data))
    assert headers["Content-Type"] == "audio/flac"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["ETag"].startswith('"')
    status, again, body = await _sent(room, RawPlan(track), Conditions(if_none_match=headers["ETag"]))
    assert (status, body, again["ETag"]) == (304, None, headers["ETag"])


async def test_ranges_of_a_file_are_cut_from_it(room: "Room") -> None:
    data = os.urandom(2 * READ_BYTES)
    (room.studio.root / "a.flac").write_bytes(data)
    plan = RawPlan(room.studio.track("a.flac", 2))
    status, headers, body = await _sent(room, plan, Conditions(range="bytes=-500"))
    assert (status, body) == (206, data[-500:])
    across = READ_BYTES - 3
    status, headers, body = await _sent(room, plan, Conditions(range=f"bytes={across}-{across + 9}"))
    assert (status, body) == (206, data[across : across + 10])
    status, headers, body = await _sent(room, plan, Conditions(range="bytes=0-3, 10-11"))
    assert body is not None
    assert (status, headers["Content-Length"]) == (206, str(len(body)))
    assert data[:4] in body
    status, headers, body = await _sent(room, plan, Conditions(range=f"bytes={len(data)}-"))
    assert (status, body, headers["Content-Range"]) == (416, None, f"bytes */{len(data)}")
    status, headers, body = await _sent(room, plan, Conditions(head=True))
    assert (status, body, headers["Content-Length"]) == (200, None, str(len(data)))


async def test_an_empty_file_is_an_empty_body(room: "Room") -> None:
    (room.studio.root / "a.mp3").touch()
    assert (await _sent(room, RawPlan(room.studio.track("a.mp3", 2)), Conditions()))[2] == b""


async def test_a_download_carries_the_name_of_the_file(room: "Room") -> None:
    (room.studio.root / "a.mp3").write_bytes(b"x")
    async with room.media.open(RawPlan(room.studio.track("a.mp3", 2)), Conditions(), attachment=True) as reply:
        assert dict(reply.headers)["Content-Disposition"].startswith('attachment; filename="a.mp3"')


async def test_a_changed_file_has_another_tag(room: "Room") -> None:
    path = room.studio.root / "a.mp3"
    path.write_bytes(b"one")
    track = room.studio.track("a.mp3", 2)
    before = (await _sent(room, RawPlan(track), Conditions(head=True)))[1]["ETag"]
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert (await _sent(room, RawPlan(track), Conditions(head=True)))[1]["ETag"] != before


async def test_a_file_that_is_not_there_now_is_gone(room: "Room") -> None:
    path = room.studio.root / "a.mp3"
    path.write_bytes(b"one")
    plan = RawPlan(room.studio.track("a.mp3", 2))
    path.unlink()
    with pytest.raises(MediaGone):
        await _sent(room, plan, Conditions())


async def test_a_file_that_is_shortened_while_it_is_sent_cuts_the_reply(room: "Room") -> None:
    path = room.studio.root / "a.mp3"
    path.write_bytes(bytes(4 * READ_BYTES))
    async with room.media.open(RawPlan(room.studio.track("a.mp3", 2)), Conditions()) as reply:
        assert reply.body is not None
        first = await anext(reply.body)
        os.truncate(path, READ_BYTES + 10)
        second = await anext(reply.body)
        assert len(first) + len(second) == READ_BYTES + 10
        with trio.fail_after(5), pytest.raises(MediaGone):
            await anext(reply.body)


async def test_a_file_that_is_replaced_while_it_is_sent_goes_on_as_it_was(room: "Room") -> None:
    path = room.studio.root / "a.mp3"
    path.write_bytes(b"a" * 4 * READ_BYTES)
    async with room.media.open(RawPlan(room.studio.track("a.mp3", 2)), Conditions()) as reply:
        assert reply.body is not None
        sent = await anext(reply.body)
        other = path.with_suffix(".new")
        other.write_bytes(b"b" * 10)
        other.replace(path)
        sent += b"".join([piece async for piece in reply.body])
    assert sent == b"a" * 4 * READ_BYTES


async def test_leaving_closes_the_file(room: "Room") -> None:
    (room.studio.root / "a.mp3").write_bytes(bytes(4 * READ_BYTES))
    plan = RawPlan(room.studio.track("a.mp3", 2))
    await _sent(room, plan, Conditions())
    before = set(os.listdir("/proc/self/fd"))
    async with room.media.open(plan, Conditions()) as reply:
        assert reply.body is not None
        await anext(reply.body)
    with pytest.raises(ValueError, match="left"):
        async with room.media.open(plan, Conditions()) as reply:
            raise ValueError("left")
    assert set(os.listdir("/proc/self/fd")) == before


def test_only_regular_files_below_the_root_are_opened(studio: "Studio") -> None:
    root = studio.root
    (root.parent / "secret.mp3").write_bytes(b"secret")
    (root.parent / "music2").mkdir()
    (root.parent / "music2" / "twin.mp3").write_bytes(b"secret")
    (root / "folder.mp3").mkdir()
    (root / "real.mp3").write_bytes(b"music")
    os.mkfifo(root / "fifo.mp3")
    (root / "inside.mp3").symlink_to("real.mp3")
    (root / "escape.mp3").symlink_to("../secret.mp3")
    (root / "beside.mp3").symlink_to(root.parent / "music2" / "twin.mp3")
    (root / "device.mp3").symlink_to("/dev/zero")
    (root / "loop.mp3").symlink_to("loop.mp3")
    (root / "outside").symlink_to(root.parent)
    for name in (b"folder.mp3", b"fifo.mp3", b"escape.mp3", b"beside.mp3", b"device.mp3", b"loop.mp3"):
        with pytest.raises(MediaGone):
            open_regular(os.fsencode(root), name)
    for name in (b"../secret.mp3", b"outside/secret.mp3", b"/etc/passwd", b"real.mp3\0", b"", b"nothing.mp3"):
        with pytest.raises(MediaGone):
            open_regular(os.fsencode(root), name)
    for name in (b"real.mp3", b"inside.mp3"):
        file = open_regular(os.fsencode(root), name)
        assert os.read(file.descriptor, 10) == b"music"
        os.close(file.descriptor)


def test_a_name_that_is_no_text_is_opened(studio: "Studio") -> None:
    name = b"\xff\xfe -\n.mp3"
    with open(os.path.join(os.fsencode(studio.root), name), "wb") as file:
        file.write(b"music")
    opened = open_regular(os.fsencode(studio.root), name)
    os.close(opened.descriptor)
    assert opened.size == 5
