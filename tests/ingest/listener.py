"""Somebody who leaves marks of every kind on tracks, through the use cases, and remembers which."""

from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

from appliance.core.accounts import Account, Role, User
from appliance.core.bookmarks import set_bookmark
from appliance.core.catalogue import Item, Window
from appliance.core.ids import new_id
from appliance.core.likes import add_like, take_like_back
from appliance.core.listening import TimeOrder, Told
from appliance.core.playlist_order import Insert
from appliance.core.playlists import Draft, create, operate
from appliance.core.plays import Heard, PlayFilter, add_play, history
from appliance.core.ports import Store, UnitOfWork
from appliance.core.ratings import add_rating
from tests.store.events import at

_ALL = Window(500)


class Listener:
    """``begin`` first. Only what this remembers may be in the store of this user's."""

    def __init__(self) -> None:
        self.user = User(id=new_id(), name="Ana", role=Role.MEMBER, created_at=at(0))
        self._likes: dict[UUID, UUID] = {}
        self._ratings: dict[UUID, int] = {}
        self._plays: list[UUID] = []
        self._bookmarks: dict[UUID, int] = {}
        self._playlist_id = new_id()
        self._playlist: list[UUID] = []
        self.ways: dict[str, Callable[[UnitOfWork, UUID], Awaitable[None]]] = {
            "like": self._like,
            "rate": self._rate,
            "play": self._play,
            "bookmark": self._bookmark,
            "list": self._list,
        }
        """What ``leave`` can do."""

    async def begin(self, store: Store) -> None:
        async with store.begin() as work:
            await work.users.add(Account(user=self.user, password_hash="none", app_secret=None))
            await create(work, self.user, Draft(id=self._playlist_id, name="Evenings"))

    async def leave(self, store: Store, way: str, track_id: UUID) -> None:
        async with store.begin() as work:
            await self.ways[way](work.seen_by(self.user), track_id)

    async def check(self, store: Store) -> None:
        """Everything is there still, and on the tracks that it was left on."""
        async with store.begin() as work:
            mine = work.seen_by(self.user)
            likes, _ = await mine.likes.page(self.user.id, TimeOrder.OLDEST, _ALL, Item.TRACK)
            ratings, _ = await mine.ratings.page(self.user.id, TimeOrder.OLDEST, _ALL, Item.TRACK)
            plays, _ = await history(mine, self.user, PlayFilter(), TimeOrder.OLDEST, _ALL)
            bookmarks, _ = await mine.bookmarks.page(self.user.id, TimeOrder.OLDEST, _ALL)
            entries = await mine.playlists.entries(self._playlist_id, _ALL)
        assert {like.item_id: like.id for like in likes} == self._likes
        assert {rating.item_id: rating.rating for rating in ratings} == self._ratings
        assert [play.track_id for play in plays] == self._plays
        assert {bookmark.track_id: bookmark.position_ms for bookmark in bookmarks} == self._bookmarks
        assert [entry.track_id for entry in entries] == self._playlist

    async def check_marks(self, store: Store, track_ids: list[UUID]) -> None:
        """These tracks, as an app is shown them, carry what was left on them, and nothing else."""
        async with store.begin() as work:
            marks = await work.listening.marks(self.user.id, Item.TRACK, track_ids)
        plays = Counter(self._plays)
        shown = {id_: (mark.liked_at is not None, mark.rating or 0, mark.play_count) for id_, mark in marks.items()}
        left = {id_: (id_ in self._likes, self._ratings.get(id_, 0), plays[id_]) for id_ in track_ids}
        assert shown == {id_: mark for id_, mark in left.items() if mark != (False, 0, 0)}

    async def _like(self, work: UnitOfWork, track_id: UUID) -> None:
        """Or like it no longer."""
        if track_id in self._likes:
            await take_like_back(work, self.user, self._likes.pop(track_id))
        else:
            self._likes[track_id] = (await add_like(work, self.user, Item.TRACK, track_id, told=Told())).id

    async def _rate(self, work: UnitOfWork, track_id: UUID) -> None:
        rating = self._ratings.get(track_id, 0) % 5 + 1
        await add_rating(work, self.user, Item.TRACK, track_id, rating, told=Told())
        self._ratings[track_id] = rating

    async def _play(self, work: UnitOfWork, track_id: UUID) -> None:
        await add_play(work, self.user, Heard(track_id=track_id, client="app"), Told())
        self._plays.append(track_id)

    async def _bookmark(self, work: UnitOfWork, track_id: UUID) -> None:
        position = self._bookmarks.get(track_id, 0) + 10
        await set_bookmark(work, self.user, track_id, position, "")
        self._bookmarks[track_id] = position

    async def _list(self, work: UnitOfWork, track_id: UUID) -> None:
        await operate(work, self.user, self._playlist_id, [Insert(new_id(), track_id)])
        self._playlist.append(track_id)
