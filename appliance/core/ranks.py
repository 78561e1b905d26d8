"""Ranks: texts that put the entries of a list in order, and between any two of which there is another.

A rank is a path of whole numbers, written so that bytes compare as the paths do: ``(5,)`` before ``(5, -1)`` before
``(5, 0)`` before ``(6,)``. Whoever adds to an end counts on, and the rank stays short; whoever squeezes in goes one
number deeper. The coding of a number, its first letter telling length and sign, is that of Evan Wallace and David
Greenspan's fractional indexing.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(_DIGITS)
#: How many numbers are coded in one digit, in at most two, …; the letter ``a`` stands for one digit, ``b`` for two.
_REACH = [sum(_BASE**digits for digits in range(1, most + 1)) for most in range(1, 9)]

Path = tuple[int, ...]


def between(low: str | None, high: str | None) -> str:
    """A rank after ``low`` and before ``high``, close to ``low``; None is the beginning, or the end."""
    if low is None:
        return "".join(_coded(number) for number in ((_path(high)[0] - 1,) if high else (0,)))
    below = _path(low)
    return "".join(_coded(number) for number in _between(below, _path(high) if high else None))


def spread(count: int) -> Iterator[str]:
    """The shortest ranks for so many entries, in order."""
    return (_coded(number) for number in range(count))


def _between(low: Path, high: Path | None) -> Path:
    if high is None:
        return (low[0] + 1,)
    fork = next((level for level, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    if fork == len(low):
        return (*low, high[fork] - 1)
    if high[fork] - low[fork] > 1:
        return (*low[:fork], low[fork] + 1)
    # Neighbours: a step further on the level below ``low``, or the first step there.
    deeper = fork + 1
    return (*low[:deeper], low[deeper] + 1) if deeper < len(low) else (*low, 0)


def _coded(number: int) -> str:
    """Negative numbers are coded from ``Z`` downwards, with the digits of what they lack to the next longer one."""
    size = number if number >= 0 else -1 - number
    digits = bisect_right(_REACH, size) + 1
    rest = size - (_REACH[digits - 2] if digits > 1 else 0)
    if number < 0:
        rest = _BASE**digits - 1 - rest
    text = ""
    for _ in range(digits):
        rest, digit = divmod(rest, _BASE)
        text = _DIGITS[digit] + text
    return (chr(ord("a") + digits - 1) if number >= 0 else chr(ord("Z") - digits + 1)) + text


def _path(rank: str) -> Path:
    letters = iter(rank)
    return tuple(_decoded(letter, letters) for letter in letters)


def _decoded(letter: str, letters: Iterator[str]) -> int:
    positive = letter >= "a"
    digits = ord(letter) - ord("a") + 1 if positive else ord("Z") - ord(letter) + 1
    rest = 0
    for digit in islice(letters, digits):
        rest = rest * _BASE + _DIGITS.index(digit)
    shorter = _REACH[digits - 2] if digits > 1 else 0
    return shorter + rest if positive else -1 - shorter - (_BASE**digits - 1 - rest)
