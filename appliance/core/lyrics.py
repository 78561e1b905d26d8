"""The words of a track: plain, or timed in the LRC format.

LRC has no standard; this reads what is found: ``[mm:ss]``, ``[mm:ss.x]`` to ``[mm:ss.xxx]`` or with ``:`` before the
fraction, several in front of one line, ``[offset:±ms]``, other ``[name:value]`` lines, and word times ``<mm:ss.xx>``.
"""

import re
from typing import Final

import msgspec

_STAMP: Final = re.compile(r"\[(\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?\]", re.ASCII)
_WORD_STAMP: Final = re.compile(r"<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>", re.ASCII)
_HEADER: Final = re.compile(r"\[([A-Za-z#]{1,20}):([^\]]{0,500})\]\s*", re.ASCII)
_OFFSET: Final = re.compile(r"\s*([+-]?\d{1,7})\s*", re.ASCII)
_SPELLED: Final = re.compile(r"[a-z]{2,3}", re.ASCII)

#: Lines that are kept of one text, and characters of a line that is timed: one line may stand at many times.
_MOST_LINES: Final = 5_000
_LONGEST_TIMED: Final = 1_000
_MOST_STAMPS: Final = 50


class Line(msgspec.Struct, frozen=True):
    """One line."""

    text: str
    start_ms: int | None = None
    """When it is sung; None in plain lyrics."""


class Lyrics(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one track."""

    synced: bool
    """Whether every line has its time."""
    language: str | None
    """ISO 639, two or three letters; None where nobody told it."""
    lines: tuple[Line, ...]
    """Of timed lyrics in the order of their times; of plain ones as they are, empty ones between verses as well."""


def read_lyrics(text: str, language: str | None = None) -> Lyrics:
    """What ``text`` holds. ``language``: as the tag tells it, which counts before what is in the text."""
    timed: list[Line] = []
    plain: list[Line] = []
    offset = 0
    for raw in text.split("\n"):
        line = raw.strip()
        if header := _HEADER.fullmatch(line):
            name, value = header[1].lower(), header[2]
            if name == "offset" and (given := _OFFSET.fullmatch(value)):
                offset = int(given[1])
            elif name in {"la", "lang"} and _SPELLED.fullmatch(value.strip().lower()):
                language = language or value.strip().lower()
            continue
        times, words = _times_of(line)
        timed += [Line(words, time) for time in times]
        plain.append(Line(words))
        if len(timed) > _MOST_LINES or len(plain) > _MOST_LINES:
            break
    if not timed:
        return Lyrics(synced=False, language=language, lines=tuple(_trimmed(plain)[:_MOST_LINES]))
    # A positive offset makes the words come sooner.
    moved = [Line(line.text, max(0, (line.start_ms or 0) - offset)) for line in timed[:_MOST_LINES]]
    return Lyrics(synced=True, language=language, lines=tuple(sorted(moved, key=lambda line: line.start_ms or 0)))


def _times_of(line: str) -> tuple[list[int], str]:
    """The times in front of a line, in ms, and its words."""
    times: list[int] = []
    end = 0
    while (stamp := _STAMP.match(line, end)) and len(times) < _MOST_STAMPS:
        fraction = (stamp[3] or "0").ljust(3, "0")
        times.append(int(stamp[1]) * 60_000 + int(stamp[2]) * 1_000 + int(fraction))
        end = stamp.end()
    if not times:
        return [], line
    return times, _WORD_STAMP.sub("", line[end : end + _LONGEST_TIMED]).strip()


def _trimmed(lines: list[Line]) -> list[Line]:
    """Without the empty ones at either end."""
    first = next((index for index, line in enumerate(lines) if line.text), len(lines))
    last = next((index for index in range(len(lines), first, -1) if lines[index - 1].text), first)
    return lines[first:last]
