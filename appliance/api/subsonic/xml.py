"""Response objects as XML, by one walk over their fields."""

import re
from collections.abc import Sequence
from functools import cache

import msgspec

from appliance.api.subsonic.responses import Node

NAMESPACE = "http://subsonic.org/restapi"
_TEXT = "value"
# What XML 1.0 section 2.2 has no place for, and what has a meaning inside a quoted attribute.
_SPECIAL = re.compile('[&<>"\t\n\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


class Field(msgspec.Struct, frozen=True):
    """A field of a response object."""

    attribute: str
    """As Python calls it."""
    name: str
    """As the protocol calls it."""
    added: bool
    """By OpenSubsonic."""


@cache
def fields(kind: type[Node]) -> tuple[Field, ...]:
    """Those of a response class, in order."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101  # narrows the type; every Node is one
    return tuple(
        Field(
            field.name,
            field.encode_name,
            isinstance(field.type, msgspec.inspect.Metadata) and bool((field.type.extra or {}).get("opensubsonic")),
        )
        for field in info.fields
    )


def escaped(text: str) -> str:
    """``text`` for an attribute or an element; what XML cannot carry is left out."""
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], ""), text)


def write(out: list[str], name: str, body: object, *, classic: bool) -> None:
    """Append the element, or the elements of a list. ``classic`` leaves OpenSubsonic's fields out."""
    if isinstance(body, Node):
        _write_node(out, name, body, classic=classic)
    elif isinstance(body, Sequence) and not isinstance(body, str):
        for each in body:
            write(out, name, each, classic=classic)
    else:
        out.append(f"<{name}>{_plain(body)}</{name}>")


def _write_node(out: list[str], name: str, node: Node, *, classic: bool) -> None:
    out.append(f"<{name}")
    children: list[tuple[str, object]] = []
    text = ""
    for field in fields(type(node)):
        value = getattr(node, field.attribute)
        if value is None or (classic and field.added):
            continue
        if isinstance(value, Node | list):
            children.append((field.name, value))
        elif field.attribute == _TEXT:
            text = _plain(value)
        else:
            out.append(f' {field.name}="{_plain(value)}"')
    if not children and not text:
        out.append("/>")
        return
    out.append(f">{text}")
    for child, value in children:
        write(out, child, value, classic=classic)
    out.append(f"</{name}>")


def _plain(value: object) -> str:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
