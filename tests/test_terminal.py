"""The command line's voice, on a real terminal and where nobody watches."""

import io
import logging
import os
import pty
import re
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest

from appliance.terminal import Terminal


class Screen:
    """A pseudo-terminal: ``stream`` is what the program writes to, ``text`` what a person saw."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.stream: TextIO = os.fdopen(slave, "w", encoding="utf-8")
        self._seen = b""

    def text(self) -> str:
        self.stream.flush()
        os.set_blocking(self._master, False)
        try:
            while chunk := os.read(self._master, 65536):
                self._seen += chunk
        except BlockingIOError:
            pass
        return self._seen.decode()

    def close(self) -> None:
        self.stream.close()
        os.close(self._master)


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.close()


def test_a_line_is_said_as_it_is(screen: Screen) -> None:
    paper = io.StringIO()
    Terminal(paper).say("Ready.")
    Terminal(paper).say()
    assert paper.getvalue() == "Ready.\n\n"
    Terminal(screen.stream).say("Ready.")
    assert screen.text() == "Ready.\r\n"


def test_what_matters_is_bold_only_where_somebody_looks(screen: Screen) -> None:
    assert Terminal(io.StringIO()).emphasised("now") == "now"
    assert Terminal(screen.stream).emphasised("now") == "\033[1mnow\033[0m"


def test_where_nobody_watches_progress_is_a_line_at_its_beginning() -> None:
    paper = io.StringIO()
    terminal = Terminal(paper)
    with terminal.progress("Scanning", "files") as progress:
        for done in range(100):
            progress(done, 100)
        terminal.say("Still here.")
    assert paper.getvalue() == "Scanning…\nStill here.\n"


def test_on_a_terminal_progress_is_a_bar_with_its_rate_that_goes_away(screen: Screen) -> None:
    terminal = Terminal(screen.stream)
    with terminal.progress("Scanning", "files") as progress:
        progress(0, None)
        progress(25, 100)
        assert re.search(r"Scanning: +25%.*25/100.*files/s", screen.text())
        progress(90, 120)
        assert "90/120" in screen.text()
    ending = screen.text()
    assert re.search(r"\r +\r$", ending), ending[-200:]


def test_a_line_is_said_above_the_bar(screen: Screen) -> None:
    terminal = Terminal(screen.stream)
    with terminal.progress("Scanning", "files") as progress:
        progress(25, 100)
        before = len(screen.text())
        terminal.say("A remark.")
        said = screen.text()[before:]
        assert "A remark.\r\n" in said
        assert "25/100" in said.partition("A remark.")[2]
    terminal.say("Done.")
    assert screen.text().endswith("Done.\r\n")


def test_a_slow_rate_is_still_told_by_the_second(screen: Screen) -> None:
    with Terminal(screen.stream).progress("Composing", "tracks") as progress:
        progress(0, 21)
        progress(1, 21)
        assert "tracks/s]" in screen.text()
        assert "s/ tracks" not in screen.text()


def test_what_is_logged_meanwhile_stands_above_the_bar(screen: Screen) -> None:
    terminal = Terminal(screen.stream)
    handler = logging.StreamHandler(terminal)
    with terminal.progress("Scanning", "files") as progress:
        progress(25, 100)
        before = len(screen.text())
        handler.emit(logging.makeLogRecord({"msg": "scan.ended"}))
        logged = screen.text()[before:]
        assert re.search(r"\rscan\.ended\r\n", logged), logged
        assert "25/100" in logged.partition("scan.ended")[2]


def test_a_bar_goes_away_when_the_work_fails(screen: Screen) -> None:
    terminal = Terminal(screen.stream)
    with pytest.raises(ValueError, match="scratched"), terminal.progress("Scanning", "files"):
        raise ValueError("scratched")
    before = len(screen.text())
    terminal.say("Done.")
    assert screen.text()[before:] == "Done.\r\n"


def test_one_piece_of_work_may_follow_another(screen: Screen) -> None:
    terminal = Terminal(screen.stream)
    for title in ("First", "Second"):
        with terminal.progress(title, "files") as progress:
            progress(1, 2)
    assert "First:  50%" in screen.text()
    assert "Second:  50%" in screen.text()
