"""Addresses on the Internet that people or feeds name: what is taken for one.

Nothing is fetched by this, and no name is resolved: where an address leads is judged when a connection is made, since a
name may resolve differently the next time.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

#: Bytes; what an index of PostgreSQL can hold, and far more than any station needs.
LONGEST_ADDRESS = 2_000
_TOO_LONG = f"An address has at most {LONGEST_ADDRESS:,} bytes."
_SCHEMES = ("http", "https")
#: A name or an IPv4 address; letters of other alphabets as well. An IPv6 address stands in brackets, and is not this.
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_LONGEST_HOST = 253
_HOST_AND_PORT = re.compile(r"(\[[^][]*:[^][]*\]|[^][:]+)(:[0-9]*)?")


def fault_of_address(text: str) -> str | None:
    """Why this is no address of something on the web, as a sentence; None when it is one.

    It is ``http`` or ``https``, names a host, holds no user or password (they would be shown to everybody who may see
    the address), and nothing that a reader does not see or that two programs read differently.
    """
    if len(text) > LONGEST_ADDRESS:
        return _TOO_LONG
    if any(unicodedata.category(character)[0] in "CZ" for character in text):
        return "An address has no spaces and no control characters."
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "This is no address: its host or its port cannot be read."
    if parts.scheme not in _SCHEMES or not text[len(parts.scheme) :].startswith("://"):
        return "An address begins with http:// or https://."
    if "\\" in text or port == 0 or not _is_host(host, parts.netloc):
        return "This is no address: its host or its port cannot be read."
    if "@" in parts.netloc:
        return "An address holds no user name and no password."
    if len(normal_address(text).encode()) > LONGEST_ADDRESS:
        return _TOO_LONG
    return None


def normal_address(text: str) -> str:
    """An address without fault as it is kept: scheme and host in lower case, so that one is not there twice."""
    parts = urlsplit(text)
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


def host_of(text: str) -> str:
    """The host of an address without fault, in lower case."""
    return urlsplit(text).hostname or ""


def _is_host(host: str, netloc: str) -> bool:
    """Of what ``urlsplit`` found; how much it judges itself depends on the version of Python."""
    if not _HOST_AND_PORT.fullmatch(netloc.rpartition("@")[2]):
        return False
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return False
        return "%" not in host
    labels = host.removesuffix(".").split(".")
    return len(host) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, labels))
