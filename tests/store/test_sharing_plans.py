"""What PostgreSQL does for each list of shares, stations, podcasts and episodes: an index answers, in its order."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from appliance.core.catalogue import Window
from appliance.core.podcasts import EpisodeState
from appliance.store.unit_of_work import Work
from tests.store.test_query_plans import nodes, plans_of

FILL = """
INSERT INTO users (id, name, key, role, password_hash)
SELECT gen_random_uuid(), 'User ' || n, 'user ' || n, 'member', 'none' FROM generate_series(1, 50) AS n;
INSERT INTO shares (id, user_id, code, kind, item_ids, created_at)
SELECT gen_random_uuid(), users.id, md5(users.key || '-' || n), 'album', '{}', now() - n * interval '1 minute'
FROM users, generate_series(1, 400) AS n;
INSERT INTO radio_stations (id, name, key, stream_url)
SELECT gen_random_uuid(), n, md5(n::text), 'http://radio.example/' || n FROM generate_series(1, 5000) AS n;
INSERT INTO podcasts (id, feed_url, sort_title)
SELECT gen_random_uuid(), 'http://feeds.example/' || n, md5(n::text) FROM generate_series(1, 5000) AS n;
INSERT INTO podcast_episodes (id, podcast_id, guid, title, published_at, state)
SELECT gen_random_uuid(), podcasts.id, n, n, now() - n * interval '1 hour',
       CASE n % 50 WHEN 0 THEN 'downloaded' ELSE 'known' END
FROM (SELECT id FROM podcasts ORDER BY sort_title LIMIT 20) AS podcasts, generate_series(1, 2000) AS n
"""
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PAGE, DEEP = Window(50), Window(50, 300)

Ids = dict[str, UUID]
Question = Callable[[Work, Ids], Awaitable[object]]
QUESTIONS: dict[str, Question] = {
    "everybody's shares": lambda work, _: work.shares.page(None, DEEP),
    "a user's shares": lambda work, ids: work.shares.page(ids["users"], PAGE),
    "share": lambda work, ids: work.shares.get(ids["shares"]),
    "visit": lambda work, _: work.shares.visit("kPq3vX0nT7mJ2hYc8RwZsA", NOW),
    "open share": lambda work, _: work.shares.open("kPq3vX0nT7mJ2hYc8RwZsA", NOW, visited_since=NOW - timedelta(1)),
    "radio stations": lambda work, _: work.radio_stations.page(DEEP),
    "radio station": lambda work, ids: work.radio_stations.get(ids["radio_stations"]),
    "podcasts": lambda work, _: work.podcasts.page(DEEP),
    "podcast": lambda work, ids: work.podcasts.get(ids["podcasts"]),
    "episode": lambda work, ids: work.podcasts.episode(ids["podcast_episodes"]),
    "episodes": lambda work, ids: work.podcasts.episodes(ids["podcasts"], None, DEEP),
    "episodes that are here": lambda work, ids: work.podcasts.episodes(ids["podcasts"], EpisodeState.DOWNLOADED, PAGE),
}


@pytest.fixture(scope="module")
def large_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    names = {"name": sql.Identifier("much_shared"), "template": sql.Identifier(postgres_template)}
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template}").format(**names))
        url = postgres_url.replace("/tonearm?", "/much_shared?")
        with psycopg.connect(url, autocommit=True) as filling:
            for statement in FILL.split(";\n"):
                filling.execute(statement.encode())
            filling.execute("VACUUM ANALYZE")
        yield url
        connection.execute(sql.SQL("DROP DATABASE {name} WITH (FORCE)").format(**names))


@pytest.fixture
def ids(large_url: str) -> Ids:
    """One of each kind, of which there is more than others have."""
    with psycopg.connect(large_url) as connection:
        of = {
            "users": "SELECT id FROM users LIMIT 1",
            "shares": "SELECT id FROM shares LIMIT 1",
            "radio_stations": "SELECT id FROM radio_stations LIMIT 1",
            "podcasts": "SELECT podcast_id FROM podcast_episodes LIMIT 1",
            "podcast_episodes": "SELECT id FROM podcast_episodes LIMIT 1",
        }
        return {name: connection.execute(question.encode()).fetchall()[0][0] for name, question in of.items()}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_an_index_answers_in_its_order(name: str, large_url: str, ids: Ids) -> None:
    """Only counting everything reads everything."""
    plans = await plans_of(large_url, lambda work: QUESTIONS[name](work, ids))
    kinds = [
        node["Node Type"]
        for statement, plan in plans
        if "WHERE" in statement or "count(" not in statement
        for node in nodes(plan)
    ]
    assert [kind for kind in kinds if kind == "Seq Scan" or "Sort" in kind] == []
    assert any("Index" in kind for kind in kinds)
