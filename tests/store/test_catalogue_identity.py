"""Whatever happens to the files on a disk between two scans, what people left on a track stays on it (invariant 1)."""

from collections.abc import Iterable
from itertools import count
from uuid import UUID

import msgspec
import trio
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from appliance.core.accounts import Account, Role, User
from appliance.core.catalogue import Item, Marks, TrackFilter, Window
from appliance.core.ids import new_id
from appliance.core.library import Signature, compare
from appliance.core.playlist_order import Insert
from appliance.core.playlists import Draft, create, operate
from appliance.core.ports import UnitOfWork
from appliance.core.sheet import Sheet
from appliance.store.unit_of_work import PostgresStore
from tests.store.clean_slate import wipe
from tests.store.events import at, like, play, rate
from tests.store.sheets import bring, moved, sheet, sound, tagged

ROOTS = (b"/one", b"/two")


class Piece:
    """Something that people like: one or more files that are one track, whatever they are called."""

    def __init__(self, name: int) -> None:
        self.name = name
        self.track_id: UUID | None = None
        self.marks = Marks()
        self.unsettled: set[bytes] = set()
        """The roots on which something happened to it that no scan has seen."""


class Disk(msgspec.Struct):
    """A root folder: its files, and whose they are."""

    root: bytes
    files: dict[bytes, Sheet]
    owners: dict[bytes, Piece]

    def take(self, path: bytes) -> tuple[Sheet, Piece]:
        return self.files.pop(path), self.owners.pop(path)

    def put(self, path: bytes, file: Sheet, piece: Piece) -> None:
        self.files[path] = moved(file, path.decode())
        self.owners[path] = piece
        piece.unsettled.add(self.root)

    def of(self, piece: Piece) -> list[bytes]:
        return sorted(path for path, owner in self.owners.items() if owner is piece)


