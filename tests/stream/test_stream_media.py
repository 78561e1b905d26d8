"""Transcodes, decoded again by the other end."""

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from appliance.core.errors import BadRequest, MediaFault
from appliance.core.playback import Codec, Profile, TranscodePlan
from appliance.core.ports import Conditions

if TYPE_CHECKING:
    from tests.stream.conftest import Room, Until

_PROFILES = [Profile(Codec.OPUS, 96), Profile(Codec.MP3, 128), Profile(Codec.AAC, 128), Profile(Codec.FLAC, 0)]
_DECODERS = {Codec.OPUS: {"opus", "libopus"}, Codec.MP3: {"mp3", "mp3float"}, Codec.AAC: {"aac"}, Codec.FLAC: {"flac"}}


async def _made(
    room: "Room", plan: TranscodePlan, conditions: Conditions | None = None
) -> tuple[int, dict[str, str], bytes]:
    async with room.media.open(plan, conditions or Conditions()) as reply:
        body = b"" if reply.body is None else b"".join([piece async for piece in reply.body])
        return reply.status, dict(reply.headers), body


@pytest.mark.parametrize("profile", _PROFILES, ids=lambda profile: profile.codec)
@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.m4a", "a.ogg"])
async def test_every_profile_of_every_kind_of_source_decodes_to_its_length(
    room: "Room", name: str, profile: Profile
) -> None:
    room.studio.record(name, 2.3)
    status, headers, data = await _made(room, TranscodePlan(room.studio.track(name, 2.3), profile))
    heard = room.studio.hear(data)
    assert status == 200
    assert headers["Content-Type"] == profile.content_type
    assert heard.codec in _DECODERS[profile.codec]
    assert abs(heard.seconds - 2.3) <= 0.1
    assert heard.onset_ms is not None
    assert heard.onset_ms < 60


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.opus", "a.aac", "a.wma", "a.wv", "a.tta"])
async def test_the_other_kinds_of_source_are_read_as_well(room: "Room", name: str) -> None:
    room.studio.record(name, 1.5)
    _, _, data = await _made(room, TranscodePlan(room.studio.track(name, 1.5), Profile(Codec.FLAC, 0)))
    assert abs(room.studio.hear(data).seconds - 1.5) <= 0.15


def _dsf(blocks: int) -> bytes:
    """Silence in Sony's DSF 1.01: 2.8224 MHz, two channels of ``blocks`` times 4,096 bytes."""
    size = 2 * 4096 * blocks
    head = struct.pack("<4sQQQ", b"DSD ", 28, 28 + 52 + 12 + size, 0)
    form = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, 2, 2_822_400, 1, size * 8 // 2, 4096, 0)
    return head + form + struct.pack("<4sQ", b"data", 12 + size) + b"\x69" * size


