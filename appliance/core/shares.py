"""Shares: links by which anybody hears what a member picked out, until they expire, are used up, or are taken back.

A link opens what its owner may see at that moment, and nothing else of the household. What is expired, used up, taken
back or never was is answered alike: nobody learns that there was something.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from appliance.core.accounts import Role, User
from appliance.core.catalogue import Track, Window
from appliance.core.errors import FieldFault, Forbidden, NotFound, NotUsable
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean
from appliance.core.throttle import Attempt

#: Characters of the alphabet of base64 for URLs: 128 random bits.
CODE_PATTERN = "^[A-Za-z0-9_-]{22}$"
LONGEST_DESCRIPTION = 1_000
MOST_ITEMS = 500
MOST_VISITS = 1_000_000
#: Tracks that a link opens; those of a longer playlist that come after are not shown.
MOST_SHOWN = 1_000
#: A share with an end ends within this time; one for ever has none.
LONGEST_LIFE = timedelta(days=3_660)
#: How long after a visit what was found can be heard, where visits are counted out: the last visitor listens as well.
LISTENING_TIME = timedelta(hours=12)


class ShareKind(StrEnum):
    """What is shared."""

    ALBUM = "album"
    TRACK = "track"
    TRACKS = "tracks"
    PLAYLIST = "playlist"
    """As it is whenever somebody opens the link."""


_PICKED = {ShareKind.TRACK, ShareKind.TRACKS}


class Share(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    user_id: UUID
    """Its owner."""
    code: str
    """What the link holds. Whoever has it gets in."""
    kind: ShareKind
    item_ids: tuple[UUID, ...]
    """The album, the playlist, or the tracks in their order; a track may come again."""
    description: str = ""
    expires_at: datetime | None = None
    visit_limit: int | None = None
    visit_count: int = 0
    visited_at: datetime | None = None
    """Last."""
    created_at: datetime


class ShareWish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to share."""

    kind: ShareKind
    item_ids: tuple[UUID, ...]
    description: str = ""
    expires_at: datetime | None = None
    visit_limit: int | None = None


class ShareChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a share; what is unset stays. What is shared does not change: the link was given for it."""

    description: str | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    visit_limit: int | UnsetType | None = UNSET


class Shown(msgspec.Struct, frozen=True):
    """What a link opens."""

    share: Share
    title: str
    artist_display: str
    tracks: tuple[tuple[int, Track], ...]
    """Each with its number in the share."""


async def create_share(work: UnitOfWork, user: User, wish: ShareWish, now: datetime) -> Share:
    """Make a link. ``work``: as ``user`` sees it.

    Raises ``NotUsable``, or ``NotFound`` for what is not there for them.
    """
    _must_be_usable(wish, now)
    share = Share(
        id=new_id(),
        user_id=user.id,
        code=secrets.token_urlsafe(16),
        created_at=now,
        **msgspec.structs.asdict(wish),
    )
    shown = await _shown(work, share)
    if len(shown.tracks) < (len(share.item_ids) if share.kind in _PICKED else 1):
        raise NotFound("Not all of it can be played.")
    share = _kept(share)
    await work.shares.add(share)
    return share


async def list_shares(work: UnitOfWork, user: User, owner: UUID | None, window: Window) -> tuple[list[Share], int]:
    """Some shares, latest first, and how many there are: a member's own; of an administrator's wish, or everybody's.

    Raises ``NotFound`` when a member asks for another's.
    """
    if user.role is not Role.ADMIN:
        if owner not in {None, user.id}:
            raise NotFound(f"There is no user {owner}.")
        owner = user.id
    return await work.shares.page(owner, window)


async def get_share(work: UnitOfWork, user: User, share_id: UUID) -> Share:
    """A share of the user's own, or anybody's for an administrator. Raises ``NotFound``."""
    share = await work.shares.get(share_id)
    if share is None or (share.user_id != user.id and user.role is not Role.ADMIN):
        raise NotFound(f"There is no share {share_id}.")
    return share


async def change_share(work: UnitOfWork, user: User, share_id: UUID, changes: ShareChanges, now: datetime) -> Share:
    """Change a share of the user's own. Raises ``NotFound``, ``NotUsable``, or ``Forbidden`` to administrators."""
    share = await get_share(work, user, share_id)
    if share.user_id != user.id:
        raise Forbidden("Only its owner changes a share. You may revoke it.")
    given = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    changed = msgspec.structs.replace(share, **given)
    # An end that has passed stays, unless another is asked for.
    _must_be_usable(changed if "expires_at" in given else msgspec.structs.replace(changed, expires_at=None), now)
    return await work.shares.change(_kept(changed))


