"""The addresses of this very machine, held against what other programs find; and those of a machine on paper."""

import socket
from pathlib import Path

import psutil

from appliance.host.addresses import _INWARD, Address, addresses, has_link, ipv6


def test_this_machine_s_addresses_are_those_that_psutil_finds() -> None:
    known = {
        address.address
        for interface, found in psutil.net_if_addrs().items()
        for address in found
        if address.family == socket.AF_INET
        and not address.address.startswith(("127.", "169.254."))
        and not _INWARD.match(interface)
    }
    assert {address.text for address in addresses() if not address.text.startswith("[")} == known


def test_without_ipv4_it_is_ipv6_that_stays_and_reaches_the_house(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/if_inet6").write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe800000000000000000000000000001 02 40 20 80     eth0\n"
        "20010db8000000000000000000000002 03 40 00 80    wlan0\n"
        "20010db8000000000000000000000001 02 40 00 80     eth0\n"
        "20010db8000000000000000000000009 02 40 00 01     eth0\n"
        "20010db8000000000000000000000008 02 40 00 a0     eth0\n"
        "20010db80000000000000000000000aa 04 40 00 80  docker0\n"
    )
    found = sorted(ipv6(tmp_path))
    assert found == [
        Address("docker0", "[2001:db8::aa]"),
        Address("eth0", "[2001:db8::1]"),
        Address("wlan0", "[2001:db8::2]"),
    ]


def test_a_machine_without_ipv6_has_none(tmp_path: Path) -> None:
    assert list(ipv6(tmp_path)) == []


def test_a_link_is_one_that_somebody_holds_the_other_end_of(tmp_path: Path) -> None:
    for interface, carrier in (("lo", "1"), ("docker0", "1"), ("veth12", "1"), ("eth0", "0")):
        (tmp_path / "class/net" / interface).mkdir(parents=True)
        (tmp_path / "class/net" / interface / "carrier").write_text(f"{carrier}\n")
    assert not has_link(tmp_path)
    (tmp_path / "class/net/eth0/carrier").write_text("1\n")
    assert has_link(tmp_path)
    assert not has_link(tmp_path / "nothing")