def _dsdiff(blocks: int) -> bytes:
    """The same in Philips' DSDIFF 1.5."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack(">Q", len(data)) + data + bytes(len(data) % 2)

    properties = b"SND " + chunk(b"FS  ", struct.pack(">I", 2_822_400))
    properties += chunk(b"CHNL", b"\0\x02SLFTSRGT") + chunk(b"CMPR", b"DSD \x0enot compressed")
    sound = chunk(b"DSD ", b"\x69" * (2 * 4096 * blocks))
    return chunk(b"FRM8", b"DSD " + chunk(b"FVER", b"\1\5\0\0") + chunk(b"PROP", properties) + sound)


@pytest.mark.parametrize(("name", "make"), [("a.dsf", _dsf), ("a.dff", _dsdiff)])
async def test_direct_stream_digital_is_read_as_well(room: "Room", name: str, make: Callable[[int], bytes]) -> None:
    (room.studio.root / name).write_bytes(make(100))
    seconds = 100 * 4096 * 8 / 2_822_400
    _, _, data = await _made(room, TranscodePlan(room.studio.track(name, 0.0), Profile(Codec.OPUS, 96)))
    assert abs(room.studio.hear(data).seconds - seconds) <= 0.1


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.m4a", "a.ogg", "a.opus", "a.wav"])
async def test_an_offset_is_met_within_fifty_milliseconds(room: "Room", name: str) -> None:
    room.studio.record(name, 9.0, onset=7.0)
    plan = TranscodePlan(room.studio.track(name, 9.0), Profile(Codec.OPUS, 96), 6_250)
    _, _, data = await _made(room, plan)
    heard = room.studio.hear(data)
    assert heard.onset_ms is not None
    assert abs(heard.onset_ms - 750) <= 50
    assert abs(heard.seconds - 2.75) <= 0.1


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
async def test_lossy_transcodes_are_stereo_and_flac_keeps_the_channels(room: "Room", layout: str) -> None:
    room.studio.record("a.flac", 1.0, layout=layout)
    track = room.studio.track("a.flac", 1.0)
    for profile in _PROFILES:
        _, _, data = await _made(room, TranscodePlan(track, profile))
        channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout] if profile.codec is Codec.FLAC else 2
        assert room.studio.hear(data).channels == channels


async def test_flac_of_flac_keeps_the_rate_and_is_lossless(room: "Room") -> None:
    room.studio.record("a.flac", 1.0, rate=96_000, sample_format="s32")
    track = room.studio.track("a.flac", 1.0, rate=96_000)
    _, _, data = await _made(room, TranscodePlan(track, Profile(Codec.FLAC, 0)))
    heard = room.studio.hear(data)
    assert (heard.rate, heard.seconds) == (96_000, 1.0)
    # 24 bits per sample, in the five bits of STREAMINFO that tell it (RFC 9639, 8.2).
    assert ((data[20] & 1) << 4 | data[21] >> 4) + 1 == 24


async def test_the_first_play_already_tells_its_length_and_serves_ranges(room: "Room") -> None:
    room.studio.record("a.flac", 3.0)
    track = room.studio.track("a.flac", 3.0)
    plan = TranscodePlan(track, Profile(Codec.MP3, 192))
    status, headers, tail = await _made(room, plan, Conditions(range="bytes=-1000"))
    assert status == 206
    assert len(tail) == 1000
    _, whole_headers, whole = await _made(room, plan)
    assert whole[-1000:] == tail
    assert headers["Content-Range"] == f"bytes {len(whole) - 1000}-{len(whole) - 1}/{len(whole)}"
    assert whole_headers["Content-Length"] == str(len(whole))
    assert whole_headers["ETag"] == headers["ETag"]


async def test_a_length_is_told_without_making_anything(room: "Room") -> None:
    room.studio.record("a.flac", 3.0)
    plan = TranscodePlan(room.studio.track("a.flac", 3.0), Profile(Codec.OPUS, 96))
    status, headers, _ = await _made(room, plan, Conditions(head=True))
    assert status == 200
    assert room.entries() == []
    _, _, data = await _made(room, plan)
    assert headers["Content-Length"] == str(len(data))


async def test_a_variable_transcode_has_no_length_at_first_and_one_when_it_is_whole(
    room: "Room", until: "Until"
) -> None:
    room.studio.record("a.flac", 3.0)
    plan = TranscodePlan(room.studio.track("a.flac", 3.0), Profile(Codec.AAC, 128))
    status, headers, first = await _made(room, plan, Conditions(range="bytes=0-9"))
    assert (status, headers.get("Content-Length"), headers["Accept-Ranges"]) == (200, None, "none")
    await until(lambda: any(name.endswith(".aac") for name in room.entries()))
    status, again, part = await _made(room, plan, Conditions(range="bytes=10-19"))
    assert (status, part, again["ETag"]) == (206, first[10:20], headers["ETag"])
    assert again["Content-Range"] == f"bytes 10-19/{len(first)}"


async def test_a_source_shorter_than_the_catalogue_says_is_filled_up_with_silence(room: "Room") -> None:
    room.studio.record("a.flac", 1.0)
    _, headers, data = await _made(room, TranscodePlan(room.studio.track("a.flac", 1.5), Profile(Codec.OPUS, 96)))
    assert headers["Content-Length"] == str(len(data))
    assert room.studio.hear(data).seconds == pytest.approx(1.5, abs=0.001)


async def test_a_source_longer_than_the_catalogue_says_is_cut(room: "Room") -> None:
    room.studio.record("a.flac", 3.0)
    _, headers, data = await _made(room, TranscodePlan(room.studio.track("a.flac", 1.5), Profile(Codec.MP3, 96)))
    assert headers["Content-Length"] == str(len(data))
    assert room.studio.hear(data).seconds == pytest.approx(1.5, abs=0.1)


async def test_nothing_is_promised_of_a_file_that_has_changed_since_the_scan(room: "Room") -> None:
    room.studio.record("a.flac", 1.0)
    track = room.studio.track("a.flac", 1.0)
    room.studio.record("a.flac", 3.0)
    _, headers, data = await _made(room, TranscodePlan(track, Profile(Codec.OPUS, 96)))
    assert "Content-Length" not in headers
    assert room.studio.hear(data).seconds == pytest.approx(3.0, abs=0.1)


async def test_an_offset_past_the_end_is_refused(room: "Room") -> None:
    room.studio.record("a.flac", 1.0)
    with pytest.raises(BadRequest):
        await _made(room, TranscodePlan(room.studio.track("a.flac", 1.0), Profile(Codec.OPUS, 96), 1000))


async def test_without_a_known_duration_nothing_is_promised_and_an_offset_is_met_all_the_same(room: "Room") -> None:
    room.studio.record("a.flac", 3.0)
    _, headers, data = await _made(room, TranscodePlan(room.studio.track("a.flac", 0), Profile(Codec.OPUS, 96), 2000))
    assert "Content-Length" not in headers
    assert room.studio.hear(data).seconds == pytest.approx(1.0, abs=0.1)


async def test_an_offset_past_the_end_of_a_track_of_unknown_duration_is_a_fault(room: "Room") -> None:
    room.studio.record("a.flac", 1.0)
    with pytest.raises(MediaFault):
        await _made(room, TranscodePlan(room.studio.track("a.flac", 0), Profile(Codec.OPUS, 96), 60_000))


async def test_a_download_of_a_transcode_is_named_for_what_it_is(room: "Room") -> None:
    room.studio.record("a.flac", 1.0)
    plan = TranscodePlan(room.studio.track("a.flac", 1.0), Profile(Codec.OPUS, 96))
    async with room.media.open(plan, Conditions(head=True), attachment=True) as reply:
        assert 'filename="a.opus"' in dict(reply.headers)["Content-Disposition"]


async def test_random_bytes_are_a_fault_and_the_worker_lives_on(room: "Room") -> None:
    (room.studio.root / "a.mp3").write_bytes(bytes(range(256)) * 2000)
    with pytest.raises(MediaFault):
        await _made(room, TranscodePlan(room.studio.track("a.mp3", 3), Profile(Codec.OPUS, 96)))
    assert (room.stream.warm_workers, room.stream.busy_workers, room.entries()) == (1, 0, [])
