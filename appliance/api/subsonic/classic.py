"""Answers as Subsonic had them before OpenSubsonic, for clients that fail on fields that they do not know."""

from functools import cache

import msgspec

from appliance.api.subsonic.responses import Node

#: The names that these clients give themselves (``c``).
CLIENTS = frozenset({"DSub"})


def classic(body: object) -> object:
    """``body`` as plain values, without OpenSubsonic's fields."""
    if isinstance(body, Node):
        values = ((name, getattr(body, attribute)) for attribute, name in _fields(type(body)))
        return {name: classic(value) for name, value in values if value is not None}
    if isinstance(body, list):
        return [classic(each) for each in body]
    return body


@cache
def _fields(kind: type[Node]) -> tuple[tuple[str, str], ...]:
    """The fields that Subsonic 1.16.1 has, each as Python and as the protocol call it."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)  # narrows the type: every Node is one
    return tuple((field.name, field.encode_name) for field in info.fields if not _is_added(field.type))


def _is_added(kind: msgspec.inspect.Type) -> bool:
    return isinstance(kind, msgspec.inspect.Metadata) and bool((kind.extra or {}).get("opensubsonic"))
