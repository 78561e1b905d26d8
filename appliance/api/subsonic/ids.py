"""Identifiers as clients see them: a kind's prefix and a UUID in hex. Opaque to clients, and stable for ever."""

from enum import StrEnum
from uuid import UUID

import msgspec

from appliance.api.subsonic.errors import Code, Refusal
from appliance.core.catalogue import Item


class Prefix(StrEnum):
    """What kind of thing an id names."""

    ARTIST = "ar-"
    ALBUM = "al-"
    TRACK = "tr-"
    PICTURE = "pi-"
    """Artwork: another picture has another id, so that clients may keep what they fetched."""


_ITEMS = {Prefix.ARTIST: Item.ARTIST, Prefix.ALBUM: Item.ALBUM, Prefix.TRACK: Item.TRACK}
_PREFIXES = {item: prefix for prefix, item in _ITEMS.items()}
_PREFIX_LENGTH = 3


class Reference(msgspec.Struct, frozen=True):
    """An id, read."""

    prefix: Prefix
    uuid: UUID

    @property
    def item(self) -> Item | None:
        """None for a picture."""
        return _ITEMS.get(self.prefix)


def artist_id(uuid: UUID) -> str:
    """An artist's."""
    return f"ar-{uuid.hex}"


def album_id(uuid: UUID) -> str:
    """An album's."""
    return f"al-{uuid.hex}"


def track_id(uuid: UUID) -> str:
    """A song's."""
    return f"tr-{uuid.hex}"


def picture_id(uuid: UUID | None) -> str | None:
    """A picture's, where there is one."""
    return None if uuid is None else f"pi-{uuid.hex}"


def read_reference(text: str) -> Reference:
    """What ``text`` names. Refuses anything that this server cannot have given out as not found (70)."""
    try:
        prefix, uuid = Prefix(text[:_PREFIX_LENGTH]), UUID(hex=text[_PREFIX_LENGTH:])
    except ValueError:
        raise _unknown(text) from None
    return Reference(prefix, uuid)


def read_item(text: str) -> tuple[Item, UUID]:
    """The artist, album or track that ``text`` names. Refuses like ``read_reference``, pictures as well."""
    reference = read_reference(text)
    if reference.item is None:
        raise _unknown(text)
    return reference.item, reference.uuid


def read_uuid(text: str, item: Item) -> UUID:
    """The UUID in ``text``, which must name an ``item``. Refuses like ``read_reference``."""
    reference = read_reference(text)
    if reference.prefix is not _PREFIXES[item]:
        raise _unknown(text)
    return reference.uuid


def _unknown(text: str) -> Refusal:
    return Refusal(Code.NOT_FOUND, f"There is nothing with the id {text[:64]}.")
