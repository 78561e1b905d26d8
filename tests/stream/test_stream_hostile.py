"""Files that are not what they claim to be (FAULTS 13)."""

import base64
import io
import random
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
import trio
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from appliance.core.errors import MediaFault
from appliance.core.playback import Codec, Profile, TranscodePlan
from appliance.core.ports import Conditions
from appliance.stream.transcoder import Patience

if TYPE_CHECKING:
    from tests.stream.conftest import OpenRoom, Room, Until

_OPUS = Profile(Codec.OPUS, 96)


async def _played(room: "Room", name: str, data: bytes, seconds: float) -> bytes:
    (room.studio.root / name).write_bytes(data)
    plan = TranscodePlan(room.studio.track(name, seconds), _OPUS)
    async with room.media.open(plan, Conditions()) as reply:
        assert reply.body is not None
        return b"".join([piece async for piece in reply.body])


@pytest.mark.parametrize("suffix", ["mp3", "flac", "m4a", "opus", "wav", "wma", "ape"])
async def test_random_bytes_are_a_fault(room: "Room", suffix: str) -> None:
    with pytest.raises(MediaFault):
        await _played(room, f"a.{suffix}", random.Random(7).randbytes(300_000), 3)
    assert room.stream.warm_workers == 1


async def test_an_empty_file_is_a_fault(room: "Room") -> None:
    with pytest.raises(MediaFault):
        await _played(room, "a.mp3", b"", 3)


