"""Artists as people order them: by which name they are sorted, and by which other names they are found."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from appliance.core.errors import FieldFault, NotUsable
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean, fold, searched, sort_key

LONGEST_NAME: Final = 200
MOST_ALIASES: Final = 100


async def sort_artist_by(work: UnitOfWork, artist_id: UUID, sort_name: str | None) -> None:
    """Sort an artist by this name, whatever files say; None lets the name, and the files, say it again.

    Raises ``NotFound``, ``NotUsable`` for a name that nobody can read.
    """
    artist = await work.artists.get(artist_id)
    if sort_name is None:
        await work.artists.sort_by(artist_id, sort_key(artist.name), manual=False)
    else:
        await work.artists.sort_by(artist_id, sort_key(artist.name, _name("sort_name", sort_name)), manual=True)


async def call_artist(work: UnitOfWork, artist_id: UUID, aliases: Iterable[str]) -> None:
    """Let an artist be found by these names as well, and by no others than these and the artist's own.

    Raises ``NotFound``, ``NotUsable`` for a name that nobody can read.
    """
    artist = await work.artists.get(artist_id)
    names = {fold(name): name for name in (_name("aliases", alias) for alias in aliases)}
    names.pop(fold(artist.name), None)
    kept = list(names.values())
    await work.artists.call(artist_id, kept, searched(artist.name, *kept))


def _name(field: str, text: str) -> str:
    name = clean(text[:LONGEST_NAME])
    if not fold(name):
        raise NotUsable([FieldFault(field, "A name has at least one visible character.", "invalid")])
    return name
