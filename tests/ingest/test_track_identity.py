"""Real files, real scans, real restarts: whatever people do to a disk, what they left on a track stays on it.

The rules are tried without a disk in ``tests/core/test_library_identity.py``, and on a database alone in
``tests/store/test_catalogue_identity.py``, many times over. Here everything is as in a house, a few times over;
``IDENTITY_EXAMPLES=200`` in the environment tries that many, other ones each time.
"""

import os
import shutil
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import trio
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from appliance.core.catalogue import TrackFilter, Window
from appliance.core.scanning import ScanKind
from tests.ingest.conftest import Recorder, write_sound
from tests.ingest.listener import Listener
from tests.ingest.server import Server
from tests.store.clean_slate import wipe

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Of the machine's examples; without the variable the same few each time.
_ASKED_FOR = os.environ.get("IDENTITY_EXAMPLES")
_SUFFIXES = (".mp3", ".flac", ".opus", ".m4a")
_ROOTS = ("one", "two")


class Piece:
    """A song in a file; ``path`` is where that is, or was before it was thrown away."""

    def __init__(self, number: int, path: Path, *, stays: bool) -> None:
        self.number = number
        self.path = path
        self.stays = stays
        """Nothing happens to it: a root without files counts as one that is not mounted."""
        self.title = f"Song {number}"
        self.track_id: UUID | None = None
        self.thrown_away = False
        self.settled = False
        """Whether a scan has seen the last that happened to it."""


