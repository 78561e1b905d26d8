"""The music of a library that somebody may not see, asked for through every operation and endpoint that there is.

Cy may not see the attic (``household``). Nothing of it may be found by its id, be in a list, be counted or be made use
of: as if that library were not there.
"""

from collections.abc import Mapping
from uuid import UUID

import pytest

from appliance.api.rest.operation import Access, Operation
from tests.api.asking import (
    BY_NAME,
    OF_ONE_THING,
    READS,
    body_of,
    code,
    make_in_place,
    make_of,
    narrowings,
    of_kinds,
    queries,
    told,
)
from tests.api.belongings import ASKED_BY_BODY, ENDPOINTS, MADE_IN_PLACE, OWNED, SHOWN, resource
from tests.api.household import ATTIC, CLOSED, Household

#: Of what the prefixes of Subsonic's ids tell.
TABLES = {"ar": "artists", "al": "albums", "tr": "tracks", "pi": "artworks"}


def test_each_kind_of_parameter_is_tried() -> None:
    plays = list(queries(BY_NAME["list_plays"], [UUID(int=1), UUID(int=2)]))
    assert {"limit": 500, "track_id": UUID(int=2)} in plays
    tracks = list(queries(BY_NAME["list_tracks"], []))
    for tried in ({"genre": CLOSED}, {"library": ATTIC}, {"sorting": "title"}):
        assert {"limit": 500} | tried in tracks


@pytest.mark.parametrize("name", READS)
async def test_no_list_shows_music_of_a_library_that_one_may_not_see(household: Household, name: str) -> None:
    operation = BY_NAME[name]
    closed = household.estate.everything_closed
    for query in queries(operation, sorted(closed)):
        answer = await household.rest("cy", "GET", operation.path, query=query)
        if answer.status == 200:
            assert not told(answer, closed, CLOSED), (query, answer)
            content = answer.json()
            if "pagination" in content:
                assert content["pagination"]["total_count"] == len(content["items"]), (query, answer)


@pytest.mark.parametrize("name", ASKED_BY_BODY)
async def test_nor_does_what_is_asked_by_a_body(household: Household, name: str) -> None:
    operation, closed = BY_NAME[name], household.estate.everything_closed
    for who, finds in (("bo", True), ("cy", False)):
        answer = await household.rest(who, operation.method, operation.path, ASKED_BY_BODY[name])
        assert answer.status == operation.status, answer
        assert told(answer, closed, CLOSED) == finds, (who, answer)


@pytest.mark.parametrize("name", [op.name for op in OF_ONE_THING if op.access is not Access.ADMINISTRATORS])
async def test_nothing_of_a_library_that_one_may_not_see_is_found_by_its_id(household: Household, name: str) -> None:
    operation = BY_NAME[name]
    body = body_of(operation, household.estate.attic)
    # Some of each table: the rest of it would be answered alike.
    for id_ in (id_ for ids in household.estate.closed.values() for id_ in sorted(ids)[:2]):
        answer = await household.rest("cy", operation.method, operation.path.replace("{id}", str(id_)), body)
        assert answer.status == 404, (id_, answer)


async def test_nothing_is_made_of_music_that_one_may_not_see(household: Household) -> None:
    parlour, attic = household.estate.parlour, household.estate.attic
    makers = {("POST", f"{place}/"): body for place, body in OWNED.items()}
    makers |= {(BY_NAME[name].method, BY_NAME[name].path): body for name, body in MADE_IN_PLACE.items()}
    made = []
    for (method, path), body in makers.items():
        if body(parlour) != body(attic):  # otherwise nothing of it is music
            answer = await household.rest("cy", method, path, body(attic))
            if answer.status not in {404, 422}:
                made.append((method, path, answer))
    assert made == []


async def test_what_others_show_tells_nothing_of_music_that_one_may_not_see(household: Household) -> None:
    attic = household.estate.attic
    await make_in_place(household, "bo", attic)
    shown = {}
    for place, body in SHOWN.items():
        answer = await household.rest("bo", "POST", f"{place}/", body(attic))
        assert answer.status == 201, answer
        shown[place] = answer.json()["id"]
    closed = household.estate.everything_closed
    # A track that is not there keeps its place in a list that somebody made, as an id that opens nothing.
    kept = {attic.track, *attic.others}
    for operation, path in reads_of(shown):
        answer = await household.rest("cy", "GET", path, query=next(queries(operation, sorted(closed))))
        assert answer.status == (403 if operation.access is Access.ADMINISTRATORS else 200), (path, answer)
        assert not told(answer, closed - kept, CLOSED), (path, answer)


