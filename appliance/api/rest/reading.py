"""A request's parameters and body as typed values, or every fault of them at once."""

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from appliance.api.rest.errors import Fault, Invalid

StructT = TypeVar("StructT", bound=msgspec.Struct)

_MISSING = object()


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
    """Of ``tuple[T, ...]``, annotated or not, ``T``; None for any other type."""
    bare = get_args(type_)[0] if hasattr(type_, "__metadata__") else type_
    return get_args(bare)[0] if get_origin(bare) is tuple else None


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
    return _build(type_, "body", values, faults, strict=True)


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
        faults += _faults_of(field, value, place, strict=strict)
        if not faults:
            built[field.name] = msgspec.convert(value, field.type, strict=strict)
    if faults:
        raise Invalid(faults)
    return msgspec.convert(built, type_, from_attributes=False)


def _faults_of(field: _Field, value: Any, place: str, *, strict: bool) -> Iterable[Fault]:
    """What is wrong with a value: each wrong element of a list by itself, else the whole."""
    if field.element is not None and isinstance(value, list):
        wrong = [fault for part in value for fault in _fault(field.name, part, field.element, place, strict=strict)]
        if wrong:
            return wrong
    return _fault(field.name, value, field.type, place, strict=strict)


def _fault(name: str, value: Any, type_: Any, place: str, *, strict: bool) -> list[Fault]:
    try:
        msgspec.convert(value, type_, strict=strict)
    except msgspec.ValidationError as error:
        return [Fault([place, name], str(error), "invalid")]
    return []


def _unknown(place: str, name: str) -> Fault:
    return Fault(
        [place, name[:100]], "There is no such parameter." if place == "query" else "Unknown field.", "unknown"
    )