class House(RuleBasedStateMachine):
    """Runs in a thread of the test's Trio. Between two scans one thing happens to a piece, as decision 0008 has it."""

    def __init__(self, server: Server, url: str, recorder: Recorder) -> None:
        super().__init__()
        self._server = server
        self._recorder = recorder
        self._roots = [recorder.root / name for name in _ROOTS]
        self._bin = recorder.root.parent / "bin"
        self._numbers = count(1)
        self._pieces: list[Piece] = []
        self._left: set[Path] = set()
        """Paths at which a piece once was."""
        self._listener = Listener()
        wipe(url)
        for folder in (*self._roots, self._bin):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    @initialize(suffixes=st.lists(st.sampled_from(_SUFFIXES), min_size=2, max_size=2))
    def begin(self, suffixes: list[str]) -> None:
        trio.from_thread.run(self._begin)
        for root in self._roots:
            self._record(root, ".mp3", stays=True)
            for suffix in suffixes:
                self._record(root, suffix)
        self.scan(ScanKind.QUICK)
        for piece, way in zip(self._pieces, cycle(self._listener.ways), strict=False):
            self._leave(piece, way)

    # What people do to their files.

    @rule(root=st.integers(0, 1), suffix=st.sampled_from(_SUFFIXES))
    def add(self, root: int, suffix: str) -> None:
        self._record(self._roots[root], suffix)

    @rule(data=st.data(), seen=st.booleans())
    def rename(self, data: st.DataObject, *, seen: bool) -> None:
        for piece in self._choose(data):
            here = [root for root in self._roots if piece.path.is_relative_to(root)]
            self._carry(piece, data.draw(st.sampled_from(self._vacant(piece, here))))
        self._scan_if(seen=seen)

    @rule(data=st.data(), seen=st.booleans())
    def move_to_the_other_library(self, data: st.DataObject, *, seen: bool) -> None:
        for piece in self._choose(data):
            there = [root for root in self._roots if not piece.path.is_relative_to(root)]
            self._carry(piece, data.draw(st.sampled_from(self._vacant(piece, there))))
        self._scan_if(seen=seen)

    @rule(data=st.data(), seen=st.booleans())
    def swap(self, data: st.DataObject, *, seen: bool) -> None:
        for one in self._choose(data):
            for other in self._choose(data, beside=one):
                first, second = one.path, other.path
                self._carry(one, self._bin / "between")
                self._carry(other, first)
                self._carry(one, second)
        self._scan_if(seen=seen)

    @rule(data=st.data(), renamed=st.booleans(), seen=st.booleans())
    def retag(self, data: st.DataObject, *, renamed: bool, seen: bool) -> None:
        """A tagger may rename the file as well."""
        for piece in self._choose(data):
            if renamed:
                self._carry(piece, self._vacant(piece, [piece.path.parent])[0])
            self._retag(piece)
        self._scan_if(seen=seen)

    @rule(data=st.data(), seen=st.booleans())
    def encode_anew(self, data: st.DataObject, *, seen: bool) -> None:
        for piece in self._choose(data):
            self._encode(piece)
        self._scan_if(seen=seen)

    @rule(data=st.data(), seen=st.booleans())
    def throw_away(self, data: st.DataObject, *, seen: bool) -> None:
        for piece in self._choose(data):
            self._left.add(piece.path)
            piece.path.rename(self._bin / str(piece.number))
            piece.thrown_away, piece.settled = True, False
        self._scan_if(seen=seen)

    @rule(data=st.data(), elsewhere=st.booleans(), retagged=st.booleans(), seen=st.booleans())
    def put_back(self, data: st.DataObject, *, elsewhere: bool, retagged: bool, seen: bool) -> None:
        gone = [piece for piece in self._pieces if piece.thrown_away]
        for piece in [data.draw(st.sampled_from(gone))] if gone else []:
            if elsewhere or piece.path.exists():
                piece.path = data.draw(st.sampled_from(self._vacant(piece, self._roots)))
            (self._bin / str(piece.number)).rename(piece.path)
            if retagged and piece.settled:
                self._retag(piece)
            piece.thrown_away, piece.settled = False, False
        self._scan_if(seen=seen)

    # What the server does meanwhile.

    @rule(data=st.data())
    def listen(self, data: st.DataObject) -> None:
        known = [piece for piece in self._pieces if piece.track_id is not None]
        self._leave(data.draw(st.sampled_from(known)), data.draw(st.sampled_from(list(self._listener.ways))))

    @rule(kind=st.sampled_from([ScanKind.QUICK, ScanKind.QUICK, ScanKind.FULL]))
    def scan(self, kind: ScanKind) -> None:
        trio.from_thread.run(self._server.scan, kind)
        for piece in self._pieces:
            piece.settled = True
        trio.from_thread.run(self._meet)

    @rule()
    def restart(self) -> None:
        trio.from_thread.run(self._server.stop)
        trio.from_thread.run(self._server.start)

    @rule(kind=st.sampled_from(ScanKind))
    def restart_in_the_midst_of_a_scan(self, kind: ScanKind) -> None:
        trio.from_thread.run(self._server.request, kind)
        self.restart()
        self.scan(ScanKind.QUICK)

    # What must be so.

    @invariant()
    def everything_is_where_it_was_left(self) -> None:
        trio.from_thread.run(self._check)

    def teardown(self) -> None:
        if self._pieces:
            trio.from_thread.run(self._server.stop)

    async def _begin(self) -> None:
        await self._server.start()
        async with self._server.store.begin() as work:
            await work.libraries.settle([bytes(root) for root in self._roots])
        await self._listener.begin(self._server.store)

    async def _check(self) -> None:
        known = [piece.track_id for piece in self._pieces if piece.track_id is not None]
        await self._listener.check(self._server.store)
        await self._listener.check_marks(self._server.store, known)
        if all(piece.settled for piece in self._pieces):
            present = [piece for piece in self._pieces if not piece.thrown_away]
            assert await self._catalogue() == {piece.path: (piece.title, piece.track_id) for piece in present}

    async def _catalogue(self) -> dict[Path, tuple[str, UUID]]:
        """What can be played, by the files that would."""
        async with self._server.store.begin() as work:
            tracks, _ = await work.tracks.page(TrackFilter(), Window(500))
        return {
            Path(os.fsdecode(track.file.root), os.fsdecode(track.file.path)): (track.title, track.id)
            for track in tracks
        }

    async def _meet(self) -> None:
        """Learn the ids of pieces that are in the catalogue for the first time."""
        catalogue = await self._catalogue()
        for piece in self._pieces:
            if piece.track_id is None and not piece.thrown_away:
                piece.track_id = catalogue[piece.path][1]

    def _record(self, root: Path, suffix: str, *, stays: bool = False) -> None:
        number = next(self._numbers)
        piece = Piece(number, root / f"{number}{suffix}", stays=stays)
        self._encode(piece)
        self._pieces.append(piece)

    def _encode(self, piece: Piece) -> None:
        """As no piece ever sounded, under the title that it has."""
        write_sound(piece.path, seconds=0.2, pitch=200 + 3 * next(self._numbers))
        self._recorder.retag(piece.path, piece.title)
        piece.settled = False

    def _retag(self, piece: Piece) -> None:
        piece.title = f"Song {piece.number} {next(self._numbers)}"
        self._recorder.retag(piece.path, piece.title)
        piece.settled = False

    def _scan_if(self, *, seen: bool) -> None:
        """Many things may happen before a scan sees them; yet each by itself must be tried often."""
        if seen:
            self.scan(ScanKind.QUICK)

    def _carry(self, piece: Piece, path: Path) -> None:
        self._left.add(piece.path)
        piece.path = piece.path.rename(path)
        piece.settled = False

    def _vacant(self, piece: Piece, roots: "Iterable[Path]") -> list[Path]:
        """Names for the piece's file below these roots: a new one, and those that files left."""
        name = f"{next(self._numbers)}{piece.path.suffix}"
        left = [path for path in sorted(self._left) if path.suffix == piece.path.suffix and not path.exists()]
        return [root / name for root in roots] + [
            path for path in left if any(path.is_relative_to(root) for root in roots)
        ]

    def _leave(self, piece: Piece, way: str) -> None:
        assert piece.track_id is not None
        trio.from_thread.run(self._listener.leave, self._server.store, way, piece.track_id)

    def _choose(self, data: st.DataObject, beside: Piece | None = None) -> list[Piece]:
        """A piece to which something may happen, of the same kind of file as ``beside``; none when there is none."""
        choice = [piece for piece in self._pieces if piece.settled and not (piece.stays or piece.thrown_away)]
        if beside is not None:
            suffix = beside.path.suffix
            choice = [piece for piece in choice if piece is not beside and piece.path.suffix == suffix]
        return [data.draw(st.sampled_from(choice))] if choice else []


async def test_what_is_left_on_a_track_stays_on_it(
    nursery: trio.Nursery, database_url: str, recorder: Recorder
) -> None:
    server = Server(nursery, database_url)
    await trio.to_thread.run_sync(
        lambda: run_state_machine_as_test(
            lambda: House(server, database_url, recorder),  # type: ignore[arg-type]  # it takes any callable
            settings=settings(
                max_examples=int(_ASKED_FOR or 12),
                stateful_step_count=24,
                deadline=None,
                database=None,
                derandomize=not _ASKED_FOR,
                phases=[Phase.generate],
            ),
        )
    )
