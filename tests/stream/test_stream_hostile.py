"""Files that are not what they claim to be (FAULTS 13)."""

import base64
import io
import random
import struct
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from appliance.core.errors import MediaFault
from appliance.core.playback import Codec, Profile, TranscodePlan
from appliance.core.ports import Conditions

if TYPE_CHECKING:
    from tests.stream.conftest import Room

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
