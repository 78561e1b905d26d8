"""Databases of a test's own, each a copy of one that was made ready before."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from psycopg import sql

_numbers = itertools.count(1)


def at(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return url.replace("/tonearm?", f"/{name}?")


@contextmanager
def copied(server: str, template: str) -> Iterator[str]:
    """The URL of a copy of ``template``, to which nobody may be connected; dropped when the block ends."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        # File by file: a copy through the log takes six times as long, and no test needs its database to survive.
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield at(server, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class Copy:
    """A copy of ``template`` that is made anew whenever somebody has written to it: most tests only read.

    ``drop`` it in the end.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._made: ExitStack | None = None
        self._url = ""
        self._written = ""

    def url(self) -> str:
        """Of the template as it was. Nobody may be connected to what was given before."""
        if self._made is None or self._written != self._last_write():
            self.drop()
            self._made = ExitStack()
            self._url = self._made.enter_context(copied(self._server, self._template))
            self._written = self._last_write()
        return self._url

    def drop(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None

    def _last_write(self) -> str:
        """The number of the next transaction: each that writes anything, anywhere on the server, takes one."""
        with psycopg.connect(self._server, autocommit=True) as connection:
            row = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row is not None
        return str(row[0])
