"""Pictures, known by their bytes."""

import pytest

from appliance.core.sheet import picture_type


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"GIF87a\1\0\1\0", "image/gif"),
        (b"GIF89a\1\0\1\0", "image/gif"),
        (b"RIFF\x1a\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(data: bytes, kind: str) -> None:
    assert picture_type(data) == kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"GIF90a",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"WEBP",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<!doctype html>",
        b" \x89PNG\r\n\x1a\n",
    ],
)
def test_whatever_is_not_shown_has_no_kind(data: bytes) -> None:
    assert picture_type(data) is None
