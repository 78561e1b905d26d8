"""Release groups: what the editions of one album have in common."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core.ids import new_id
from appliance.core.shelving import AlbumDraft
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import release_groups

_KNOWN = Statement(
    select(release_groups.c.key, release_groups.c.id).where(
        release_groups.c.key == func.any(bindparam("keys", type_=ARRAY(Text)))
    )
)


async def release_group_ids_of(connection: Connection, albums: Iterable[AlbumDraft]) -> dict[str, UUID]:
    """The id of each album's group by the group's key. One that is new takes the title of the album that names it."""
    titles = {album.group.key: album.group.title for album in albums}
    rows = await connection.fetch(_KNOWN, keys=list(titles))
    known: dict[str, UUID] = {row[0]: row[1] for row in rows}
    added = {key: new_id() for key in titles if key not in known}
    made = [(key, id_, titles[key]) for key, id_ in added.items()]
    await connection.copy("release_groups", ("key", "id", "title"), made)
    return known | added
