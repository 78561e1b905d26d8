"""Shares: what a link opens, for how long, and how often."""

import re
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
import trio

from appliance.core import playlists
from appliance.core.accounts import Account, Role, User
from appliance.core.catalogue import Library, Track, Window
from appliance.core.errors import Forbidden, NotFound, NotUsable, TooManyAttempts
from appliance.core.ids import new_id
from appliance.core.playlist_order import Insert
from appliance.core.ports import UnitOfWork
from appliance.core.shares import (
    CODE_PATTERN,
    LISTENING_TIME,
    LONGEST_LIFE,
    Share,
    ShareChanges,
    ShareKind,
    ShareWish,
    Shown,
    change_share,
    create_share,
    get_share,
    list_shares,
    revoke_share,
    shared_track,
    visit,
)
from appliance.core.throttle import Attempt, Throttle
from appliance.store.unit_of_work import PostgresStore
from tests.store.sheets import album_of, bring_in

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ALL = Window(500)
SECOND = timedelta(seconds=1)


async def somebody(store: PostgresStore, name: str, role: Role = Role.MEMBER) -> User:
    user = User(id=new_id(), name=name, role=role, created_at=NOW)
    async with store.begin() as work:
        assert await work.users.add(Account(user=user, password_hash="none", app_secret=None))
    return user


@pytest.fixture
async def ana(store: PostgresStore) -> User:
    return await somebody(store, "Ana")


@pytest.fixture
async def album(store: PostgresStore, library: Library) -> list[Track]:
    """The three tracks of an album called First."""
    await bring_in(store, library, album_of(3))
    async with store.begin() as work:
        [found] = (await work.search.find("first", artists=Window(0), albums=ALL, tracks=Window(0))).albums
        return await work.tracks.of_album(found.id)


@pytest.fixture
def throttle() -> Throttle:
    """Time stands still for it."""
    return Throttle(lambda: 0.0)


class Link:
    """Somebody who has a link."""

    def __init__(self, store: PostgresStore, throttle: Throttle, network: str = "192.0.2.7") -> None:
        self._store = store
        self._throttle = throttle
        self._network = network

    def _attempt(self, code: str) -> Attempt:
        return Attempt(self._throttle, f"share {code}", self._network)

    async def visit(self, share: Share | str, now: datetime = NOW) -> Shown:
        code = share if isinstance(share, str) else share.code
        async with self._store.begin() as work:
            return await visit(work, code, self._attempt(code), now)

    async def hear(self, share: Share, number: int, now: datetime = NOW) -> Track:
        async with self._store.begin() as work:
            return await shared_track(work, share.code, number, self._attempt(share.code), now)

    async def is_open(self, share: Share, now: datetime = NOW) -> bool:
        """Whether a visit gets in; if not, it is told what everybody is told."""
        told = ""
        try:
            await self.visit(share, now)
        except NotFound as refusal:
            told = str(refusal)
        assert told in {"", "There is nothing behind this link, or no more."}
        return not told


@pytest.fixture
def link(store: PostgresStore, throttle: Throttle) -> Link:
    return Link(store, throttle)


async def shared(
    store: PostgresStore, user: User, kind: ShareKind, items: list[UUID], now: datetime = NOW, **wish: object
) -> Share:
    async with store.begin() as work:
        wanted = ShareWish(kind=kind, item_ids=tuple(items), **wish)  # type: ignore[arg-type]
        return await create_share(work.seen_by(user), user, wanted, now)


async def shared_album(store: PostgresStore, user: User, album: list[Track], **wish: object) -> Share:
    return await shared(store, user, ShareKind.ALBUM, [album[0].album_id], **wish)  # type: ignore[arg-type]


async def kept(store: PostgresStore, share: Share) -> Share | None:
    async with store.begin() as work:
        return await work.shares.get(share.id)


async def visits(store: PostgresStore, share: Share) -> int:
    now = await kept(store, share)
    assert now is not None
    return now.visit_count


def titles(shown: Shown) -> list[tuple[int, str]]:
    return [(number, track.title) for number, track in shown.tracks]


# --- what is shown


