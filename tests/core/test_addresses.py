"""What is taken for an address on the web."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.addresses import LONGEST_ADDRESS, fault_of_address, host_of, normal_address


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("http://radio.example", "http://radio.example/"),
        ("HTTPS://Radio.Example:8000/A?b=C#d", "https://radio.example:8000/A?b=C#d"),
        ("http://radio.example?b", "http://radio.example/?b"),
        ("http://münchen.example/hören", "http://münchen.example/hören"),
        ("http://192.0.2.1:8000/;stream.mp3", "http://192.0.2.1:8000/;stream.mp3"),
        ("http://[2001:DB8::1]:8000/live", "http://[2001:db8::1]:8000/live"),
        ("http://radio.example./live", "http://radio.example./live"),
        ("http://radio_1.example/a@b", "http://radio_1.example/a@b"),
    ],
)
def test_an_address_is_kept_with_its_host_in_lower_case(text: str, kept: str) -> None:
    assert fault_of_address(text) is None
    assert normal_address(text) == kept
    assert fault_of_address(kept) is None
    assert normal_address(kept) == kept


@pytest.mark.parametrize(
    "text",
    ["", "radio.example", "//radio.example/", "ftp://radio.example/", "file:///etc/passwd", "javascript:alert(1)",
     "data:text/html,x", "http:radio.example", "http:/radio.example", "../../etc/passwd", "gopher://radio.example:6379/"],
)  # fmt: skip
def test_only_the_web_has_addresses(text: str) -> None:
    assert fault_of_address(text) == "An address begins with http:// or https://."


@pytest.mark.parametrize(
    "text", ["http://ana:secret@radio.example/", "http://ana@radio.example/", "http://:@a.example/"]
)
def test_an_address_holds_no_credentials(text: str) -> None:
    assert fault_of_address(text) == "An address holds no user name and no password."


@pytest.mark.parametrize(
    "hidden",
    ["\0", "\t", "\r\nHost: evil.example", " ", "\x7f", "\x85", "\u200b", "\u2028", "\ud800"],
)
def test_an_address_hides_nothing(hidden: str) -> None:
    for text in (f"http://radio.example/{hidden}", f"http://ra{hidden}dio.example/", f"{hidden}http://radio.example/"):
        assert fault_of_address(text) == "An address has no spaces and no control characters."


@pytest.mark.parametrize(
    "text",
    ["http://", "http:///live", "http://?a", "http://:80/", "http://a..b/", "http://-a.example/", "http://a-/",
     "http://a%41.example/", "http://h:99999/", "http://h:0/", "http://h:-1/", "http://h:port/", "http://h:1:2/",
     "http://[::1/", "http://[]/", "http://[::1]x/", "http://[1.2.3.4]/", "http://[fe80::1%eth0]/", "http://[v1.a:b]/",
     "http://[::g]/", "http://x[::1]/", "http://radio.example\\@evil.example/", "http://radio.example\\.evil.example/",
     "http://radio℀b.example/", "http://" + "a" * 64 + ".example/", "http://" + "a." * 130 + "example/"],
)  # fmt: skip
def test_an_address_names_one_host_for_every_reader(text: str) -> None:
    assert fault_of_address(text) == "This is no address: its host or its port cannot be read."


def test_an_address_fits_into_an_index() -> None:
    longest = "http://radio.example/".ljust(LONGEST_ADDRESS, "a")
    assert fault_of_address(longest) is None
    for text in (
        longest + "a",
        "http://radio.example?".ljust(LONGEST_ADDRESS, "a"),  # it is kept with a slash
        "http://radio.example/".ljust(LONGEST_ADDRESS - 100, "é"),
        "http://" + "a" * 10_000_000,
    ):
        assert fault_of_address(text) == "An address has at most 2,000 bytes."


@given(
    st.from_regex(r"(?i:https?)://[^/]{1,40}(/.{0,40})?", fullmatch=True)
    | st.text()
    | st.text(alphabet="http:/[]@\\.%?#a1", max_size=30).map("http://".__add__)
)
def test_what_is_kept_is_an_address_as_well_and_stays_as_it_is(text: str) -> None:
    if fault_of_address(text) is None:
        kept = normal_address(text)
        assert fault_of_address(kept) is None
        assert normal_address(kept) == kept
        assert host_of(kept) == host_of(text) != ""


def test_the_host_of_an_address() -> None:
    assert host_of("https://Feeds.Example:8443/show.xml") == "feeds.example"
