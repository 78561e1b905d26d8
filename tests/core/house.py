"""A house of music without a disk or a database: folders of files that people shuffle, and a catalogue that follows.

The catalogue does with decisions what ``store/catalogue.py`` and ``store/merge.py`` do, in memory.
"""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID, uuid5

import msgspec

from appliance.core.library import Batch, Decision, KnownFile, Signature, Verdict, compare, reading_order
from appliance.core.sheet import AudioFacts, Sheet, Tags
from appliance.core.shelving import shelve

_SPACE = UUID(int=0)


class Recording(msgspec.Struct, frozen=True):
    """A file as somebody made it."""

    audio: str
    tags: Tags
    written: int
    """When; the same number never twice, so that it serves as the signature."""


class Place(msgspec.Struct, frozen=True, order=True):
    library: str
    path: bytes


class Row(msgspec.Struct):
    """A file in the catalogue."""

    id: UUID
    track_id: UUID
    where: Place
    identity: bytes
    signature: Signature
    missing_since: int | None = None


def identity_of(audio: str) -> bytes:
    return uuid5(_SPACE, audio).bytes


def library_id(library: str) -> UUID:
    return uuid5(_SPACE, library)


def tagged(album: str, number: int = 1, title: str = "Song") -> Tags:
    return Tags(title=title, artists=("Ana",), album=album, album_artists=("Ana",), track_number=number)


def sheet_of(path: bytes, recording: Recording) -> Sheet:
    return Sheet(
        path=path,
        size=1,
        mtime_ns=recording.written,
        audio=AudioFacts(
            identity=identity_of(recording.audio),
            suffix="mp3",
            codec="mp3",
            duration_ms=1,
            bit_rate=1,
            sample_rate=44100,
            channels=2,
        ),
        tags=recording.tags,
    )


def place_of(where: Place, recording: Recording) -> str:
    return shelve(sheet_of(where.path, recording)).place


class House:
    """``disk`` is what people see; ``rows`` and ``places`` (of the tracks) are what the catalogue holds."""

    def __init__(self) -> None:
        self.disk: dict[Place, Recording] = {}
        self.rows: dict[UUID, Row] = {}
        self.places: dict[UUID, str] = {}
        self._clock = 0
        self._ids = 0

    def write(self, where: Place, audio: str, tags: Tags) -> None:
        self._clock += 1
        self.disk[where] = Recording(audio, tags, self._clock)

    def scan(self, library: str, sizes: Iterable[int] = (1000,), *, everything: bool = False) -> list[Decision]:
        """A scan that reads batches of these sizes, the last again and again."""
        self._clock += 1
        walked = {
            where.path: Signature(1, recording.written)
            for where, recording in self.disk.items()
            if where.library == library
        }
        known, missing = self._known(library)
        comparison = compare(walked, known, missing, everything=everything)
        changed = {path for path in comparison.to_read if known.get(path, walked[path]) != walked[path]}
        batch = Batch(library_id(library), comparison.vanished | changed, ids=self._new_id)
        decided: list[Decision] = []
        held: list[bytes] = []
        remaining = iter(sizes)
        for part in _parts(reading_order(comparison.to_read, known), remaining):
            sheets = [sheet_of(path, self.disk[Place(library, path)]) for path in part]
            decisions = batch.decide(sheets, self._recognise(library, sheets))
            held += [path for path, decision in zip(part, decisions, strict=True) if decision is None]
            decided += self._merge(library, [decision for decision in decisions if decision is not None])
        for part in _parts(held, remaining):
            sheets = [sheet_of(path, self.disk[Place(library, path)]) for path in part]
            decided += self._merge(library, batch.decide_rest(sheets, self._recognise(library, sheets)))
        for path in comparison.vanished:
            for row in self._present_at(Place(library, path)):
                row.missing_since = self._clock
        for path in comparison.returned:
            self._return(Place(library, path))
        return decided

    def row_at(self, where: Place) -> Row:
        """The one file that the catalogue has there."""
        (row,) = self._present_at(where)
        return row

    def present(self) -> dict[Place, Row]:
        """Every file that the catalogue holds for present; fails if it holds one place for two."""
        present = [row for row in self.rows.values() if row.missing_since is None]
        by_place = {row.where: row for row in present}
        assert len(by_place) == len(present)
        return by_place

    def _new_id(self) -> UUID:
        """In no order, as the real ones of one millisecond, yet the same in each house: its story can be told again."""
        self._ids += 1
        return uuid5(_SPACE, f"id {self._ids}")

    def _present_at(self, where: Place) -> list[Row]:
        return [row for row in self.rows.values() if row.where == where and row.missing_since is None]

    def _missing_at(self, where: Place) -> list[Row]:
        """Those that went last, last."""
        gone = [row for row in self.rows.values() if row.where == where and row.missing_since is not None]
        return sorted(gone, key=lambda row: (row.missing_since or 0, row.id.bytes))

    def _known(self, library: str) -> tuple[dict[bytes, Signature], set[bytes]]:
        signatures: dict[bytes, Signature] = {}
        missing: set[bytes] = set()
        for where in {row.where for row in self.rows.values() if row.where.library == library}:
            here = self._present_at(where) or self._missing_at(where)
            signatures[where.path] = here[-1].signature
            if here[-1].missing_since is not None:
                missing.add(where.path)
        return signatures, missing

    def _recognise(self, library: str, sheets: Sequence[Sheet]) -> list[KnownFile]:
        paths = {Place(library, sheet.path) for sheet in sheets}
        identities = {sheet.audio.identity for sheet in sheets}
        return [
            KnownFile(
                id=row.id,
                track_id=row.track_id,
                library_id=library_id(row.where.library),
                path=row.where.path,
                identity=row.identity,
                missing=row.missing_since is not None,
                place=self.places[row.track_id],
            )
            for row in self.rows.values()
            if row.where in paths or row.identity in identities
        ]

    def _merge(self, library: str, decisions: Sequence[Decision]) -> Sequence[Decision]:
        file_ids = [decision.file_id for decision in decisions]
        assert len(set(file_ids)) == len(file_ids), "one file decided twice"
        for decision in decisions:
            for row in self._present_at(Place(library, decision.sheet.path)):
                if row.id != decision.file_id:
                    row.missing_since = self._clock
        for decision in decisions:
            known = decision.file_id in self.rows
            assert known == (decision.verdict in {Verdict.SAME, Verdict.MOVED})
            assert (decision.track_id in self.places) == (decision.verdict is not Verdict.NEW)
            if decision.verdict is not Verdict.COPY:
                self.places[decision.track_id] = decision.draft.place
            self.rows[decision.file_id] = Row(
                id=decision.file_id,
                track_id=decision.track_id,
                where=Place(library, decision.sheet.path),
                identity=decision.sheet.audio.identity,
                signature=Signature(decision.sheet.size, decision.sheet.mtime_ns),
            )
        return decisions

    def _return(self, where: Place) -> None:
        if not self._present_at(where):
            for row in self._missing_at(where)[-1:]:
                row.missing_since = None


def _parts(paths: list[bytes], sizes: Iterator[int]) -> Iterator[list[bytes]]:
    """``paths`` in batches of these sizes, the last again and again."""
    size = 1
    while paths:
        size = next(sizes, size)
        yield paths[:size]
        paths = paths[size:]
