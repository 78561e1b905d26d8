"""What a tag reader finds, container by container."""

import base64
import io
from pathlib import Path
from typing import Protocol

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from PIL import Image


class Demo(Protocol):
    folder: Path

    def track(self, name: str) -> Path: ...


def _is_cover(data: bytes) -> bool:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.format == "JPEG" and picture.size == (600, 600)


def test_flac_carries_the_discs_and_dates_of_a_reissue(demo: Demo) -> None:
    path = demo.track("Neap Tide")
    tags = FLAC(path)
    assert tags["discnumber"] == ["2"]
    assert tags["disctotal"] == ["2"]
    assert tags["discsubtitle"] == ["Flood"]
    assert (tags["tracknumber"], tags["tracktotal"]) == (["3"], ["3"])
    assert (tags["date"], tags["originaldate"]) == (["2023-09-15"], ["2011-03-04"])
    assert tags["genre"] == ["Ambient", "Modern Classical"]
    assert tags["artistsort"] == ["Quaymoor, Orla"]
    assert float(tags["replaygain_track_gain"][0].removesuffix(" dB")) == pytest.approx(3.0, abs=0.1)
    assert 0.1 < float(tags["replaygain_track_peak"][0]) < 0.9
    assert not tags.pictures
    assert _is_cover((path.parent / "cover.jpg").read_bytes())


def test_mp3_carries_several_artists_lyrics_and_its_cover(demo: Demo) -> None:
    path = demo.track("Candle")
    tags = ID3(path)
    assert tags["TXXX:ARTISTS"].text == ["The Parsnip Assembly", "Wenna Thistlecroft", "Bruno Oakapple"]
    assert tags["TPE1"].text == ["The Parsnip Assembly with Wenna Thistlecroft & Bruno Oakapple"]
    assert tags["TPE2"].text == ["The Parsnip Assembly"]
    assert tags["TSOP"].text == ["Parsnip Assembly, The", "Thistlecroft, Wenna", "Oakapple, Bruno"]
    assert (tags["TRCK"].text, tags["TPOS"].text) == (["2/5"], ["1/1"])
    assert tags["USLT::eng"].text.startswith("[00:03.00]Candle")
    assert str(tags["TDRC"]) == "2019-11-08"
    assert float(tags["TXXX:REPLAYGAIN_TRACK_GAIN"].text[0].removesuffix(" dB")) == pytest.approx(0.5, abs=0.1)
    assert _is_cover(tags["APIC:"].data)
    assert not (path.parent / "cover.jpg").exists()


def test_opus_carries_japanese_names_their_sort_names_and_r128_gains(demo: Demo) -> None:
    tags = OggOpus(demo.track("終電"))
    assert tags["artists"] == tags["albumartist"] == ["硝子町楽団"]
    assert tags["artistsort"] == tags["albumartistsort"] == ["Garasumachi Gakudan"]
    assert tags["titlesort"] == ["Shuden no Ato de"]
    assert int(tags["r128_track_gain"][0]) / 256 == pytest.approx(-6.0, abs=0.2)
    assert "replaygain_track_gain" not in tags
    picture = Picture(base64.b64decode(tags["metadata_block_picture"][0]))
    assert (picture.type, picture.mime) == (3, "image/jpeg")
    assert _is_cover(picture.data)


def test_m4a_carries_a_compilation(demo: Demo) -> None:
    path = demo.track("neon")
    tags = MP4(path)
    assert tags["cpil"] is True
    assert tags["aART"] == ["Various Artists"]
    assert (tags["\xa9nam"], tags["\xa9ART"]) == (["Prąd i neon"], ["Żaneta Prądnik"])
    assert tags["\xa9gen"] == ["Electronic", "Synthwave"]
    assert (tags["trkn"], tags["disk"]) == ([(3, 5)], [(1, 1)])
    assert bytes(tags["----:com.apple.iTunes:ORIGINALDATE"][0]) == b"2022-02-18"
    assert bytes(tags["----:com.apple.iTunes:replaygain_album_gain"][0]).endswith(b" dB")
    assert "covr" not in tags
    assert _is_cover((path.parent / "cover.jpg").read_bytes())


def test_an_artist_of_one_album_is_a_guest_on_another(demo: Demo) -> None:
    assert MP4(demo.track("Night Bus"))["\xa9ART"] == FLAC(demo.track("Slack Water.flac"))["artist"]
