"""What is asked of the interfaces, made from their tables: operations, parameters, bodies, things of one's own."""

import enum
import types
from collections.abc import Collection, Iterator
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import msgspec

from appliance.api.rest import OPERATIONS
from appliance.api.rest.operation import Nothing, Operation
from tests.api.belongings import BODIES, ENDPOINTS, MADE_IN_PLACE, MADE_OTHERWISE, OWNED, PRIVATE, Endpoint
from tests.api.household import ATTIC, CLOSED, Answer, Household, Music

BY_NAME = {operation.name: operation for operation in OPERATIONS}
OF_ONE_THING = [operation for operation in OPERATIONS if "{id}" in operation.path]
THEIRS = [*OWNED, *MADE_OTHERWISE]
READS = [
    operation.name
    for operation in OPERATIONS
    if operation.method == "GET" and "{" not in operation.path and operation.streams is None
]
#: Of Subsonic's lists of albums: the last are those where what somebody left on them decides.
_ORDERS = (
    *("alphabeticalByName", "alphabeticalByArtist", "byYear", "byGenre", "newest", "random"),
    *("frequent", "highest", "recent", "starred"),
)


async def make(household: Household, who: str, place: str) -> UUID:
    """One of their own, of music from the parlour."""
    if place in MADE_OTHERWISE:
        return await MADE_OTHERWISE[place](household, who)
    return UUID((await make_of(household, who, place, household.estate.parlour))["id"])


async def make_of(household: Household, who: str, place: str, music: Music) -> Any:
    """What is answered of one that is made."""
    answer = await household.rest(who, "POST", f"{place}/", OWNED[place](music))
    assert answer.status == 201, (
        f"POST {place}/ answered {answer.status}: its body in OWNED, in tests/api/belongings.py, makes nothing. "
        f"{answer.body!r}"
    )
    return answer.json()


async def make_in_place(household: Household, who: str, music: Music) -> None:
    """What has no id."""
    for name, body in MADE_IN_PLACE.items():
        operation = BY_NAME[name]
        answer = await household.rest(who, operation.method, operation.path, body(music))
        assert answer.status == operation.status, (name, answer)


def body_of(operation: Operation, music: Music) -> dict[str, Any] | None:
    if operation.body is Nothing:
        return None
    return BODIES[operation.name](music) if operation.name in BODIES else {}


def told(answer: Answer, ids: Collection[UUID], word: str) -> bool:
    """Whether it has any of the ids, or the word, in it."""
    return word.encode() in answer.body.lower() or any(answer.names(id_) for id_ in ids)


def values(type_: Any, ids: list[UUID]) -> list[Any]:
    """What somebody might give for a parameter of this type, to get at what they may not see."""
    if hasattr(type_, "__metadata__"):
        return values(get_args(type_)[0], ids)
    if get_origin(type_) in {Union, types.UnionType, tuple}:
        return [value for part in get_args(type_) if part is not Ellipsis for value in values(part, ids)]
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        return [member.value for member in type_]
    texts = [CLOSED, PRIVATE, "air", "mixed"]
    known: dict[Any, list[Any]] = {UUID: ids, str: texts, int: [ATTIC], bool: ["true", "false"]}
    return known.get(type_, [])


def queries(operation: Operation, ids: list[UUID]) -> Iterator[dict[str, Any]]:
    """As much as a page holds, and each parameter with each value."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(operation.query)}
    needed = {name: values(field.type, ids)[0] for name, field in fields.items() if field.required}
    if "limit" in fields:
        needed["limit"] = 500
    yield needed
    for name, field in fields.items():
        if name not in {"page", "limit"}:
            yield from (needed | {name: value} for value in values(field.type, ids))


async def code(household: Household, who: str | None, endpoint: str, **parameters: Any) -> int | None:
    """Of the refusal; None when there is none."""
    answer = await household.subsonic(who, endpoint, **{**ENDPOINTS[endpoint].beside, **parameters})
    if not answer.body.startswith(b"{"):
        return None
    content = answer.json()["subsonic-response"]
    return None if content["status"] == "ok" else int(content["error"]["code"])


def narrowings(row: Endpoint) -> Iterator[dict[str, Any]]:
    """With what an app may ask for the part of the music that is in the attic."""
    yield from (
        {},
        {"size": 500, "count": 500, "albumCount": 500, "artistCount": 500, "songCount": 500},
        {"id": ATTIC},
        {"musicFolderId": ATTIC},
    )
    if "query" in row.beside:
        yield from ({"query": query} for query in (CLOSED, "mixed"))
    for genre in ("Air", f"{CLOSED} genre"):
        if "genre" in row.beside:
            yield {"genre": genre}
        if "type" in row.beside:
            years = {"size": 500, "fromYear": 1900, "toYear": 2100}
            yield from ({"type": order, "genre": genre, **years} for order in _ORDERS)


def of_kinds(endpoint: Endpoint, music: Music) -> Iterator[str]:
    """An id of each kind that it takes, but for pictures."""
    known = {"ar": music.artist, "al": music.album, "tr": music.track}
    yield from (f"{kind}-{known[kind].hex}" for kind in endpoint.kinds.split() if kind in known)
