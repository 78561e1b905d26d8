"""What a newcomer sees at the first start."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.journeys.server import Server

_SIGN_IN = re.compile(r"Sign in as (\S+) with the password (\S+)")


class FirstStart(msgspec.Struct, frozen=True):
    """A server, and what its terminal said."""

    server: Server
    name: str
    password: str
    """The one-time password."""


@contextmanager
def start_first(data_dir: Path) -> Iterator[FirstStart]:
    """Start without music and without settings; whoever reads the terminal can sign in."""
    with Server(data_dir, password="") as server:
        server.until_says("Sign in as")
        found = _SIGN_IN.search(server.output)
        assert found, server.output
        server.user, server.password = found[1], found[2]
        server.until_scanned()
        yield FirstStart(server, found[1], found[2])
