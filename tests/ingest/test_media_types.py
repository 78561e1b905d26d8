"""The media type of a file as it is."""

from uuid import uuid4

import pytest

from appliance.core.catalogue import MediaFile
from appliance.ingest.formats import BY_SUFFIX


def _content_type(suffix: str) -> str:
    return MediaFile(
        id=uuid4(),
        library_number=1,
        root=b"/music",
        path=b"song",
        size=1,
        mtime_ns=0,
        suffix=suffix,
        codec="",
        bit_rate=1,
        sample_rate=44_100,
        channels=2,
        bit_depth=None,
    ).content_type


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        ("flac", "audio/flac"),
        ("mp3", "audio/mpeg"),
        ("m4a", "audio/mp4"),
        ("opus", "audio/ogg"),
        ("ogg", "audio/ogg"),
        ("wav", "audio/wav"),
        ("wma", "audio/x-ms-wma"),
        ("wv", "audio/x-wavpack"),
        ("ape", "audio/x-ape"),
        ("aac", "audio/aac"),
        ("html", "application/octet-stream"),
    ],
)
def test_a_raw_file_has_the_type_of_its_suffix(suffix: str, media_type: str) -> None:
    assert _content_type(suffix) == media_type


def test_everything_that_a_scan_takes_for_audio_has_a_type_of_its_own() -> None:
    assert {suffix for suffix in BY_SUFFIX if not _content_type(suffix).startswith("audio/")} == set()
