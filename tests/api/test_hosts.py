"""Names under which a browser may reach the server."""

import pytest

from appliance.api.hosts import address, may_be_called


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4533",
        "192.168.1.20:4533",
        "[::1]",
        "[::1]:4533",
        "[fe80::1%eth0]:4533",
        "localhost",
        "localhost:4533",
        "tonearm",
        "tonearm.local",
        "TONEARM.LOCAL:80",
        "tonearm.local.",
        "box.home.arpa",
        "box.internal",
        "tonearm.lan",
        "Tonearm.lan.:80",
        "tonearm.home",
        "tonearm.localdomain",
        "music.example.org",
        "Music.Example.Org:443",
    ],
)
def test_names_that_no_stranger_can_make_up(host: str) -> None:
    assert may_be_called(host, {"music.example.org"})


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        ":4533",
        "evil.example",
        "evil.example:4533",
        "127.0.0.1.evil.example",
        "tonearm.local.evil.example",
        "local.evil",
        "sub.music.example.org",
        "music.example.org.evil.example",
        # Delegated, so that somebody can own a name below it.
        "tonearm.fritz.box",
        "lan.evil.example",
        "tonearm.lan.evil.example",
        "[evil.example]",
        "[",
    ],
)
def test_names_that_a_stranger_may_own(host: str | None) -> None:
    assert not may_be_called(host, {"music.example.org"})


@pytest.mark.parametrize(
    ("server", "told"),
    [
        (("192.168.1.20", 80), "http://192.168.1.20"),
        (("192.168.1.20", 4533), "http://192.168.1.20:4533"),
        (("::ffff:192.168.1.20", 80), "http://192.168.1.20"),
        (("fd00::1", 80), "http://[fd00::1]"),
        (("127.0.0.1", 4533), None),
        (("::ffff:127.0.0.1", 80), None),
        (("::1", 80), None),
        (("fe80::1%eth0", 80), None),
        (("/run/socket", None), None),
        (("somewhere", 80), None),
        (None, None),
    ],
)
def test_the_address_without_a_name(server: tuple[str, int | None] | None, told: str | None) -> None:
    assert address(server) == told
