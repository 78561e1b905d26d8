"""A request's parameters and body as typed values, or every fault of them at once.

A field of the type ``T | UnsetType`` with the default ``UNSET`` may be left out, and then is ``UNSET``: so an update
tells what it leaves alone from what it takes away, which is ``null``, where ``T`` allows it.
"""

import functools
import re
from collections.abc import Mapping
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

from appliance.api.rest.errors import Fault, Invalid

StructT = TypeVar("StructT", bound=msgspec.Struct)

_MISSING = object()
#: What msgspec adds to its words about a part of a value, as in "Expected `int` - at `$.all[0].value`".
_PART = re.compile(r" - at `\$((?:\.\w+|\[(?:\d+|\.\.\.)\])+)`$")
_STEP = re.compile(r"\w+|\.\.\.")


class _Field(msgspec.Struct, frozen=True):
    name: str
    type: Any
    element: Any
    """The type of one value where several may be given; else None."""
    required: bool


@functools.cache
def _fields(type_: type[msgspec.Struct]) -> dict[str, _Field]:
    return {
        field.encode_name: _Field(field.encode_name, field.type, _element(field.type), field.required)
        for field in msgspec.structs.fields(type_)
    }


def _element(type_: Any) -> Any:
    """Of ``tuple[T, ...]``, annotated or not, that may be left out or not, ``T``; None for any other type."""
    return next((get_args(kind)[0] for kind in _kinds(type_) if get_origin(kind) is tuple), None)


def query(type_: type[StructT], given: Mapping[str, list[str]]) -> StructT:
    """The query parameters as ``type_``. Raises ``Invalid``.

    A field that is a tuple may be given repeatedly; one named ``sorting`` is one value with commas.
    """
    fields = _fields(type_)
    faults = [_unknown("query", name) for name in given if name not in fields]
    values: dict[str, Any] = {}
    for name, texts in given.items():
        if name not in fields:
            continue
        field = fields[name]
        if field.element is None and len(texts) > 1:
            faults.append(Fault(["query", name], "Given more than once.", "invalid"))
        elif field.element is None:
            values[name] = texts[0]
        else:
            values[name] = [part for text in texts for part in text.split(",")] if name == "sorting" else texts
    return _build(type_, "query", values, faults, strict=False)


def body(type_: type[StructT], data: bytes) -> StructT:
    """The JSON body as ``type_``. Raises ``Invalid``. Of an object given the same key twice, the last counts."""
    try:
        values = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid([Fault(["body"], f"Not JSON: {error}", "not_json")]) from None
    except RecursionError:
        raise Invalid([Fault(["body"], "Nested too deeply.", "not_json")]) from None
    if not isinstance(values, dict):
        raise Invalid([Fault(["body"], "Expected an object.", "invalid")])
    faults = [_unknown("body", name) for name in values if name not in _fields(type_)]
    try:
        return _build(type_, "body", values, faults, strict=True)
    except RecursionError:
        raise Invalid([Fault(["body"], "Nested too deeply.", "invalid")]) from None


def _build(
    type_: type[StructT], place: str, values: Mapping[str, Any], faults: list[Fault], *, strict: bool
) -> StructT:
    built: dict[str, Any] = {}
    for field in _fields(type_).values():
        value = values.get(field.name, _MISSING)
        if value is _MISSING:
            if field.required:
                faults.append(Fault([place, field.name], "Required.", "required"))
            continue
        faults += _faults([place, field.name], value, field.type, strict=strict)
        if not faults:
            built[field.name] = msgspec.convert(value, field.type, strict=strict)
    if faults:
        raise Invalid(faults)
    return msgspec.convert(built, type_, from_attributes=False)


def _faults(loc: list[str], value: Any, type_: Any, *, strict: bool) -> list[Fault]:
    """What is wrong with a value: each wrong part by itself, where it has parts, else the whole."""
    try:
        msgspec.convert(value, type_, strict=strict)
    except msgspec.ValidationError as error:
        words, steps = _located(str(error))
        return _faults_within(loc, value, type_, strict=strict) or [Fault([*loc, *steps], words, "invalid")]
    return []


def _faults_within(loc: list[str], value: Any, type_: Any, *, strict: bool) -> list[Fault]:
    for kind in _kinds(type_):
        if isinstance(value, list) and get_origin(kind) is tuple:
            # Parameters that are given repeatedly have no numbers.
            numbered = ([*loc, str(number)] if loc[0] == "body" else loc for number in range(len(value)))
            return [
                fault
                for where, part in zip(numbered, value, strict=True)
                for fault in _faults(where, part, get_args(kind)[0], strict=strict)
            ]
        if isinstance(value, dict) and isinstance(kind, msgspec.StructMeta) and _is_of(kind, value):
            return _faults_of_object(loc, value, kind, strict=strict)
    return []


def _faults_of_object(loc: list[str], value: dict[str, Any], type_: Any, *, strict: bool) -> list[Fault]:
    config = type_.__struct_config__
    fields = _fields(type_)
    known = {*fields, config.tag_field}
    faults = [Fault([*loc, name[:100]], "Unknown field.", "unknown") for name in value if name not in known]
    for field in fields.values():
        if field.name in value:
            faults += _faults([*loc, field.name], value[field.name], field.type, strict=strict)
        elif field.required:
            faults.append(Fault([*loc, field.name], "Required.", "required"))
    return faults


def _is_of(type_: Any, value: dict[str, Any]) -> bool:
    """Whether an object says that it is one of this kind, where there are several."""
    config = type_.__struct_config__
    return config.tag_field is None or value.get(config.tag_field) == config.tag


def _kinds(type_: Any) -> tuple[Any, ...]:
    """The alternatives that a type leaves, without their annotations."""
    if hasattr(type_, "__metadata__"):
        return _kinds(get_args(type_)[0])
    if get_origin(type_) in {Union, UnionType}:
        return tuple(kind for part in get_args(type_) for kind in _kinds(part))
    return (type_,)


def _located(words: str) -> tuple[str, list[str]]:
    """What msgspec says of a value, and the way to the part that it says it of."""
    part = _PART.search(words)
    if part is None:
        return words, []
    return words[: part.start()], _STEP.findall(part[1])


def _unknown(place: str, name: str) -> Fault:
    return Fault(
        [place, name[:100]], "There is no such parameter." if place == "query" else "Unknown field.", "unknown"
    )
