"""Names of what is saved."""

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from appliance.stream.content import disposition


def test_a_download_is_saved_under_its_own_name() -> None:
    assert disposition(b"Ana/01 Song.mp3") == "attachment; filename=\"01 Song.mp3\"; filename*=UTF-8''01%20Song.mp3"


def test_a_transcode_is_saved_under_the_suffix_of_what_it_is() -> None:
    assert disposition(b"Ana/01.Song.flac", "opus").endswith("UTF-8''01.Song.opus")


def test_letters_beyond_ascii_arrive_in_the_extended_name() -> None:
    header = disposition("Björk/Jóga – 聴.flac".encode())
    assert unquote(header.partition("UTF-8''")[2]) == "Jóga – 聴.flac"
    assert 'filename="Joga  .flac"' in header


def test_a_name_with_nothing_in_it_still_has_a_name() -> None:
    assert 'filename="track"' in disposition(b"\n\r")


@given(st.binary(max_size=255))
def test_no_name_breaks_out_of_the_header(name: bytes) -> None:
    assert re.fullmatch(
        r"""attachment; filename="[\x20\x21\x23-\x5b\x5d-\x7e]+"; filename\*=UTF-8''[A-Za-z0-9._~%-]+""",
        disposition(b"folder/" + name),
    )
