"""How a request becomes typed values: what is left out, what is taken away, and every fault where it is."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest import reading
from appliance.api.rest.document import openapi
from appliance.api.rest.errors import Invalid
from appliance.api.rest.operation import Call, Nothing, Operation, Reply

Short = Annotated[str, Meta(max_length=5, description="A few letters.", examples=["abc"])]
Note = Annotated[Annotated[str, Meta(max_length=9)] | None, Meta(description="Or none.", examples=["x"])]
Ids = Annotated[tuple[UUID, ...], Meta(max_length=2, description="Some.", examples=[[]])]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something within."""

    number: int
    deeper: tuple["Part", ...] = ()


class Disc(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="disc"):
    """A round shape."""

    radius: int


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="is", tag="box"):
    """A shape with corners."""


Shapes = Annotated[tuple[Disc | Box, ...], Meta(description="Some.", examples=[[]])]
Inner = Annotated[Part | UnsetType, Meta(description="Something within.", examples=[{"number": 1}])]


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An update: every field may be left out."""

    name: Short | UnsetType = UNSET
    note: Note | UnsetType = UNSET
    ids: Ids | UnsetType = UNSET
    inner: Inner = UNSET
    shapes: Shapes | UnsetType = UNSET


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters, one of which may be left out."""

    name: Short | UnsetType = UNSET


def faults(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        reading.body(Change, body)
    return sorted((".".join(fault.loc), fault.type) for fault in refusal.value.faults)


def test_what_is_left_out_is_unset_and_null_takes_away() -> None:
    assert reading.body(Change, b"{}") == Change()
    assert reading.body(Change, b"{}").name is UNSET
    assert reading.body(Change, b'{"note": null}') == Change(note=None)
    assert reading.body(Change, b'{"name": "abc", "note": "x"}') == Change(name="abc", note="x")
    one = UUID(int=1)
    assert reading.body(Change, f'{{"ids": ["{one}"]}}'.encode()) == Change(ids=(one,))
    assert reading.body(Change, b'{"inner": {"number": 3}}') == Change(inner=Part(3))
    assert reading.query(Asked, {}) == Asked()
    assert reading.query(Asked, {"name": ["abc"]}) == Asked(name="abc")


def test_null_is_refused_where_there_must_be_something() -> None:
    assert faults(b'{"name": null, "ids": null, "inner": null}') == [
        ("body.ids", "invalid"),
        ("body.inner", "invalid"),
        ("body.name", "invalid"),
    ]


def test_every_wrong_field_is_told_at_once() -> None:
    assert faults(b'{"name": "abcdef", "note": 3, "colour": 1}') == [
        ("body.colour", "unknown"),
        ("body.name", "invalid"),
        ("body.note", "invalid"),
    ]


def test_a_fault_within_a_value_is_told_where_it_is() -> None:
    assert faults(b'{"ids": ["x", "00000000-0000-0000-0000-000000000000", 3]}') == [
        ("body.ids.0", "invalid"),
        ("body.ids.2", "invalid"),
    ]
    assert faults(b'{"inner": {"number": 1, "deeper": [{"number": 1}, {"number": "x"}]}}') == [
        ("body.inner.deeper.1.number", "invalid")
    ]
    assert faults(b'{"inner": {"number": 1, "` - at `$.lie`": 2}}') == [("body.inner.` - at `$.lie`", "unknown")]


def test_every_wrong_part_of_a_tree_is_told() -> None:
    assert faults(b'{"inner": {"deeper": [{"number": 1}, {"number": "x", "colour": 1}, {}, 7]}}') == [
        ("body.inner.deeper.1.colour", "unknown"),
        ("body.inner.deeper.1.number", "invalid"),
        ("body.inner.deeper.2.number", "required"),
        ("body.inner.deeper.3", "invalid"),
        ("body.inner.number", "required"),
    ]


def test_of_several_kinds_of_objects_the_one_that_is_named_is_held_to_its_own() -> None:
    assert faults(b'{"shapes": [{"is": "disc"}, {"is": "box", "radius": 1}, {"is": "cone"}, {}]}') == [
        ("body.shapes.0.radius", "required"),
        ("body.shapes.1.radius", "unknown"),
        ("body.shapes.2.is", "invalid"),
        ("body.shapes.3", "invalid"),
    ]


@pytest.mark.parametrize(("depth", "end"), [(2_000, b"7"), (100_000, b"7"), (100_000, b'{"number": 1}')])
def test_a_tree_without_end_is_refused(depth: int, end: bytes) -> None:
    tree = b'{"number": 1, "deeper": [' * depth + end + b"]}" * depth
    with pytest.raises(Invalid) as refusal:
        reading.body(Change, b'{"inner": ' + tree + b"}")
    assert {fault.loc[0] for fault in refusal.value.faults} == {"body"}


def test_too_many_of_a_list_that_may_be_left_out() -> None:
    zero = "00000000-0000-0000-0000-000000000000"
    assert faults(msgspec.json.encode({"ids": [zero] * 3})) == [("body.ids", "invalid")]


def test_the_document_lets_it_be_left_out_and_says_nothing_of_a_default() -> None:
    async def handle(_: Call[Any, Any]) -> Reply:
        return Reply()

    document = openapi(
        [
            Operation(
                name="change", method="PATCH", path="/things/{id}", tag="Things", summary="Change a thing",
                handle=handle, query=Asked, body=Change, answer=None, status=204,
            )
        ],
        "0",
    )  # fmt: skip
    schema = document["components"]["schemas"]["Change"]
    assert schema["required"] == []
    assert schema["properties"]["name"] == {
        "type": "string", "maxLength": 5, "description": "A few letters.", "examples": ["abc"]
    }  # fmt: skip
    assert {"type": "null"} in schema["properties"]["note"]["anyOf"]
    assert schema["properties"]["ids"]["maxItems"] == 2
    parameter = document["paths"]["/api/v1/things/{id}"]["patch"]["parameters"][1]
    assert parameter["required"] is False
    assert parameter["schema"] == {"type": "string", "maxLength": 5}
    assert Nothing.__name__ not in document["components"]["schemas"]
