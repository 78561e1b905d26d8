"""Tracks, albums, artists: lists, pages, filters, sorting, single reads."""

from typing import Any

from quart.typing import TestClientProtocol as Client

Headers = dict[str, str]


async def got(client: Client, path: str, headers: Headers) -> Any:
    response = await client.get(f"/api/v1{path}", headers=headers)
    assert response.status_code == 200, await response.get_data()
    return await response.get_json()


async def refused(client: Client, path: str, headers: Headers) -> list[tuple[str, str]]:
    """The place and type of each fault of a 422."""
    response = await client.get(f"/api/v1{path}", headers=headers)
    assert response.status_code == 422, await response.get_data()
    return [(".".join(fault["loc"]), fault["type"]) for fault in (await response.get_json())["detail"]]


async def test_a_list_item_is_what_the_single_read_gives(client: Client, member: Headers) -> None:
    for noun, count in [("tracks", 9), ("albums", 3), ("artists", 2)]:
        listed = await got(client, f"/{noun}/", member)
        assert listed["pagination"] == {"total_count": count, "max_page": 1}
        assert len(listed["items"]) == count
        for item in listed["items"]:
            assert await got(client, f"/{noun}/{item['id']}", member) == item


async def test_pages_cover_a_list_once(client: Client, member: Headers) -> None:
    seen: list[str] = []
    for page in range(1, 6):
        answer = await got(client, f"/tracks/?limit=2&page={page}", member)
        assert answer["pagination"] == {"total_count": 9, "max_page": 5}
        seen += [item["title"] for item in answer["items"]]
    whole = [item["title"] for item in (await got(client, "/tracks/", member))["items"]]
    assert seen == whole
    assert len(set(seen)) == 9


async def test_a_page_past_the_end_is_empty_and_tells_the_count(client: Client, member: Headers) -> None:
    for noun in ["tracks", "albums", "artists", "scans", "scans/faults"]:
        first = await got(client, f"/{noun}/", member)
        beyond = await got(client, f"/{noun}/?page=10000000&limit=500", member)
        assert beyond == {"items": [], "pagination": first["pagination"]}


async def test_albums_are_sorted(client: Client, member: Headers) -> None:
    for sorting, titles in [
        ("title", ["Autumn", "Étude", "Winter"]),
        ("year", ["Étude", "Autumn", "Winter"]),
        ("-year", ["Winter", "Autumn", "Étude"]),
        ("artist", ["Autumn", "Winter", "Étude"]),
    ]:
        answer = await got(client, f"/albums/?sorting={sorting}", member)
        assert [item["title"] for item in answer["items"]] == titles


async def test_new_albums_come_first_when_asked_so(client: Client, member: Headers) -> None:
    items = (await got(client, "/albums/?sorting=-created_at", member))["items"]
    times = [item["created_at"] for item in items]
    assert times == sorted(times, reverse=True)


async def test_filters_narrow_and_the_count_follows(client: Client, member: Headers) -> None:
    for query, count in [
        ("genre=jazz", 5),
        ("genre=Soul", 4),
        ("genre=Polka", 0),
        ("genre=jazz&genre=soul&genre=Polka", 9),
        ("from_year=2002", 2),
        ("to_year=1999", 4),
        ("from_year=2000&to_year=2001", 3),
        ("library=1", 9),
        ("library=2147483647", 0),
        ("genre=jazz&from_year=2002", 2),
    ]:
        answer = await got(client, f"/tracks/?{query}", member)
        assert len(answer["items"]) == answer["pagination"]["total_count"] == count


async def test_every_fault_is_listed_at_once(client: Client, member: Headers) -> None:
    faults = await refused(
        client, "/albums/?limit=0&page=x&from_year=-1&colour=red&mood=&sorting=shoe_size,title,-wing", member
    )
    assert sorted(faults) == [
        ("query.colour", "unknown"),
        ("query.from_year", "invalid"),
        ("query.limit", "invalid"),
        ("query.mood", "unknown"),
        ("query.page", "invalid"),
        ("query.sorting", "invalid"),
        ("query.sorting", "invalid"),
    ]


async def test_an_unknown_sort_field_is_named(client: Client, member: Headers) -> None:
    response = await client.get("/api/v1/albums/?sorting=shoe_size", headers=member)
    (fault,) = (await response.get_json())["detail"]
    assert "shoe_size" in fault["msg"]


async def test_a_value_that_cannot_be_meant_is_refused(client: Client, member: Headers) -> None:
    for query in [
        "limit=501",
        "limit=-1",
        "limit=9223372036854775808",
        "limit=NaN",
        "limit=1e3",
        "limit=",
        "limit=1&limit=2",
        "page=0",
        "page=10000001",
        "page=%C2%B2",
        "sorting=",
        "sorting=title,title",
        "library=-1",
        "from_year=99999",
    ]:
        name = query.partition("=")[0]
        assert {place for place, _ in await refused(client, f"/tracks/?{query}", member)} == {f"query.{name}"}


async def test_an_unknown_id_is_not_found(client: Client, member: Headers) -> None:
    for noun in ["tracks", "albums", "artists", "scans"]:
        for identifier in ["00000000-0000-0000-0000-000000000000", "1", "%25", "x" * 2000]:
            response = await client.get(f"/api/v1/{noun}/{identifier}", headers=member)
            assert response.status_code == 404
            assert (await response.get_json())["detail"][0]["type"] == "not_found"


async def test_a_single_read_takes_no_parameters(client: Client, member: Headers) -> None:
    (album, *_) = (await got(client, "/albums/", member))["items"]
    assert await refused(client, f"/albums/{album['id']}?verbose=1", member) == [("query.verbose", "unknown")]
