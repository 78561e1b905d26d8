"""Another user's things, asked for through every operation that there is.

Who may call an operation at all (``Access``) is asked of each in ``rest/test_rest_document``; the music of a library
that somebody may not see in ``test_library_matrix``. What is asked follows from the table of operations and that of the
endpoints, so that new ones are covered; what cannot be known from there stands in ``belongings``.
"""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from appliance.api.rest import OPERATIONS
from appliance.api.rest.operation import Access
from appliance.api.subsonic import door
from tests.api.asking import (
    BY_NAME,
    OF_ONE_THING,
    READS,
    THEIRS,
    body_of,
    code,
    make,
    make_in_place,
    of_kinds,
    queries,
    told,
)
from tests.api.belongings import (
    ASKED_BY_BODY,
    BODIES,
    BY_SECRET,
    ENDPOINTS,
    EVERYBODYS,
    KNOWN_TO_ALL,
    MADE_IN_PLACE,
    MADE_OTHERWISE,
    OWN_ONLY,
    OWNED,
    PRIVATE,
    SHOWN,
    STREAMS,
    resource,
    themselves,
)
from tests.api.household import Household

OF_SOMEBODYS = [
    operation.name
    for operation in OF_ONE_THING
    if resource(operation) in THEIRS and operation.access is not Access.ADMINISTRATORS
]
#: What is made under an id that the client may choose, by its path.
IDENTIFIED = [
    operation.path.rstrip("/")
    for operation in OPERATIONS
    if operation.path.rstrip("/") in OWNED and operation.method == "POST" and "id" in operation.body.__struct_fields__
]

# --- nothing is left out


def test_every_operation_on_a_single_thing_is_known_to_be_somebodys_or_everybodys() -> None:
    for operation in OF_ONE_THING:
        place = resource(operation)
        assert [place in table for table in (OWNED, MADE_OTHERWISE, EVERYBODYS)].count(True) == 1, (
            f"{operation.name}: add {place!r} to OWNED in tests/api/belongings.py with a body that makes one, "
            "or, if it belongs to nobody, to EVERYBODYS with the reason."
        )


def test_every_operation_on_what_is_named_otherwise_says_who_may() -> None:
    otherwise = {op.name for op in OPERATIONS if "{" in op.path.replace("{id}", "")}
    assert otherwise == set(BY_SECRET), "Say in BY_SECRET, in tests/api/belongings.py, who may call these, and test it."


def test_every_operation_that_is_no_reading_says_whose_or_what() -> None:
    makes = {f"{place}/" for place in OWNED}
    for operation in OPERATIONS:
        reads = operation.method == "GET" or "{" in operation.path or operation.path in makes
        if not reads and operation.access not in {Access.ADMINISTRATORS, Access.PUBLIC}:
            assert operation.name in {*MADE_IN_PLACE, *ASKED_BY_BODY, *OWN_ONLY}, (
                f"{operation.name}: add {operation.path!r} to OWNED in tests/api/belongings.py, or the operation to "
                "MADE_IN_PLACE, ASKED_BY_BODY or OWN_ONLY."
            )


def test_every_stream_has_a_test_of_what_it_tells_to_whom() -> None:
    streams = {operation.name for operation in OPERATIONS if operation.streams is not None}
    assert streams == set(STREAMS), "Test what it tells to whom, and name that test in STREAMS."
    assert [test for test in STREAMS.values() if not (Path(__file__).parents[2] / test).exists()] == []


def test_every_endpoint_is_known() -> None:
    missing = sorted(set(door.ENDPOINTS) - set(ENDPOINTS))
    assert not missing, f"Add {missing} to ENDPOINTS in tests/api/belongings.py: which ids they take, and who may call."
    assert set(ENDPOINTS) <= set(door.ENDPOINTS)


def test_nothing_is_told_of_what_is_not_there_any_more() -> None:
    resources = {resource(operation) for operation in OF_ONE_THING}
    assert {*THEIRS, *EVERYBODYS} <= resources
    assert {*SHOWN, *KNOWN_TO_ALL} <= set(THEIRS)
    assert {*BODIES, *MADE_IN_PLACE, *ASKED_BY_BODY, *OWN_ONLY} <= set(BY_NAME)


# --- another user's things