async def test_an_album_opens_in_its_order(store: PostgresStore, ana: User, album: list[Track], link: Link) -> None:
    share = await shared_album(store, ana, album, description=" For\0you ")
    shown = await link.visit(share, LATER)
    assert (shown.title, shown.artist_display) == ("First", "Ana")
    assert titles(shown) == [(1, "1"), (2, "2"), (3, "3")]
    assert shown.share == msgspec.structs.replace(share, visit_count=1, visited_at=LATER)
    assert shown.share.description == "For you"
    assert await kept(store, share) == shown.share


async def test_a_track_opens_by_itself(store: PostgresStore, ana: User, album: list[Track], link: Link) -> None:
    shown = await link.visit(await shared(store, ana, ShareKind.TRACK, [album[1].id]))
    assert (shown.title, shown.artist_display, titles(shown)) == ("2", "Ana", [(1, "2")])


async def test_tracks_open_as_they_were_picked_and_keep_their_numbers(
    store: PostgresStore, library: Library, ana: User, album: list[Track], link: Link
) -> None:
    share = await shared(store, ana, ShareKind.TRACKS, [album[2].id, album[0].id, album[2].id])
    shown = await link.visit(share)
    assert (shown.title, titles(shown)) == ("", [(1, "3"), (2, "1"), (3, "3")])
    async with store.begin() as work:
        await work.catalogue.mark_missing(library, [album[2].file.path])
    assert titles(await link.visit(share)) == [(2, "1")]
    assert await link.hear(share, 2) == album[0]
    with pytest.raises(NotFound):
        await link.hear(share, 1)


async def test_a_playlist_opens_as_it_is_now(store: PostgresStore, ana: User, album: list[Track], link: Link) -> None:
    draft = playlists.Draft(name="Trains", track_ids=(album[1].id,))
    async with store.begin() as work:
        playlist = await playlists.create(work, ana, draft)
    share = await shared(store, ana, ShareKind.PLAYLIST, [playlist.id])
    assert titles(await link.visit(share)) == [(1, "2")]
    async with store.begin() as work:
        await playlists.operate(work, ana, playlist.id, [Insert(new_id(), album[0].id)])
    shown = await link.visit(share)
    assert shown.title == "Trains"
    assert sorted(titles(shown)) in ([(1, "1"), (2, "2")], [(1, "2"), (2, "1")])
    async with store.begin() as work:
        await playlists.remove(work, ana, playlist.id)
    assert not await link.is_open(share)


async def test_nobody_shares_what_is_not_there_for_them(store: PostgresStore, ana: User, album: list[Track]) -> None:
    bo = await somebody(store, "Bo")
    async with store.begin() as work:
        private = await playlists.create(work, bo, playlists.Draft(name="Mine", track_ids=(album[0].id,)))
        empty = await playlists.create(work, ana, playlists.Draft(name="Empty"))
    blind = msgspec.structs.replace(ana, libraries=())
    for user, kind, items in (
        (ana, ShareKind.ALBUM, [album[0].id]),
        (ana, ShareKind.TRACK, [album[0].album_id]),
        (ana, ShareKind.TRACKS, [album[0].id, new_id()]),
        (ana, ShareKind.PLAYLIST, [private.id]),
        (ana, ShareKind.PLAYLIST, [empty.id]),
        (blind, ShareKind.ALBUM, [album[0].album_id]),
        (blind, ShareKind.TRACK, [album[0].id]),
    ):
        with pytest.raises(NotFound):
            await shared(store, user, kind, items)
    async with store.begin() as work:
        assert await work.shares.page(None, ALL) == ([], 0)


async def test_a_link_opens_what_its_owner_may_see_then(
    store: PostgresStore, ana: User, album: list[Track], link: Link
) -> None:
    share = await shared_album(store, ana, album)
    for libraries, role, opens in (
        ((), Role.MEMBER, False),
        ((1,), Role.MEMBER, True),
        (None, Role.GUEST, False),
        ((2,), Role.ADMIN, False),
        (None, Role.ADMIN, True),
    ):
        async with store.begin() as work:
            await work.users.change(msgspec.structs.replace(ana, libraries=libraries, role=role))
        before = await visits(store, share)
        assert await link.is_open(share) == opens
        assert await visits(store, share) == before + opens