async def test_of_a_truncated_file_plays_what_is_there(room: "Room") -> None:
    whole = room.studio.record("a.flac", 4.0).read_bytes()
    data = await _played(room, "cut.flac", whole[: len(whole) // 2], 4.0)
    assert room.studio.hear(data).seconds == pytest.approx(4.0, abs=0.01)


async def _cut(room: "Room", plan: TranscodePlan, conditions: Conditions | None = None) -> tuple[int, int]:
    """Bytes that were promised, and those that came before the fault."""
    promised, came = 0, 0
    with suppress(MediaFault):
        async with room.media.open(plan, conditions or Conditions()) as reply:
            promised = int(dict(reply.headers)["Content-Length"])
            assert reply.body is not None
            async for piece in reply.body:
                came += len(piece)
    return promised, came


@pytest.mark.parametrize("codec", [Codec.OPUS, Codec.MP3])
async def test_of_a_file_of_which_much_is_missing_comes_what_is_there_and_no_silence(
    room: "Room", codec: Codec
) -> None:
    whole = room.studio.record("a.flac", 24.0).read_bytes()
    (room.studio.root / "cut.flac").write_bytes(whole[: len(whole) // 2])
    plan = TranscodePlan(room.studio.track("cut.flac", 24.0), Profile(codec, 96))
    promised, came = await _cut(room, plan)
    # 96 kbit/s are 12,000 bytes a second.
    assert promised > 24 * 12_000
    assert 9 * 12_000 < came < 13 * 12_000
    assert room.entries() == []


async def test_of_what_is_cut_the_sound_can_be_heard_again_and_the_rest_is_asked_for_once(
    open_room: "OpenRoom", until: "Until"
) -> None:
    async with open_room(patience=Patience(for_worker=0.2)) as room:
        whole = room.studio.record("a.flac", 24.0).read_bytes()
        (room.studio.root / "cut.flac").write_bytes(whole[: len(whole) // 2])
        plan = TranscodePlan(room.studio.track("cut.flac", 24.0), _OPUS)
        rest = Conditions(range="bytes=200000-")
        with pytest.raises(MediaFault, match="before its time"):
            await _drained(room, plan, rest)
        async with _occupied(room):
            # No worker could be had for it.
            with pytest.raises(MediaFault, match="before its time"):
                await _drained(room, plan, rest)
        await until(lambda: room.stream.warm_workers == 1)
        async with room.media.open(plan, Conditions(range="bytes=0-9999")) as reply:
            assert reply.body is not None
            assert len(b"".join([piece async for piece in reply.body])) == 10_000


async def test_a_flac_header_that_claims_days_promises_nothing_and_gives_what_is_there(room: "Room") -> None:
    data = bytearray(room.studio.record("a.flac", 1.0, rate=8_000).read_bytes())
    # STREAMINFO (RFC 9639, 8.2): 36 bits for the number of samples, after the rate, the channels and the depth.
    data[21] |= 0x0F
    data[22:26] = b"\xff\xff\xff\xff"
    await _gives_its_second(room, "days.flac", bytes(data), 2**36 / 8_000)


async def test_a_xing_header_that_claims_days_promises_nothing_and_gives_what_is_there(room: "Room") -> None:
    data = bytearray(room.studio.record("a.mp3", 1.0).read_bytes())
    # The number of frames follows the four flags.
    place = max(data.find(b"Xing"), data.find(b"Info"))
    assert place > 0
    data[place + 8 : place + 12] = struct.pack(">I", 80_000_000)
    await _gives_its_second(room, "days.mp3", bytes(data), 80_000_000 * 1152 / 44_100)


async def _gives_its_second(room: "Room", name: str, data: bytes, seconds: float) -> None:
    (room.studio.root / name).write_bytes(data)
    plan = TranscodePlan(room.studio.track(name, seconds), Profile(Codec.OPUS, 320))
    with trio.fail_after(10):
        async with room.media.open(plan, Conditions()) as reply:
            assert "Content-Length" not in dict(reply.headers)
            assert reply.body is not None
            heard = room.studio.hear(b"".join([piece async for piece in reply.body]))
    assert heard.seconds == pytest.approx(1.0, abs=0.1)


async def _drained(room: "Room", plan: TranscodePlan, conditions: Conditions | None = None) -> int:
    async with room.media.open(plan, conditions or Conditions()) as reply:
        assert reply.body is not None
        return sum([len(piece) async for piece in reply.body])


@asynccontextmanager
async def _occupied(room: "Room") -> AsyncIterator[None]:
    """The only worker is at another job, that would take an hour to hear."""
    room.studio.silence("long.wav", 3600)
    async with room.media.open(TranscodePlan(room.studio.track("long.wav", 3600), _OPUS), Conditions()) as reply:
        assert reply.body is not None
        await anext(reply.body)
        yield


async def test_a_file_that_failed_fails_again_without_a_worker(open_room: "OpenRoom") -> None:
    async with open_room(patience=Patience(for_worker=0.2)) as room:
        (room.studio.root / "a.mp3").write_bytes(random.Random(7).randbytes(300_000))
        plan = TranscodePlan(room.studio.track("a.mp3", 3), _OPUS)
        with pytest.raises(MediaFault) as first:
            await _drained(room, plan)
        async with _occupied(room):
            with pytest.raises(MediaFault) as second:
                await _drained(room, plan)
        assert str(second.value) == str(first.value)


async def test_a_file_that_failed_and_is_repaired_is_played_at_once(room: "Room") -> None:
    path = room.studio.root / "a.mp3"
    path.write_bytes(random.Random(7).randbytes(300_000))
    plan = TranscodePlan(room.studio.track("a.mp3", 3), _OPUS)
    with pytest.raises(MediaFault):
        await _drained(room, plan)
    room.studio.record("a.mp3", 3.0)
    assert await _drained(room, plan) > 3 * 12_000


async def test_damage_in_the_middle_is_passed_over(room: "Room") -> None:
    whole = bytearray(room.studio.record("a.mp3", 4.0).read_bytes())
    whole[20_000:24_000] = random.Random(7).randbytes(4_000)
    data = await _played(room, "damaged.mp3", bytes(whole), 4.0)
    assert room.studio.hear(data).seconds == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        "[playlist]\nFile1={target}\nNumberOfEntries=1\n",
    ],
)
async def test_a_playlist_that_names_another_file_opens_nothing(room: "Room", playlist: str) -> None:
    target = room.studio.record("secret.mp3", 2.0)
    with pytest.raises(MediaFault):
        await _played(room, "list.mp3", playlist.format(target=target).encode(), 2.0)


async def test_of_a_film_named_as_music_only_the_sound_is_heard(room: "Room") -> None:
    data = await _played(room, "film.mp3", _film(), 1.0)
    assert room.studio.hear(data).codec in {"opus", "libopus"}


async def test_a_film_without_sound_is_a_fault(room: "Room") -> None:
    with pytest.raises(MediaFault):
        await _played(room, "film.mp3", _film(sound=False), 1.0)


async def test_an_id3_tag_that_claims_256_megabytes_is_survived(room: "Room") -> None:
    audio = room.studio.record("a.mp3", 1.0).read_bytes()
    with pytest.raises(MediaFault):
        await _played(room, "b.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + audio[10:], 1.0)
    assert room.stream.warm_workers == 1


async def test_mp4_atoms_of_size_zero_are_a_fault(room: "Room") -> None:
    atoms = struct.pack(">I4s4sI", 16, b"ftyp", b"M4A ", 0) + struct.pack(">I4s", 0, b"moov") + bytes(4000)
    with pytest.raises(MediaFault):
        await _played(room, "a.m4a", atoms, 1.0)


async def test_dts_in_a_wav_file_is_decoded_and_not_played_as_noise(room: "Room") -> None:
    data = await _played(room, "a.wav", _silent_dts_disc(), 2.0)
    assert room.studio.hear(data).onset_ms is None


async def test_tags_that_are_no_text_do_not_matter(room: "Room") -> None:
    audio = room.studio.record("a.mp3", 1.0).read_bytes()
    title = b"TIT2\0\0\0\x06\0\0\x03\xff\xfe\xff\xe9\x80"
    data = await _played(room, "b.mp3", b"ID3\x04\0\0\0\0\0" + bytes([len(title)]) + title + audio, 1.0)
    assert room.studio.hear(data).seconds == pytest.approx(1.0, abs=0.01)


#: One frame of silence at 44.1 kHz and 1411 kbit/s, as FFmpeg's encoder makes it, and packed.
_DTS_FRAME = zlib.decompress(
    base64.b64decode(
        "eNqr/9fA+Mem/sOiA4wWDMzv6x+w3ZZ/+P/f/QcMDAoMEMB0be/H7nvXtmZHXduyVF3j4LukCQ5tWMRaoOoZV4fn"
        "PXAoe7s6bI2EQcLBpqVeU1XtMhY6KjTglxsFww0wKSkpKYaGjAbEaNSOgtGoHQWDJmqZ//+BiAAAlZVEEw=="
    )
)


def _silent_dts_disc() -> bytes:
    """A copy of a DTS disc: frames as if they were samples, after a tenth of a second of digital silence."""
    sound = bytes(44_100 * 4 // 10) + _DTS_FRAME * 200
    head = b"RIFF" + struct.pack("<I", 36 + len(sound)) + b"WAVEfmt "
    return head + struct.pack("<IHHIIHH4sI", 16, 1, 2, 44_100, 176_400, 4, 16, b"data", len(sound)) + sound


def _film(*, sound: bool = True) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("mpeg4", rate=25)
        assert isinstance(video, VideoStream)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=44_100) if sound else None
        for number in range(25):
            picture = VideoFrame(64, 64, "yuv420p")
            picture.pts = number
            picture.time_base = Fraction(1, 25)
            container.mux(video.encode(picture))
        if audio is not None:
            assert isinstance(audio, AudioStream)
            for start in range(0, 44_100, 1024):
                samples = av.AudioFrame("fltp", "stereo", 1024)
                for plane in samples.planes:
                    plane.update(bytes(plane.buffer_size))
                samples.sample_rate = 44_100
                samples.pts = start
                container.mux(audio.encode(samples))
            container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return out.getvalue()
