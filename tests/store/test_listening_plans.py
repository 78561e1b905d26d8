"""What PostgreSQL does for lists of what people left behind: an index in each list's order, whatever the page.

The plans are taken as in ``test_query_plans``: of the statements that are really sent, for these values and for any.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from appliance.core.catalogue import Item, Window
from appliance.core.listening import TimeOrder
from appliance.core.plays import PlayFilter
from appliance.store.unit_of_work import Work
from tests.store.test_query_plans import fill, nodes, plans_of

HISTORY = 4_000
"""Plays of each of twenty users, so that none's are a large part of the table."""
LEFT_BEHIND = {"likes", "ratings", "plays", "bookmarks"}
NOW = datetime.now(UTC)

LEAVE = """
INSERT INTO users (id, name, key, role, password_hash)
SELECT gen_random_uuid(), 'Listener ' || n, 'listener ' || n, 'member', 'none' FROM generate_series(0, 9) AS n;
INSERT INTO plays (id, user_id, track_id, client, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, tracks.id, 'radio', now() - random() * interval '1000 days', now()
FROM users CROSS JOIN tracks;
INSERT INTO likes (id, user_id, item, item_id, liked, happened_at, recorded_at)
SELECT gen_random_uuid(), users.id, 'track', tracks.id, random() < 0.8, now() - random() * interval '1000 days', now()
FROM users CROSS JOIN tracks;
INSERT INTO ratings (id, user_id, item, item_id, rating, happened_at, recorded_at)
SELECT gen_random_uuid(), user_id, item, item_id, 3, happened_at, recorded_at FROM likes;
INSERT INTO bookmarks (id, user_id, track_id, position_ms, comment, created_at, changed_at)
SELECT gen_random_uuid(), users.id, tracks.id, 1, '', now(), now() - random() * interval '1000 days'
FROM users CROSS JOIN tracks
"""


@pytest.fixture(scope="module")
def history_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """A small catalogue and long histories, which all tests of this module read."""
    names = {"name": sql.Identifier("history"), "template": sql.Identifier(postgres_template)}
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
        url = postgres_url.replace("/tonearm?", "/history?")
        fill(url, HISTORY)
        with psycopg.connect(url, autocommit=True) as there:
            for statement in LEAVE.split(";\n"):
                there.execute(statement.encode())
            there.execute("VACUUM ANALYZE")
        yield url
        connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@pytest.fixture
def user_id(history_url: str) -> UUID:
    with psycopg.connect(history_url) as connection:
        row = connection.execute("SELECT id FROM users ORDER BY key LIMIT 1").fetchone()
    assert row is not None
    return UUID(str(row[0]))


@pytest.fixture
def track_id(history_url: str) -> UUID:
    with psycopg.connect(history_url) as connection:
        row = connection.execute("SELECT id FROM tracks ORDER BY id LIMIT 1").fetchone()
    assert row is not None
    return UUID(str(row[0]))


Question = Callable[[Work, UUID, UUID], Awaitable[object]]
WINDOWS = {"first": Window(50), "middle": Window(50, HISTORY // 2), "last": Window(50, HISTORY - 60)}
FILTERS: dict[str, Callable[[UUID], PlayFilter]] = {
    "all": lambda _: PlayFilter(),
    "of a track": lambda track: PlayFilter(track_id=track),
    "of some days": lambda _: PlayFilter(from_time=NOW - timedelta(days=90), to_time=NOW - timedelta(days=60)),
    "of a track on some days": lambda track: PlayFilter(track_id=track, from_time=NOW - timedelta(days=900)),
}


def _plays(filter_: str, order: TimeOrder, window: str) -> Question:
    return lambda work, user, track: work.plays.page(user, FILTERS[filter_](track), order, WINDOWS[window])


def _bookmarks(order: TimeOrder, window: str) -> Question:
    return lambda work, user, _: work.bookmarks.page(user, order, WINDOWS[window])


def _likes(order: TimeOrder, window: str, item: Item | None) -> Question:
    return lambda work, user, _: work.likes.page(user, order, WINDOWS[window], item)


def _ratings(order: TimeOrder, window: str, item: Item | None) -> Question:
    return lambda work, user, _: work.ratings.page(user, order, WINDOWS[window], item)


#: Lists that an index has in their order, so that a page needs no sorting of what is before it.
IN_ORDER: dict[str, Question] = {
    **{
        f"plays, {name}, {order}, {window} page": _plays(name, order, window)
        for name in FILTERS
        for order in TimeOrder
        for window in (WINDOWS if name == "all" else ("first",))
    },
    **{f"bookmarks, {order}, {window} page": _bookmarks(order, window) for order in TimeOrder for window in WINDOWS},
}
#: Lists of what stands: an index alone tells that, and then it is sorted.
STANDING: dict[str, Question] = {
    f"{name}, {order}, {item or 'all'}, {window} page": list_(order, window, item)
    for name, list_ in (("likes", _likes), ("ratings", _ratings))
    for order in TimeOrder
    for item in (None, Item.TRACK, Item.ALBUM)
    for window in ("first", "middle")
}


async def asked(url: str, question: Question, user_id: UUID, track_id: UUID) -> list[dict[str, Any]]:
    return [plan for _, plan in await plans_of(url, lambda work: question(work, user_id, track_id))]


def read_whole(plans: list[dict[str, Any]]) -> list[str]:
    return [
        node["Relation Name"]
        for plan in plans
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LEFT_BEHIND
    ]


@pytest.mark.parametrize("name", IN_ORDER)
async def test_a_page_comes_from_an_index_in_its_order(
    name: str, history_url: str, user_id: UUID, track_id: UUID
) -> None:
    plans = await asked(history_url, IN_ORDER[name], user_id, track_id)
    assert len(plans) == 4  # two statements, each planned in both ways
    assert read_whole(plans) == []
    limits = [node for plan in plans for node in nodes(plan) if node["Node Type"] == "Limit"]
    assert len(limits) == 2
    assert [part["Node Type"] for limit in limits for part in nodes(limit) if "Sort" in part["Node Type"]] == []


@pytest.mark.parametrize("name", STANDING)
async def test_what_stands_is_told_by_an_index_alone(
    name: str, history_url: str, user_id: UUID, track_id: UUID
) -> None:
    plans = await asked(history_url, STANDING[name], user_id, track_id)
    assert len(plans) == 4
    assert read_whole(plans) == []
    for plan in plans:
        whole = [node for node in nodes(plan) if node["Node Type"] == "Unique"]
        assert len(whole) == 1
        assert [node["Node Type"] for node in nodes(whole[0])][1:] == ["Index Only Scan"]


ALONE: dict[str, Question] = {
    "a like": lambda work, user, track: work.likes.latest(user, Item.TRACK, track),
    "a rating": lambda work, user, track: work.ratings.latest(user, Item.TRACK, track),
    "who is listening": lambda work, _, __: work.now_playing.current(NOW),
    "what somebody hears": lambda work, user, _: work.now_playing.of(user, NOW),
    "a queue": lambda work, user, _: work.queues.get(user),
    "entries of a queue": lambda work, user, _: work.queues.entries(user, Window(50)),
}


@pytest.mark.parametrize("name", ALONE)
async def test_one_thing_is_one_statement(name: str, history_url: str, user_id: UUID, track_id: UUID) -> None:
    plans = await asked(history_url, ALONE[name], user_id, track_id)
    assert len(plans) == 2
    assert read_whole(plans) == []