async def test_a_link_goes_with_its_owner(store: PostgresStore, ana: User, album: list[Track], link: Link) -> None:
    share = await shared_album(store, ana, album)
    async with store.begin() as work:
        await work.users.remove(ana.id)
    assert not await link.is_open(share)
    assert await kept(store, share) is None


# --- for how long, and how often


async def test_a_link_ends_at_its_time(store: PostgresStore, ana: User, album: list[Track], link: Link) -> None:
    share = await shared_album(store, ana, album, expires_at=LATER)
    assert await link.is_open(share, LATER - SECOND)
    assert not await link.is_open(share, LATER)
    with pytest.raises(NotFound):
        await link.hear(share, 1, LATER)
    assert await link.hear(share, 1, LATER - SECOND) == album[0]
    assert await visits(store, share) == 1


async def test_however_many_come_at_once_no_more_get_in_than_may(
    store: PostgresStore, ana: User, album: list[Track], throttle: Throttle
) -> None:
    share = await shared_album(store, ana, album, visit_limit=5)
    opened: list[bool] = []

    async def come(number: int) -> None:
        opened.append(await Link(store, throttle, f"192.0.2.{number}").is_open(share))

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(come, number)
    assert sorted(opened) == [False] * 15 + [True] * 5
    assert await visits(store, share) == 5


async def test_the_last_visitor_listens_as_well_and_not_for_ever(
    store: PostgresStore, ana: User, album: list[Track], link: Link
) -> None:
    share = await shared_album(store, ana, album, visit_limit=1)
    with pytest.raises(NotFound):
        await link.hear(share, 1)
    await link.visit(share)
    assert not await link.is_open(share)
    assert await link.hear(share, 3, NOW + LISTENING_TIME - SECOND) == album[2]
    with pytest.raises(NotFound):
        await link.hear(share, 3, NOW + LISTENING_TIME)
    assert await visits(store, share) == 1


async def test_only_what_is_shared_is_heard(store: PostgresStore, ana: User, album: list[Track], link: Link) -> None:
    share = await shared(store, ana, ShareKind.TRACKS, [album[1].id])
    assert await link.hear(share, 1) == album[1]
    for number in (0, 2, -1, 2**63):
        with pytest.raises(NotFound):
            await link.hear(share, number)


async def test_a_revoked_link_opens_nothing(store: PostgresStore, ana: User, album: list[Track], link: Link) -> None:
    share = await shared_album(store, ana, album)
    async with store.begin() as work:
        await revoke_share(work, ana, share.id)
    assert not await link.is_open(share)
    with pytest.raises(NotFound):
        await link.hear(share, 1)


async def test_wrong_codes_are_throttled_for_a_network_and_right_ones_elsewhere_are_not(
    store: PostgresStore, ana: User, album: list[Track], throttle: Throttle
) -> None:
    share = await shared_album(store, ana, album)
    guesser = Link(store, throttle)
    for number in range(30):
        with pytest.raises(NotFound):
            await guesser.visit(f"guess {number}")
    for code in ("guess 30", share.code):
        with pytest.raises(TooManyAttempts):
            await guesser.visit(code)
    with pytest.raises(TooManyAttempts):
        await guesser.hear(share, 1)
    assert await Link(store, throttle, "192.0.2.8").is_open(share)
    assert await visits(store, share) == 1


# --- whose


