"""Plain values, as ``msgspec.to_builtins`` gives them, as XML by the protocol's rule.

A dictionary is an element: its numbers and texts are attributes, but for ``value``, which is the element's text;
its dictionaries are child elements, and each of a list's members is one of them. Keys are names of ours.
"""

import re
from collections.abc import Callable, Mapping

NAMESPACE = "http://subsonic.org/restapi"
_TEXT = "value"
_NESTED = {dict, list}
# What XML 1.0 section 2.2 has no place for, and what has a meaning inside a quoted attribute.
_SPECIAL = re.compile('[&<>"\t\n\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]')
_find_special = _SPECIAL.search
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def document(name: str, root: Mapping[str, object]) -> bytes:
    """The element and everything below it, in Subsonic's namespace, as UTF-8."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(out.append, name, {"xmlns": NAMESPACE, **root})
    return "".join(out).encode()


def _write(put: Callable[[str], object], name: str, element: Mapping[str, object]) -> None:
    put(f"<{name}")
    text = ""
    below: list[tuple[str, object]] = []
    for key, value in element.items():
        if type(value) in _NESTED:
            below.append((key, value))
        elif key == _TEXT:
            text = _plain(value)
        else:
            put(f' {key}="{_plain(value)}"')
    if not below and not text:
        put("/>")
        return
    put(f">{text}")
    for key, value in below:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                _write(put, key, each)
            else:
                put(f"<{key}>{_plain(each)}</{key}>")
    put(f"</{name}>")


def _plain(value: object) -> str:
    # The commonest type first: this runs ten thousand times for a list of 500 albums.
    if isinstance(value, str):
        return value if _find_special(value) is None else _SPECIAL.sub(_escape, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _escape(found: re.Match[str]) -> str:
    """What XML cannot carry at all is left out."""
    return _ENTITIES.get(found[0], "")