def reads_of(things: Mapping[str, str]) -> list[tuple[Operation, str]]:
    """All that reads, with its path; single things where there is one, by their resource."""
    return [(BY_NAME[name], BY_NAME[name].path) for name in READS] + [
        (operation, operation.path.replace("{id}", things[resource(operation)]))
        for operation in OF_ONE_THING
        if operation.method == "GET" and resource(operation) in things
    ]


async def test_what_somebody_left_on_music_tells_nothing_of_it_once_they_may_not_see_it(household: Household) -> None:
    attic, closed = household.estate.attic, household.estate.everything_closed
    await make_in_place(household, "bo", attic)
    made = {place: await make_of(household, "bo", place, attic) for place in OWNED}
    for item, id_ in (("artist", attic.artist), ("album", attic.album)):
        for path, more in (("/likes/", {}), ("/ratings/", {"rating": 5})):
            answer = await household.rest("bo", "POST", path, {"item": item, "item_id": str(id_), **more})
            assert answer.status == 201, answer
    link = made["/shares"]["path"].removeprefix("/api/v1")
    assert (await household.rest(None, "GET", link)).status == 200

    household.keep_from_the_attic("bo")
    # Their own lists still say that there was something, as an id that opens nothing.
    left = {attic.artist, attic.album, attic.track, *attic.others}
    for operation, path in reads_of({place: thing["id"] for place, thing in made.items()}):
        answer = await household.rest("bo", "GET", path, query=next(queries(operation, sorted(closed))))
        assert answer.status in {200, 403, 404}, (path, answer)
        assert not told(answer, closed - left, CLOSED), (path, answer)
    for endpoint, row in ENDPOINTS.items():
        for parameters in narrowings(row):
            shown = await household.subsonic("bo", endpoint, **{**row.beside, "username": "bo", **parameters})
            if shown.body.startswith(b"{") and shown.json()["subsonic-response"]["status"] == "ok":
                assert not told(shown, closed, CLOSED), (endpoint, parameters, shown)
    assert (await household.rest(None, "GET", link)).status == 404


async def test_what_is_counted_is_counted_where_one_may_look(household: Household) -> None:
    for who, albums, tracks, of_genre in (("cy", 1, 2, 5), ("bo", 2, 4, 7)):
        artists = (await household.rest(who, "GET", "/artists/")).json()["items"]
        mixed = next(artist for artist in artists if artist["name"] == "Mixed Voices")
        assert (mixed["album_count"], mixed["track_count"]) == (albums, tracks)
        assert (await household.rest(who, "GET", f"/artists/{mixed['id']}")).json() == mixed
        answer = (await household.subsonic(who, "getGenres")).json()["subsonic-response"]
        air = next(genre for genre in answer["genres"]["genre"] if genre["value"] == "Air")
        assert (air["songCount"], air["albumCount"]) == (of_genre, albums + 1)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_an_endpoint_tells_nothing_of_a_library_that_one_may_not_see(household: Household, endpoint: str) -> None:
    row, closed = ENDPOINTS[endpoint], household.estate.everything_closed
    for kind in row.kinds.split():
        ids = household.estate.closed[TABLES[kind]]
        assert ids
        for id_ in ids:
            assert await code(household, "cy", endpoint, id=f"{kind}-{id_.hex}") == 70, (kind, id_)
    for given in of_kinds(row, household.estate.parlour):
        assert await code(household, "cy", endpoint, id=given) is None, given
    for parameters in narrowings(row):
        answer = await household.subsonic("cy", endpoint, **{**row.beside, **parameters})
        if answer.body.startswith(b"{") and answer.json()["subsonic-response"]["status"] == "ok":
            assert not told(answer, closed, CLOSED), (parameters, answer)
    for log in ("likes", "ratings", "plays"):
        assert not household.logged(log, "cy") & closed
