"""Podcasts and their episodes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, Integer, Select, Text, Uuid, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.podcasts import Episode, EpisodeState, Podcast, PodcastState
from appliance.store.database import Connection, Row
from appliance.store.given import given, values_of
from appliance.store.statement import Statement
from appliance.store.tables import podcast_episodes, podcasts

_ID = bindparam("id", type_=Uuid)
_PODCAST = bindparam("podcast", type_=Uuid)
_LIMIT = bindparam("limit", type_=Integer)
_OFFSET = bindparam("offset", type_=Integer)

_COLUMNS = tuple(podcasts.c[field] for field in Podcast.__struct_fields__)
_ADD = Statement(
    insert(podcasts)
    .values({column.name: bindparam(column.name, type_=column.type) for column in podcasts.c})
    .on_conflict_do_nothing(index_elements=[podcasts.c.feed_url])
    .returning(podcasts.c.id)
)
_TOLD = Statement(
    update(podcasts)
    .where(podcasts.c.id == _PODCAST)
    .values(
        title=bindparam("title", type_=Text),
        sort_title=bindparam("sort_title", type_=Text),
        description=bindparam("description", type_=Text),
        image_url=bindparam("image_url", type_=Text),
        state=bindparam("state", type_=Text),
        message=bindparam("message", type_=Text),
        fetched_at=bindparam("fetched_at", type_=DateTime(timezone=True)),
    )
)
_KEEP = Statement(
    update(podcasts)
    .where(podcasts.c.id == _PODCAST)
    .values(keep_newest=bindparam("newest", type_=Integer))
    .returning(*_COLUMNS)
)
_REMOVE = Statement(delete(podcasts).where(podcasts.c.id == _ID).returning(podcasts.c.id))
_GET = Statement(select(*_COLUMNS).where(podcasts.c.id == _ID))
_PAGE = Statement(select(*_COLUMNS).order_by(podcasts.c.sort_title, podcasts.c.id).limit(_LIMIT).offset(_OFFSET))
_COUNT = Statement(select(func.count()).select_from(podcasts))

_EPISODE_COLUMNS = tuple(podcast_episodes.c[field] for field in Episode.__struct_fields__)
#: What a feed says of an episode, beside what tells it from others.
_SAID = tuple(
    podcast_episodes.c[name]
    for name in (
        "title",
        "description",
        "published_at",
        "duration_ms",
        "enclosure_url",
        "enclosure_type",
        "enclosure_size",
    )
)
_GIVEN = (podcast_episodes.c.id, podcast_episodes.c.guid, *_SAID, podcast_episodes.c.created_at)


def _merging() -> Statement:
    rows = given(_GIVEN)
    new = insert(podcast_episodes).from_select(
        ["podcast_id", *(column.name for column in _GIVEN)],
        select(_PODCAST, *(rows.c[column.name] for column in _GIVEN)),
    )
    said = {column.name: new.excluded[column.name] for column in _SAID}
    return Statement(
        new.on_conflict_do_update(
            index_elements=[podcast_episodes.c.podcast_id, podcast_episodes.c.guid],
            set_=said,
            # What is said again is not written again: it would wear the card.
            where=tuple_(*_SAID).is_distinct_from(tuple_(*said.values())),
        ).returning(podcast_episodes.c.id)
    )


_MERGE = _merging()
_EPISODE = Statement(select(*_EPISODE_COLUMNS).where(podcast_episodes.c.id == _ID))


def _of_podcast(columns: Sequence[Any], *, by_state: bool) -> Select[Any]:
    of = select(*columns).where(podcast_episodes.c.podcast_id == _PODCAST)
    return of.where(podcast_episodes.c.state == bindparam("state", type_=Text)) if by_state else of


_EPISODES = {
    by_state: Statement(
        _of_podcast(_EPISODE_COLUMNS, by_state=by_state)
        .order_by(podcast_episodes.c.published_at.desc().nulls_last(), podcast_episodes.c.id.desc())
        .limit(_LIMIT)
        .offset(_OFFSET)
    )
    for by_state in (False, True)
}
_COUNT_EPISODES = {by_state: Statement(_of_podcast([func.count()], by_state=by_state)) for by_state in (False, True)}


def _podcast(row: Row) -> Podcast:
    values = dict(row.items())
    return Podcast(**values | {"state": PodcastState(values["state"])})


def _episode(row: Row) -> Episode:
    values = dict(row.items())
    return Episode(**values | {"state": EpisodeState(values["state"])})


class Podcasts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, podcast: Podcast) -> bool:
        values = msgspec.structs.asdict(podcast) | {"state": podcast.state.value, "sort_title": podcast.sort_title}
        return await self._connection.fetch_value(_ADD, **values) is not None

    async def told(self, podcast: Podcast) -> None:
        await self._connection.execute(
            _TOLD,
            podcast=podcast.id,
            title=podcast.title,
            sort_title=podcast.sort_title,
            description=podcast.description,
            image_url=podcast.image_url,
            state=podcast.state.value,
            message=podcast.message,
            fetched_at=podcast.fetched_at,
        )

    async def keep(self, podcast_id: UUID, newest: int) -> Podcast:
        row = await self._connection.fetch_row(_KEEP, podcast=podcast_id, newest=newest)
        if row is None:
            raise _absent(podcast_id)
        return _podcast(row)

    async def remove(self, podcast_id: UUID) -> None:
        if await self._connection.fetch_value(_REMOVE, id=podcast_id) is None:
            raise _absent(podcast_id)

    async def get(self, podcast_id: UUID) -> Podcast:
        row = await self._connection.fetch_row(_GET, id=podcast_id)
        if row is None:
            raise _absent(podcast_id)
        return _podcast(row)

    async def page(self, window: Window) -> tuple[list[Podcast], int]:
        rows = await self._connection.fetch(_PAGE, limit=window.limit, offset=window.offset)
        return [_podcast(row) for row in rows], await self._connection.fetch_value(_COUNT)

    async def merge(self, podcast_id: UUID, episodes: Sequence[Episode]) -> int:
        rows = await self._connection.fetch(_MERGE, podcast=podcast_id, **values_of(_GIVEN, episodes))
        return len({id_ for (id_,) in rows} & {episode.id for episode in episodes})

    async def episode(self, episode_id: UUID) -> Episode:
        row = await self._connection.fetch_row(_EPISODE, id=episode_id)
        if row is None:
            raise NotFound(f"There is no episode {episode_id}.")
        return _episode(row)

    async def episodes(self, podcast_id: UUID, state: EpisodeState | None, window: Window) -> tuple[list[Episode], int]:
        of: dict[str, object] = {"podcast": podcast_id} | ({} if state is None else {"state": state.value})
        rows = await self._connection.fetch(
            _EPISODES[state is not None], limit=window.limit, offset=window.offset, **of
        )
        total: int = await self._connection.fetch_value(_COUNT_EPISODES[state is not None], **of)
        return [_episode(row) for row in rows], total


def _absent(podcast_id: UUID) -> NotFound:
    return NotFound(f"There is no podcast {podcast_id}.")
