"""Plain values as XML, by the protocol's rule.

A dictionary is an element: its numbers and texts are attributes, but for ``value``, which is the element's text;
its dictionaries are child elements, and each of a list's members is one of them. Keys are names of ours.
"""

import re
from collections.abc import Mapping

NAMESPACE = "http://subsonic.org/restapi"
_TEXT = "value"
# What XML 1.0 section 2.2 has no place for, and what has a meaning inside a quoted attribute.
_SPECIAL = re.compile('[&<>"\t\n\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def document(name: str, root: Mapping[str, object]) -> bytes:
    """The element and everything below it, in Subsonic's namespace, as UTF-8."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write_element(out, name, {"xmlns": NAMESPACE, **root})
    return "".join(out).encode()


def _write_element(out: list[str], name: str, element: Mapping[str, object]) -> None:
    out.append(f"<{name}")
    children: list[tuple[str, object]] = []
    text = ""
    for key, value in element.items():
        if isinstance(value, (dict, list)):
            children.append((key, value))
        elif key == _TEXT:
            text = _plain(value)
        else:
            out.append(f' {key}="{_plain(value)}"')
    if not children and not text:
        out.append("/>")
        return
    out.append(f">{text}")
    for key, value in children:
        _write(out, key, value)
    out.append(f"</{name}>")


def _write(out: list[str], name: str, value: object) -> None:
    if isinstance(value, dict):
        _write_element(out, name, value)
    elif isinstance(value, list):
        for each in value:
            _write(out, name, each)
    else:
        out.append(f"<{name}>{_plain(value)}</{name}>")


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value if _SPECIAL.search(value) is None else _SPECIAL.sub(_escape, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _escape(found: re.Match[str]) -> str:
    """What XML cannot carry at all is left out."""
    return _ENTITIES.get(found[0], "")
