"""What the catalogue's own values tell of themselves."""

from uuid import UUID

import pytest

from appliance.core.catalogue import MediaFile


@pytest.mark.parametrize(
    ("suffix", "content_type"),
    [("flac", "audio/flac"), ("opus", "audio/ogg"), ("m4a", "audio/mp4"), ("xyz", "application/octet-stream")],
)
def test_a_file_is_sent_under_the_type_of_its_suffix(suffix: str, content_type: str) -> None:
    file = MediaFile(
        id=UUID(int=1),
        library_number=1,
        root=b"/music",
        path=b"song",
        size=1,
        mtime_ns=1,
        suffix=suffix,
        codec="flac",
        bit_rate=900,
        sample_rate=44_100,
        channels=2,
        bit_depth=16,
    )
    assert file.content_type == content_type