async def revoke_share(work: UnitOfWork, user: User, share_id: UUID) -> None:
    """Close a link for good. Raises ``NotFound``."""
    share = await get_share(work, user, share_id)
    await work.shares.remove(share.id)


async def visit(work: UnitOfWork, code: str, attempt: Attempt, now: datetime) -> Shown:
    """Open a link, which counts. ``work``: the server's own. ``attempt``: by this code, for the throttle.

    Raises ``NotFound``, and then counts nothing but a wrong attempt, or ``TooManyAttempts``.
    """
    attempt.check()
    return await _opened(work, await work.shares.visit(code, now), attempt)


async def shared_track(work: UnitOfWork, code: str, number: int, attempt: Attempt, now: datetime) -> Track:
    """The track of this number in the share. No visit; where visits are limited, it takes a recent one.

    ``work``, ``attempt`` and what is raised: as with ``visit``.
    """
    attempt.check()
    shown = await _opened(work, await work.shares.open(code, now, visited_since=now - LISTENING_TIME), attempt)
    track = dict(shown.tracks).get(number)
    if track is None:
        raise _nothing()
    return track


async def _opened(work: UnitOfWork, share: Share | None, attempt: Attempt) -> Shown:
    shown = None if share is None else await _shown_for_owner(work, share)
    if shown is None or not shown.tracks:
        attempt.failed()
        raise _nothing()
    attempt.succeeded()
    return shown


async def _shown_for_owner(work: UnitOfWork, share: Share) -> Shown | None:
    owner = await work.users.get(share.user_id)
    # Guests share nothing, so that the links of somebody who has become one are closed.
    if owner is None or owner.user.role is Role.GUEST:
        return None
    try:
        return await _shown(work.seen_by(owner.user), share)
    except NotFound:
        return None


def _nothing() -> NotFound:
    return NotFound("There is nothing behind this link, or no more.")


async def _shown(work: UnitOfWork, share: Share) -> Shown:
    """What there is of it. ``work``: as its owner sees it. Raises ``NotFound``."""
    if share.kind is ShareKind.ALBUM:
        album = await work.albums.get(share.item_ids[0])
        tracks = await work.tracks.of_album(album.id)
        return Shown(share, album.title, album.artist_display, tuple(enumerate(tracks[:MOST_SHOWN], 1)))
    if share.kind is ShareKind.PLAYLIST:
        playlist = await work.playlists.get(share.item_ids[0], share.user_id)
        entries = await work.playlists.entries(playlist.id, Window(MOST_SHOWN))
        return Shown(share, playlist.name, "", await _numbered(work, [entry.track_id for entry in entries]))
    picked = await _numbered(work, share.item_ids)
    if share.kind is ShareKind.TRACK and picked:
        return Shown(share, picked[0][1].title, picked[0][1].artist_display, picked)
    return Shown(share, "", "", picked)


async def _numbered(work: UnitOfWork, ids: Sequence[UUID]) -> tuple[tuple[int, Track], ...]:
    """Those that can be played, numbered as they were picked out: one that is gone does not move the others."""
    found = {track.id: track for track in await work.tracks.many(list(dict.fromkeys(ids)))}
    return tuple((number, found[id_]) for number, id_ in enumerate(ids, 1) if id_ in found)


def _kept(share: Share) -> Share:
    """A usable one as the store takes it."""
    expires_at = None if share.expires_at is None else share.expires_at.astimezone(UTC)
    return msgspec.structs.replace(share, description=clean(share.description), expires_at=expires_at)


def _must_be_usable(wish: Share | ShareWish, now: datetime) -> None:
    """Raises ``NotUsable`` with every fault."""
    faults: list[FieldFault] = []
    most = MOST_ITEMS if wish.kind is ShareKind.TRACKS else 1
    if not 1 <= len(wish.item_ids) <= most:
        faults.append(FieldFault("item_ids", f"A share of this kind has 1 to {most} items.", "invalid"))
    if len(wish.description) > LONGEST_DESCRIPTION:
        words = f"A description has at most {LONGEST_DESCRIPTION:,} characters."
        faults.append(FieldFault("description", words, "invalid"))
    if wish.expires_at is not None and not now < wish.expires_at <= now + LONGEST_LIFE:
        words = "A share ends in the next ten years, or never: then leave it out."
        faults.append(FieldFault("expires_at", words, "invalid"))
    if wish.visit_limit is not None and not 1 <= wish.visit_limit <= MOST_VISITS:
        faults.append(FieldFault("visit_limit", f"It is opened 1 to {MOST_VISITS:,} times.", "invalid"))
    if faults:
        raise NotUsable(faults)
