"""The identity stays whatever is done to tags, and differs where the sound does."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TIT2

from appliance.core.errors import MediaFault
from appliance.ingest.formats import Format
from appliance.ingest.identity import audio_identity

if TYPE_CHECKING:
    from tests.ingest.conftest import Recorder


def test_tags_and_covers_do_not_change_it(recorder: "Recorder", name: str, cover: bytes) -> None:
    path = recorder.put(name)
    bare = recorder.sheet(path).audio.identity
    recorder.retag(path, "One")
    assert recorder.sheet(path).audio.identity == bare
    recorder.retag(path, "Two, with a cover", cover)
    sheet = recorder.sheet(path)
    assert sheet.audio.identity == bare
    assert sheet.tags.title == "Two, with a cover"
    assert sheet.picture is not None
    assert sheet.picture.size == len(cover)


def test_taking_all_tags_away_does_not_change_it(recorder: "Recorder", name: str, cover: bytes) -> None:
    path = recorder.put(name)
    bare = recorder.sheet(path).audio.identity
    recorder.retag(path, "One", cover)
    tagged: Any = ID3(path) if path.suffix == ".aac" else mutagen.File(path)
    tagged.delete()
    sheet = recorder.sheet(path)
    assert sheet.tags.title is None
    assert sheet.audio.identity == bare


def test_another_sound_has_another(recorder: "Recorder", name: str) -> None:
    first = recorder.sheet(recorder.put(name)).audio.identity
    assert recorder.sheet(recorder.record(name, pitch=550)).audio.identity != first


@pytest.mark.parametrize("name", ["sound.mp3", "sound.opus", "sound.ogg", "sound.m4a", "sound.wv"])
def test_longer_sounds_are_sampled_at_the_same_places_whatever_the_tags(
    recorder: "Recorder", name: str, cover: bytes
) -> None:
    path = recorder.record(name, seconds=8, bit_rate=256_000)
    assert path.stat().st_size > 160_000
    bare = recorder.sheet(path).audio.identity
    recorder.retag(path, "One", cover)
    assert recorder.sheet(path).audio.identity == bare


@pytest.mark.parametrize("place", [0.01, 0.5, 0.99])
def test_a_change_at_the_beginning_the_middle_or_the_end_is_seen(recorder: "Recorder", place: float) -> None:
    path = recorder.put("sound.wav")
    before = recorder.sheet(path).audio.identity
    with path.open("r+b") as file:
        file.seek(round(44 + (path.stat().st_size - 44) * place))
        file.write(b"changed!")
    assert recorder.sheet(path).audio.identity != before


def test_versions_of_id3_do_not_matter(recorder: "Recorder") -> None:
    path = recorder.put("sound.mp3")
    bare = recorder.sheet(path).audio.identity
    for version in (3, 4):
        tags: Any = ID3()
        tags.add(TIT2(text="Version"))
        tags.save(path, v2_version=version, v1=2)
        assert recorder.sheet(path).audio.identity == bare
    tags = APEv2()
    tags["Title"] = "At the end too"
    tags.save(path)
    assert recorder.sheet(path).audio.identity == bare


def test_padding_does_not_matter(recorder: "Recorder") -> None:
    for name, kind in (("sound.flac", FLAC), ("sound.mp3", mutagen.File), ("sound.m4a", mutagen.File)):
        path = recorder.put(name)
        bare = recorder.sheet(path).audio.identity
        recorder.retag(path, "One")
        media: Any = kind(path)
        media.save(padding=lambda _: 70_000)
        assert path.stat().st_size > 70_000
        assert recorder.sheet(path).audio.identity == bare


def test_flac_encoded_again_at_another_level_is_the_same_sound(recorder: "Recorder") -> None:
    path = recorder.put("sound.flac")
    again = recorder.root / "again.flac"
    with av.open(str(path)) as source, av.open(str(again), "w") as target:
        stream: Any = target.add_stream("flac", rate=44_100, options={"compression_level": "0"})
        stream.layout = "stereo"
        stream.format = "s16"
        for frame in source.decode(audio=0):
            frame.pts = None
            for packet in stream.encode(frame):
                target.mux(packet)
        for packet in stream.encode(None):
            target.mux(packet)
    assert again.read_bytes() != path.read_bytes()
    assert recorder.sheet(again).audio.identity == recorder.sheet(path).audio.identity


def test_flac_without_a_checksum_is_known_by_its_frames(recorder: "Recorder", cover: bytes) -> None:
    path = recorder.put("sound.flac")
    data = bytearray(path.read_bytes())
    data[26:42] = bytes(16)
    path.write_bytes(data)
    bare = recorder.sheet(path).audio.identity
    recorder.retag(path, "One", cover)
    assert recorder.sheet(path).audio.identity == bare
    data[-9] ^= 0xFF
    path.write_bytes(data)
    assert recorder.sheet(path).audio.identity != bare


def test_the_pages_of_ogg_do_not_matter(recorder: "Recorder") -> None:
    """Another program lays the same packets out on other pages."""
    path = recorder.record("sound.opus", seconds=8)
    again = recorder.root / "again.opus"
    with av.open(str(path)) as source, av.open(str(again), "w", options={"page_duration": "300000"}) as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert path.read_bytes().count(b"OggS") != again.read_bytes().count(b"OggS")
    assert recorder.sheet(again).audio.identity == recorder.sheet(path).audio.identity


def test_the_output_gain_of_opus_does_not_matter(recorder: "Recorder") -> None:
    path = recorder.put("sound.opus")
    before = recorder.sheet(path).audio.identity
    data = bytearray(path.read_bytes())
    at = data.index(b"OpusHead")
    data[at + 16 : at + 18] = b"\x12\x34"
    path.write_bytes(data)
    assert recorder.sheet(path).audio.identity == before


def test_the_audio_of_mp4_may_be_anywhere_in_the_file(recorder: "Recorder") -> None:
    path = recorder.put("sound.m4a")
    again = recorder.root / "again.m4a"
    with av.open(str(path)) as source, av.open(str(again), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert again.read_bytes().index(b"moov") < again.read_bytes().index(b"mdat")
    assert recorder.sheet(again).audio.identity == recorder.sheet(path).audio.identity


def test_a_copy_cut_short_is_another_sound(recorder: "Recorder") -> None:
    path = recorder.put("sound.mp3")
    cut = recorder.root / "cut.mp3"
    shutil.copyfile(path, cut)
    os.truncate(cut, path.stat().st_size - 2_000)
    assert recorder.sheet(cut).audio.identity != recorder.sheet(path).audio.identity


def _dsf(sound: bytes, tag: bytes) -> bytes:
    size = 28 + 52 + 12 + len(sound)
    pointer = size if tag else 0
    head = b"DSD " + b"".join(number.to_bytes(8, "little") for number in (28, size + len(tag), pointer))
    kind = b"fmt " + (52).to_bytes(8, "little")
    kind += b"".join(number.to_bytes(4, "little") for number in (1, 0, 2, 2, 2_822_400, 1))
    kind += (len(sound) * 4).to_bytes(8, "little") + (4096).to_bytes(4, "little") + bytes(4)
    return head + kind + b"data" + (12 + len(sound)).to_bytes(8, "little") + sound + tag


def test_the_tag_that_a_dsf_file_points_to_does_not_matter(recorder: "Recorder") -> None:
    path = recorder.root / "sound.dsf"
    path.write_bytes(_dsf(bytes(range(256)) * 32, b""))
    sheet = recorder.sheet(path)
    assert (sheet.audio.codec, sheet.audio.sample_rate, sheet.audio.bit_depth) == ("dsd", 2_822_400, 1)
    media: Any = mutagen.File(path)
    media.add_tags()
    media.tags.add(TIT2(text="Tagged"))
    media.save()
    assert recorder.sheet(path).tags.title == "Tagged"
    assert recorder.sheet(path).audio.identity == sheet.audio.identity


def test_nothing_between_the_tags_is_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "tags.mp3"
    tags: Any = ID3()
    tags.add(TIT2(text="Nothing else"))
    tags.save(path, v1=2)
    with path.open("rb") as file, pytest.raises(MediaFault, match="no audio"):
        audio_identity(file.fileno(), path.stat().st_size, Format.MP3)
