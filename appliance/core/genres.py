"""Genres as people order them: renamed, and other names folded into one."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

from appliance.core.catalogue import Genre
from appliance.core.errors import Conflict, FieldFault, NotUsable
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean, genre_key

LONGEST_NAME: Final = 200
MOST_ALIASES: Final = 100


class GenreState(msgspec.Struct, frozen=True, kw_only=True):
    """A genre, and what else files may call it."""

    genre: Genre
    key: str
    aliases: tuple[str, ...]
    """By name."""


class GenreOwner(msgspec.Struct, frozen=True):
    """What a name stands for now."""

    id: UUID
    name: str
    is_alias: bool
    """Whether the name is an alias of it, not its own."""


async def update_genre(
    work: UnitOfWork, genre_id: UUID, *, name: str | None = None, aliases: Iterable[str] | None = None
) -> None:
    """Rename a genre, and say what else it is called; None leaves either as it is.

    An alias that is a genre of its own is folded into this one: on every track now, and in every scan to come. The
    name that a genre had stays an alias, since files call it so. An alias that is taken away is a genre of its own
    again as soon as a scan reads it.

    Raises ``NotFound``, ``NotUsable`` for a name that nobody can read, ``Conflict`` for a name that stands for
    another genre already.
    """
    await work.genres.lock()
    state = await work.genres.get(genre_id)
    called = state.genre.name if name is None else _name("name", name)
    key = genre_key(called)
    others = state.aliases if aliases is None else tuple(_name("aliases", alias) for alias in aliases)
    if key != state.key:
        others = (*others, state.genre.name)
    by_key = {genre_key(other): other for other in others if genre_key(other) != key}
    owners = await work.genres.owners([key, *by_key])
    folded = {owner.id for owned, owner in owners.items() if owned != key and not owner.is_alias}
    for owned, owner in owners.items():
        if owner.id == genre_id or (owner.is_alias and owner.id in folded):
            continue
        if owned == key and not owner.is_alias:
            raise Conflict(f"There is a genre {owner.name} already: make it an alias of this one instead.")
        if owner.is_alias:
            raise Conflict(f"This is what files call the genre {owner.name}: take it away from that one first.")
    await work.genres.write(genre_id, key, called, by_key)


def _name(field: str, text: str) -> str:
    name = clean(text[:LONGEST_NAME])
    if not genre_key(name):
        raise NotUsable([FieldFault(field, "A name has at least one visible character.", "invalid")])
    return name
