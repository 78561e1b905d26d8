"""Files that are damaged or made to harm: each is a fault with its reason, and the batch goes on."""

import os
import random
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.ingest.reading import read_batch

if TYPE_CHECKING:
    from tests.ingest.conftest import Recorder

_NOISE = random.Random(7).randbytes(200_000)
_ID3_OF_256_MB = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"

#: Name, content, and what the reason must speak of.
_FILES = [
    ("empty.mp3", b"", "empty"),
    ("noise.mp3", _NOISE, "MPEG"),
    ("noise.flac", _NOISE, "FLAC"),
    ("noise.ogg", _NOISE, "Ogg"),
    ("noise.opus", _NOISE, "Ogg"),
    ("noise.m4a", _NOISE, "."),
    ("noise.wav", _NOISE, "no audio"),
    ("noise.aiff", _NOISE, "no audio"),
    ("noise.wma", _NOISE, "no audio"),
    ("noise.wv", _NOISE, "damaged"),
    ("noise.ape", _NOISE, "damaged"),
    ("noise.mpc", _NOISE, "damaged"),
    ("noise.tta", _NOISE, "damaged"),
    ("noise.dsf", _NOISE, "DSF"),
    ("noise.dff", _NOISE, "no audio"),
    ("noise.aac", _NOISE, "damaged"),
    ("zeros.mp3", bytes(100_000), "MPEG"),
    ("huge tag.mp3", _ID3_OF_256_MB + _NOISE, "268,435,465"),
    ("huge tag.flac", _ID3_OF_256_MB + _NOISE, "268,435,465"),
    ("video.mp3", b"\x1a\x45\xdf\xa3" + _NOISE, "video"),
    ("stream.mp3", b"#EXTM3U\n#EXTINF:1,\nhttp://169.254.169.254/\n", "playlist"),
    ("page.mp3", b"<html><body>404</body></html>", "web page"),
    ("zip.mp3", b"PK\x03\x04" + _NOISE, "ZIP"),
    ("atoms.m4a", struct.pack(">I4s", 16, b"ftyp") + b"M4A \0\0\0\0" + struct.pack(">I4s", 4, b"moov"), "smaller"),
    ("zero atom.m4a", struct.pack(">I4s", 16, b"ftyp") + b"M4A \0\0\0\0" + bytes(4) + b"moov", "no audio"),
    ("many atoms.m4a", struct.pack(">I4s", 8, b"ftyp") * 30_000, "more atoms"),
    ("only header.flac", b"fLaC", "metadata"),
    ("endless header.flac", b"fLaC" + b"\x01\0\0\0" * 30_000, "metadata"),
    ("short.wav", b"RIFF\xff\xff\xff\xffWAVE", "no audio"),
    ("one page.ogg", b"OggS\0\x02" + bytes(20) + b"\x01\x1e\x01vorbis" + bytes(23), "breaks off"),
]


@pytest.mark.parametrize(("name", "content", "reason"), _FILES, ids=[name for name, _, _ in _FILES])
def test_a_bad_file_is_a_fault_with_its_reason(recorder: "Recorder", name: str, content: bytes, reason: str) -> None:
    path = recorder.root / name
    path.write_bytes(content)
    fault = recorder.fault(path)
    assert reason in fault.reason
    assert (fault.size, fault.mtime_ns) == (len(content), path.stat().st_mtime_ns)


def test_all_of_them_together_cost_the_good_one_nothing(recorder: "Recorder") -> None:
    for name, content, _ in _FILES:
        (recorder.root / name).write_bytes(content)
    recorder.put("sound.mp3", "good.mp3")
    names = [os.fsencode(path.name) for path in recorder.root.iterdir()]
    reading = read_batch(bytes(recorder.root), names, {})
    assert [sheet.path for sheet in reading.sheets] == [b"good.mp3"]
    assert len(reading.faults) == len(_FILES)