class Library(RuleBasedStateMachine):
    """Runs in a thread of the test's Trio.

    Between two scans one thing happens to a piece: what combines two (a file that is moved and encoded anew) is told
    apart from a new file by nobody, as docs/decisions/0008-track-identity.md admits.
    """

    def __init__(self, store: PostgresStore, url: str) -> None:
        super().__init__()
        self._store = store
        self._numbers = count(1)
        self._disks = [Disk(root, {}, {}) for root in ROOTS]
        self._in_use = set(ROOTS)
        self._pieces: list[Piece] = []
        self._bin: list[tuple[Disk, bytes, Sheet, Piece]] = []
        self._user = User(id=new_id(), name="Ana", role=Role.MEMBER, created_at=at(0))
        self._playlist_id = new_id()
        self._playlist: list[UUID] = []
        wipe(url)

    @initialize(number=st.integers(2, 4))
    def begin(self, number: int) -> None:
        trio.from_thread.run(self._begin)
        for _ in range(number):
            self._add(self._disks[0])
        self.scan(100)

    # What people do to their files.

    @rule(data=st.data())
    def add(self, data: st.DataObject) -> None:
        self._add(data.draw(st.sampled_from(self._disks)))

    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        for disk, path, _ in self._choose(data):
            disk.put(self._fresh_path(), *disk.take(path))

    @rule(data=st.data())
    def swap(self, data: st.DataObject) -> None:
        for disk, path, piece in self._choose(data):
            for other_disk, other, other_piece in self._choose(data):
                if other_disk is disk and other_piece is not piece:
                    one, two = disk.take(path), disk.take(other)
                    disk.put(path, *two)
                    disk.put(other, *one)

    @rule(data=st.data(), album=st.sampled_from(["First", "Second"]), renamed=st.booleans())
    def retag(self, data: st.DataObject, album: str, *, renamed: bool) -> None:
        """All files of the piece alike, which are in one library; a tagger may rename one as well."""
        for disk, path, piece in self._choose(data):
            if any(other.of(piece) for other in self._disks if other is not disk):
                return
            if renamed:
                disk.put(self._fresh_path(), *disk.take(path))
            number = next(self._numbers)
            changes = {"album": album, "title": f"{piece.name} {number}", "genres": (f"Genre {number % 3}",)}
            for own in disk.of(piece):
                file, _ = disk.take(own)
                tags = tagged(file.tags, **changes)
                disk.put(own, msgspec.structs.replace(file, tags=tags, mtime_ns=next(self._numbers)), piece)

    @rule(data=st.data())
    def encode_anew(self, data: st.DataObject) -> None:
        for disk, path, piece in self._choose(data):
            file, _ = disk.take(path)
            audio = msgspec.structs.replace(file.audio, identity=sound(f"anew {next(self._numbers)}"))
            disk.put(path, msgspec.structs.replace(file, audio=audio, mtime_ns=next(self._numbers)), piece)

    @rule(data=st.data())
    def copy(self, data: st.DataObject) -> None:
        for disk, path, piece in self._choose(data):
            file = msgspec.structs.replace(disk.files[path], mtime_ns=next(self._numbers))
            data.draw(st.sampled_from(self._disks)).put(self._fresh_path(), file, piece)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        for disk, path, piece in self._choose(data):
            self._bin.append((disk, path, *disk.take(path)))
            piece.unsettled.add(disk.root)

    @rule(data=st.data(), elsewhere=st.booleans())
    def put_back(self, data: st.DataObject, *, elsewhere: bool) -> None:
        settled = [index for index, (_, _, _, piece) in enumerate(self._bin) if not piece.unsettled]
        if settled:
            disk, path, file, piece = self._bin.pop(data.draw(st.sampled_from(settled)))
            disk.put(self._fresh_path() if elsewhere or path in disk.files else path, file, piece)

    @rule()
    def move_the_whole_library(self) -> None:
        """To the other root, each file under its path; only when nothing else is under way."""
        one, two = self._disks
        if any(piece.unsettled for piece in self._pieces) or one.files.keys() & two.files.keys():
            return
        for path in list(one.files):
            two.put(path, *one.take(path))
        for piece in self._pieces:
            piece.unsettled |= {one.root, two.root} if two.of(piece) else set()

    @rule(roots=st.sets(st.sampled_from(ROOTS), min_size=1))
    def choose_libraries(self, roots: set[bytes]) -> None:
        async def settle() -> None:
            async with self._store.begin() as work:
                await work.libraries.settle(sorted(roots))

        trio.from_thread.run(settle)
        self._in_use = roots
        # Files of the ones that were set aside come back with the next scan.
        for disk in self._disks:
            for piece in disk.owners.values():
                piece.unsettled.add(disk.root)

    @rule(data=st.data())
    def listen(self, data: st.DataObject) -> None:
        known = [piece for piece in self._pieces if piece.track_id is not None]
        if known:
            trio.from_thread.run(self._listen, data.draw(st.sampled_from(known)))

    @rule(batch=st.sampled_from([1, 2, 100]))
    def scan(self, batch: int) -> None:
        """``batch``: sheets in a transaction."""
        trio.from_thread.run(self._scan, batch)
        for piece in self._pieces:
            if piece.unsettled <= self._in_use:
                piece.unsettled = set()

    # What must be so.

    @invariant()
    def every_track_has_kept_its_own(self) -> None:
        trio.from_thread.run(self._check)

    def teardown(self) -> None:
        if self._pieces:
            self.choose_libraries(set(ROOTS))
            self.scan(100)
            self.every_track_has_kept_its_own()
        super().teardown()

    async def _check(self) -> None:
        async with self._store.begin() as work:
            playing, _ = await work.tracks.page(TrackFilter(), Window(1000))
            known = {piece.track_id: piece for piece in self._pieces if piece.track_id is not None}
            marks = await work.listening.marks(self._user.id, Item.TRACK, list(known))
            entries = await work.playlists.entries(self._playlist_id, Window(1000))
        assert [entry.track_id for entry in entries] == self._playlist
        assert marks == {track_id: piece.marks for track_id, piece in known.items() if piece.marks != Marks()}
        if any(piece.unsettled for piece in self._pieces):
            return
        places = {
            (disk.root, path): piece
            for disk in self._disks
            if disk.root in self._in_use
            for path, piece in disk.owners.items()
        }
        assert {track.id for track in playing} == {piece.track_id for piece in places.values()}
        for track in playing:
            assert places[track.file.root, track.file.path] is known[track.id]

    async def _begin(self) -> None:
        async with self._store.begin() as work:
            await work.users.add(Account(user=self._user, password_hash="none", app_secret=None))
            await work.libraries.settle(sorted(ROOTS))
            await create(work, self._user, Draft(id=self._playlist_id, name="Evenings"))

    async def _listen(self, piece: Piece) -> None:
        minute = next(self._numbers)
        rating = minute % 5 + 1
        assert piece.track_id is not None
        await like(self._store, self._user.id, Item.TRACK, (piece.track_id, minute, True))
        await rate(self._store, self._user.id, Item.TRACK, (piece.track_id, minute, rating))
        await play(self._store, self._user.id, (piece.track_id, minute))
        async with self._store.begin() as work:
            await operate(work, self._user, self._playlist_id, [Insert(new_id(), piece.track_id)])
        self._playlist.append(piece.track_id)
        plays = piece.marks.play_count + 1
        piece.marks = Marks(liked_at=at(minute), rating=rating, play_count=plays, last_played_at=at(minute))

    async def _scan(self, batch: int) -> None:
        async with self._store.begin() as work:
            libraries = await work.libraries.all()
        for library in libraries:
            [disk] = [disk for disk in self._disks if disk.root == library.root]
            walked = {path: Signature(file.size, file.mtime_ns) for path, file in disk.files.items()}
            async with self._store.begin() as work:
                known = await work.catalogue.known(library)
            comparison = compare(walked, known.signatures, known.missing)
            changed = {path for path in comparison.to_read if path in known.signatures}
            for start in range(0, len(comparison.to_read), batch):
                sheets = [disk.files[path] for path in comparison.to_read[start : start + batch]]
                async with self._store.begin() as work:
                    await bring(work, library, sheets, unsettled=comparison.vanished | changed)
            async with self._store.begin() as work:
                await work.catalogue.mark_missing(library, comparison.vanished)
                await work.catalogue.mark_returned(library, comparison.returned)
        async with self._store.begin() as work:
            await work.catalogue.tidy()
            await self._meet(work)

    async def _meet(self, work: UnitOfWork) -> None:
        """Learn the ids of pieces that are in the catalogue for the first time."""
        for track in (await work.tracks.page(TrackFilter(), Window(1000)))[0]:
            [disk] = [disk for disk in self._disks if disk.root == track.file.root]
            piece = disk.owners[track.file.path]
            if piece.track_id is None:
                piece.track_id = track.id

    def _add(self, disk: Disk) -> None:
        piece = Piece(next(self._numbers))
        tags = tagged(title=f"{piece.name}", track_number=piece.name)
        file = sheet("", f"piece {piece.name}", tags, mtime_ns=next(self._numbers))
        disk.put(self._fresh_path(), file, piece)
        self._pieces.append(piece)

    def _fresh_path(self) -> bytes:
        """A path that no file ever had, sorted anywhere among the others."""
        number = next(self._numbers)
        return f"{number * 7 % 10}/{number}.mp3".encode()

    def _choose(self, data: st.DataObject) -> Iterable[tuple[Disk, bytes, Piece]]:
        """A file to which something may happen; none when there is none."""
        choice = [
            (disk, path, piece)
            for disk in self._disks
            for path, piece in sorted(disk.owners.items())
            if not piece.unsettled
        ]
        return [data.draw(st.sampled_from(choice))] if choice else []


async def test_a_track_stays_itself_whatever_happens_to_its_files(store: PostgresStore, database_url: str) -> None:
    await trio.to_thread.run_sync(
        lambda: run_state_machine_as_test(
            lambda: Library(store, database_url),  # type: ignore[arg-type]  # it takes any callable
            settings=settings(
                max_examples=40, stateful_step_count=25, deadline=None, database=None, phases=[Phase.generate]
            ),
        )
    )
