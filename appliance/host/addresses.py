"""The addresses that this machine is reached by in its house. No netlink and no program: a sandbox may forbid both."""

import array
import fcntl
import ipaddress
import re
import socket
import struct
from pathlib import Path
from typing import Final, NamedTuple

#: ``netdevice(7)``: every IPv4 address, as an array of ``struct ifreq``.
_SIOCGIFCONF: Final = 0x8912
_IFREQ: Final = struct.calcsize("@16s2LH3B0L")
_MOST: Final = 256
#: Interfaces that lead to containers, virtual machines and tunnels rather than into the house.
_INWARD: Final = re.compile(
    r"lo|(?:docker|br-|veth|virbr|vnet|lxc|lxd|cni|flannel|cali|podman|tun|tap|wg|zt|tailscale)"
)
_WIRED: Final = re.compile(r"e(?:th|n)")
#: Flags of ``/proc/net/if_inet6``: temporary, deprecated or not yet checked.
_PASSING: Final = 0x01 | 0x20 | 0x40


class Address(NamedTuple):
    interface: str
    text: str
    """As it stands in an URL: IPv6 in brackets."""


def addresses(proc: Path = Path("/proc")) -> list[Address]:
    """Where the house finds the machine, the wired ones first: IPv4, or IPv6 where there is none."""
    found = [address for address in (ipv4() or ipv6(proc)) if not _INWARD.match(address.interface)]
    return sorted(found, key=lambda address: (not _WIRED.match(address.interface), address))


def has_link(sys: Path = Path("/sys")) -> bool:
    """Whether anything is connected: a cable that somebody holds the other end of, or a wireless network."""
    for carrier in (sys / "class/net").glob("*/carrier"):
        try:
            if not _INWARD.match(carrier.parent.name) and carrier.read_text().strip() == "1":
                return True
        except OSError:
            continue  # an interface that is down has none to read
    return False


def ipv4() -> list[Address]:
    """Every IPv4 address that leaves the machine."""
    room = array.array("B", bytes(_IFREQ * _MOST))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("iP", len(room), room.buffer_info()[0])
        length, _ = struct.unpack("iP", fcntl.ioctl(any_socket.fileno(), _SIOCGIFCONF, asked))
    entries = [bytes(room[at : at + _IFREQ]) for at in range(0, length, _IFREQ)]
    found = [(_interface(entry[:16]), ipaddress.IPv4Address(entry[20:24])) for entry in entries]
    return [Address(name, str(ip)) for name, ip in found if not (ip.is_link_local or ip.is_loopback)]


def ipv6(proc: Path) -> list[Address]:
    """Every IPv6 address that stays and leaves the machine. ``proc``: where the kernel tells of them."""
    try:
        lines = [line.split() for line in (proc / "net/if_inet6").read_text().splitlines()]
    except OSError:
        return []
    return [
        Address(name, f"[{ipaddress.IPv6Address(bytes.fromhex(digits))}]")
        for digits, _, _, scope, flags, name in lines
        if int(scope, 16) == 0 and not int(flags, 16) & _PASSING
    ]


def _interface(field: bytes) -> str:
    """The name of an interface, without the number of an alias: ``eth0:1`` is ``eth0``."""
    return field.partition(b"\0")[0].decode().partition(":")[0]