def test_a_file_cut_off_is_a_fault_or_is_read_as_far_as_it_goes(recorder: "Recorder", name: str) -> None:
    path = recorder.put(name)
    recorder.retag(path, "Cut")
    whole = path.read_bytes()
    for kept in (1, 5, 40, 200, len(whole) // 3, len(whole) - 1):
        path.write_bytes(whole[:kept])
        reading = read_batch(bytes(recorder.root), [os.fsencode(name)], {})
        assert len(reading.sheets) + len(reading.faults) == 1
        assert all(fault.reason for fault in reading.faults)


def test_mp4_cut_short_tells_how_much_is_missing(recorder: "Recorder") -> None:
    path = recorder.put("lossless.m4a")
    os.truncate(path, path.stat().st_size // 2)
    assert "cut short" in recorder.fault(path).reason


def test_nul_and_ten_megabytes_in_a_tag_are_no_fault(recorder: "Recorder") -> None:
    path = recorder.put("sound.mp3")
    text = b"\0A\0B"
    comment = b"\x03eng\0" + b"x" * 10_000_000
    frames = b"TIT2" + _synchsafe(len(text) + 1) + b"\0\0\x03" + text[1:] + b"\0"
    frames += b"COMM" + _synchsafe(len(comment)) + b"\0\0" + comment
    path.write_bytes(b"ID3\x04\0\0" + _synchsafe(len(frames)) + frames + path.read_bytes())
    tags = recorder.sheet(path).tags
    assert tags.comment == "x" * 4_096
    assert tags.title is not None
    assert "\0" not in tags.title


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def test_a_file_that_keeps_the_reader_busy_is_given_up(recorder: "Recorder") -> None:
    path = recorder.root / "busy.m4a"
    path.write_bytes(struct.pack(">I4s", 8, b"ftyp") * 19_000)
    recorder.put("sound.mp3", "good.mp3")
    reading = read_batch(bytes(recorder.root), [b"busy.m4a", b"good.mp3"], {}, 0.001)
    assert [(fault.reason, fault.size) for fault in reading.faults[:1]] == [("Reading it takes for ever.", 152_000)]
    reading = read_batch(bytes(recorder.root), [b"busy.m4a", b"good.mp3"], {})
    assert [sheet.path for sheet in reading.sheets] == [b"good.mp3"]
    assert "for ever" not in reading.faults[0].reason


def test_what_is_gone_or_no_file_any_more_is_neither_good_nor_bad(recorder: "Recorder") -> None:
    os.mkfifo(recorder.root / "pipe.mp3")
    reading = read_batch(bytes(recorder.root), [b"gone.mp3", b"pipe.mp3"], {})
    assert reading.gone == [b"gone.mp3", b"pipe.mp3"]
    assert (reading.sheets, reading.faults) == ([], [])


def test_what_the_disk_does_not_give_out_is_tried_again_next_time(recorder: "Recorder") -> None:
    (recorder.root / "loop.mp3").symlink_to("loop.mp3")
    fault = recorder.fault(recorder.root / "loop.mp3")
    assert "disk" in fault.reason
    assert (fault.size, fault.mtime_ns) == (0, 0)


_MUTANTS = [
    *("sound.flac", "sound.mp3", "sound.opus", "sound.ogg", "sound.oga", "sound.m4a", "sound.wav", "sound.aiff"),
    *("sound.wma", "sound.wv", "sound.ape", "sound.aac", "sound.tta"),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutation_of_a_real_file_gets_out_of_the_batch(
    recorder: "Recorder", cover: bytes, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(_MUTANTS))
    path = recorder.put(name)
    recorder.retag(path, "Mutant", cover[:500])
    content = bytearray(path.read_bytes())
    heads = st.integers(0, min(3_000, len(content) - 1)) | st.integers(max(0, len(content) - 300), len(content) - 1)
    for at, change in data.draw(st.lists(st.tuples(heads, st.binary(min_size=1, max_size=8)), min_size=1, max_size=12)):
        content[at : at + len(change)] = change
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    reading = read_batch(bytes(recorder.root), [os.fsencode(name)], {})
    assert len(reading.sheets) + len(reading.faults) == 1


def test_what_became_a_link_out_of_the_library_since_the_walk_is_not_read(
    recorder: "Recorder", tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    recorder.put("sound.mp3", "secret.mp3").rename(outside / "secret.mp3")
    (recorder.root / "song.mp3").symlink_to(outside / "secret.mp3")
    (recorder.root / "album").symlink_to(outside)
    reading = read_batch(bytes(recorder.root), [b"song.mp3", b"album/secret.mp3"], {})
    assert (reading.sheets, reading.faults) == ([], [])
    assert reading.gone == [b"song.mp3", b"album/secret.mp3"]


def test_a_link_within_the_library_is_read(recorder: "Recorder") -> None:
    recorder.put("sound.mp3", "song.mp3")
    (recorder.root / "link.mp3").symlink_to(recorder.root / "song.mp3")
    assert [sheet.path for sheet in read_batch(bytes(recorder.root), [b"link.mp3"], {}).sheets] == [b"link.mp3"]


def test_a_picture_that_became_a_link_out_of_the_library_is_not_read(
    recorder: "Recorder", cover: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    recorder.put("sound.mp3", "song.mp3")
    outside = tmp_path_factory.mktemp("outside") / "private.jpg"
    outside.write_bytes(cover)
    (recorder.root / "cover.jpg").symlink_to(outside)
    (sheet,) = read_batch(bytes(recorder.root), [b"song.mp3"], {b"": b"cover.jpg"}).sheets
    assert sheet.picture is None or sheet.picture.source == "embedded"