async def state(household: Household, who: str, place: str, thing: UUID) -> dict[str, Any]:
    """All that its owner reads of it, by itself and in the list."""
    found: dict[str, Any] = {}
    for operation in OPERATIONS:
        reads = operation.method == "GET" and operation.access is not Access.ADMINISTRATORS
        if reads and operation in OF_ONE_THING and resource(operation) == place:
            answer = await household.rest(who, "GET", operation.path.replace("{id}", str(thing)))
            assert answer.status == 200, (operation.name, answer)
            found[operation.name] = answer.json()
        elif reads and operation.path == f"{place}/":
            answer = await household.rest(who, "GET", operation.path, query={"limit": 500})
            found[operation.name] = [item for item in answer.json()["items"] if item["id"] == str(thing)]
    return found


@pytest.mark.parametrize("name", OF_SOMEBODYS)
async def test_another_users_thing_is_not_found_and_stays_as_it_is(household: Household, name: str) -> None:
    operation = BY_NAME[name]
    place = resource(operation)
    thing = await make(household, "ada", place)
    before = await state(household, "ada", place, thing)
    assert any(before.values()), f"{place} has no operation that reads one: nobody could tell what is there."
    path, body = operation.path.replace("{id}", str(thing)), body_of(operation, household.estate.parlour)

    for stranger in ("bo", "cy"):
        answer = await household.rest(stranger, operation.method, path, body)
        assert answer.status == 404, (stranger, answer)
    assert await state(household, "ada", place, thing) == before

    own = await household.rest("ada", operation.method, path, body)
    assert own.status == operation.status, (
        f"{name} answers its owner {own.status}, so that a 404 proves nothing: give it a body in BODIES, in "
        f"tests/api/belongings.py. {own.body!r}"
    )


@pytest.mark.parametrize("place", IDENTIFIED)
async def test_an_id_that_another_user_has_taken_tells_nothing_and_changes_nothing(
    household: Household, place: str
) -> None:
    thing = await make(household, "ada", place)
    before = await state(household, "ada", place, thing)
    body = OWNED[place](household.estate.parlour) | {"id": str(thing)}
    answer = await household.rest("bo", "POST", f"{place}/", body)
    assert answer.status == 409, answer
    assert not told(answer, (), PRIVATE), answer
    assert await state(household, "ada", place, thing) == before
    assert (await household.rest("bo", "GET", f"{place}/{thing}")).status == 404


async def test_another_users_private_playlist_cannot_be_shared(household: Household) -> None:
    playlist = str(await make(household, "ada", "/playlists"))
    body = {"kind": "playlist", "item_ids": [playlist]}
    assert (await household.rest("bo", "POST", "/shares/", body)).status == 404
    assert (await household.rest("ada", "POST", "/shares/", body)).status == 201


async def everything_of(household: Household, who: str) -> set[UUID]:
    """One of everything, made by them; the ids."""
    await make_in_place(household, who, household.estate.parlour)
    return {await make(household, who, place) for place in THEIRS if place not in KNOWN_TO_ALL}


async def test_no_list_shows_another_users_things(household: Household) -> None:
    things = await everything_of(household, "ada")
    ids = sorted(things | {await themselves(household, "ada")})
    seen: set[tuple[str, UUID]] = set()
    for name in READS:
        operation = BY_NAME[name]
        for query in queries(operation, ids):
            for stranger in ("bo", "guy"):
                answer = await household.rest(stranger, "GET", operation.path, query=query)
                if answer.status == 200:
                    assert not told(answer, things, PRIVATE), (name, query, answer)
            own = await household.rest("ada", "GET", operation.path, query=query)
            seen |= {(name, thing) for thing in things if own.names(thing)}
    # Their owner finds them, so that not to find them means something.
    assert {thing for _, thing in seen} == things
    assert any(name == "search" for name, _ in seen)


# --- at the other door


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_an_endpoint_refuses_whom_it_is_not_for(household: Household, endpoint: str) -> None:
    row = ENDPOINTS[endpoint]
    given = [{"id": id_} for id_ in of_kinds(row, household.estate.parlour)] or [{}]
    allowed = {
        "guy": row.access is Access.SIGNED_IN,
        "ada": row.access is not Access.ADMINISTRATORS,
        "root": True,
    }
    for parameters in given:
        assert await code(household, None, endpoint, **parameters) == 10
        for who, may in allowed.items():
            asked = parameters | ({"username": who} if "username" in row.beside else {})
            assert await code(household, who, endpoint, **asked) == (None if may else 50), (who, asked)