async def test_a_member_finds_their_own_and_an_administrator_everybodys(
    store: PostgresStore, ana: User, album: list[Track]
) -> None:
    bo, admin = await somebody(store, "Bo"), await somebody(store, "Ada", Role.ADMIN)
    first = await shared_album(store, ana, album, now=LATER)
    second = await shared_album(store, bo, album)
    async with store.begin() as work:
        assert await list_shares(work, ana, None, ALL) == ([first], 1)
        assert await list_shares(work, ana, ana.id, ALL) == ([first], 1)
        # Latest first, whichever was written first.
        assert await list_shares(work, admin, None, ALL) == ([first, second], 2)
        assert await list_shares(work, admin, None, Window(1, 1)) == ([second], 2)
        assert await list_shares(work, admin, bo.id, ALL) == ([second], 1)
        assert await get_share(work, admin, first.id) == first
        await refused(NotFound, list_shares(work, ana, bo.id, ALL))
        for user, share_id in ((ana, second.id), (ana, new_id()), (admin, new_id())):
            await refused(NotFound, get_share(work, user, share_id))
            await refused(NotFound, revoke_share(work, user, share_id))
            await refused(NotFound, change_share(work, user, share_id, ShareChanges(), NOW))
        await refused(Forbidden, change_share(work, admin, first.id, ShareChanges(visit_limit=9), NOW))
        await revoke_share(work, admin, first.id)
        assert await list_shares(work, ana, None, ALL) == ([], 0)


async def refused(refusal: type[Exception], asking: Awaitable[object]) -> None:
    with pytest.raises(refusal):
        await asking


async def test_a_change_leaves_what_it_does_not_name(
    store: PostgresStore, ana: User, album: list[Track], link: Link
) -> None:
    share = await shared_album(store, ana, album, description="For Bo", expires_at=LATER, visit_limit=3)
    await link.visit(share)

    async def changed(now: datetime = NOW, **changes: object) -> Share:
        async with store.begin() as work:
            return await change_share(work, ana, share.id, ShareChanges(**changes), now)  # type: ignore[arg-type]

    visited = msgspec.structs.replace(share, visit_count=1, visited_at=NOW)
    assert await changed() == visited
    # After its end, of which nothing is said.
    assert await changed(LATER, description=" For all ") == msgspec.structs.replace(visited, description="For all")
    assert not await link.is_open(share, LATER)
    assert (await changed(LATER, expires_at=None)).expires_at is None
    assert await link.is_open(share, LATER)
    assert (await changed(visit_limit=1)).visit_limit == 1
    assert not await link.is_open(share)
    assert (await changed(visit_limit=None)).visit_limit is None
    assert await link.is_open(share)


async def test_a_share_that_goes_while_it_is_changed_is_not_found(
    store: PostgresStore, ana: User, album: list[Track]
) -> None:
    share = await shared_album(store, ana, album)
    async with store.begin() as work:
        await work.shares.remove(share.id)
        with pytest.raises(NotFound):
            await work.shares.change(share)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("item_ids", ()), ("item_ids", (new_id(), new_id())), ("description", "x" * 1001), ("expires_at", NOW),
        ("expires_at", NOW - SECOND), ("expires_at", NOW + LONGEST_LIFE + SECOND), ("visit_limit", 0),
        ("visit_limit", -1), ("visit_limit", 2**63),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused(
    store: PostgresStore, ana: User, album: list[Track], field: str, value: object
) -> None:
    wish = ShareWish(kind=ShareKind.ALBUM, item_ids=(album[0].album_id,))
    wrong = msgspec.structs.replace(wish, **{field: value})
    work: UnitOfWork
    async with store.begin() as work:
        with pytest.raises(NotUsable) as refusal:
            await create_share(work, ana, wrong, NOW)
        assert [fault.field for fault in refusal.value.faults] == [field]
        if field != "item_ids":
            share = await create_share(work, ana, wish, NOW)
            with pytest.raises(NotUsable):
                await change_share(work, ana, share.id, ShareChanges(**{field: value}), NOW)  # type: ignore[arg-type]


async def test_up_to_five_hundred_tracks_are_shared(store: PostgresStore, ana: User, album: list[Track]) -> None:
    share = await shared(store, ana, ShareKind.TRACKS, [album[0].id] * 500)
    assert len(share.item_ids) == 500
    with pytest.raises(NotUsable):
        await shared(store, ana, ShareKind.TRACKS, [album[0].id] * 501)


async def test_codes_cannot_be_guessed_from_one_another(store: PostgresStore, ana: User, album: list[Track]) -> None:
    codes = [(await shared_album(store, ana, album)).code for _ in range(50)]
    assert all(re.fullmatch(CODE_PATTERN, code) for code in codes)
    # 22 letters, each of 64: at each place there are many different ones.
    assert min(len({code[place] for code in codes}) for place in range(21)) > 10
