"""A file comes in: what each sheet is, decided without I/O.

The rules of identity (invariant 1), in the order in which they are tried; docs/decisions/0008-track-identity.md
tells why:

1. The path is known and its audio is the same: the same file, whatever its tags say now.
2. The audio is known from a file that is no longer where it was, and the tags put both at the same place of the same
   album: that file has moved here.
3. The same of a file that is still where it was: another copy of the same track.
4. The audio is known from a file that is no longer where it was: it has moved here, and was retagged.
5. The path is known, and nobody else claims the audio, or the tags still name the place that they named: encoded anew
   in place, still the same track.
6. Otherwise a new track.

None of them carries a track away from a copy that stays where the track was: a copy that is retagged for another album
becomes a track of that album.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from appliance.core.ids import new_id
from appliance.core.sheet import Sheet
from appliance.core.shelving import TrackDraft, shelve


class Signature(msgspec.Struct, frozen=True):
    """What the walk sees of a file, and by which a change is noticed."""

    size: int
    mtime_ns: int


class Comparison(msgspec.Struct, frozen=True):
    """A library's folder held against what the store knows of it."""

    to_read: list[bytes]
    """Paths that are new or changed, sorted."""
    vanished: set[bytes]
    """Known, and not there now."""
    returned: set[bytes]
    """Marked missing, and there again unchanged."""


def compare(
    walked: Mapping[bytes, Signature],
    known: Mapping[bytes, Signature],
    missing: set[bytes],
    unreadable: Iterable[bytes] = (),
    *,
    everything: bool = False,
) -> Comparison:
    """Hold the walk against the store's files (``known``; of these ``missing`` are marked so).

    ``unreadable``: folders that could not be listed; nothing below them counts as vanished. ``everything`` reads
    unchanged files as well (a full scan).
    """
    to_read = sorted(path for path, signature in walked.items() if everything or known.get(path) != signature)
    unseen = set(unreadable)
    below = tuple(folder + b"/" if folder else b"" for folder in unseen)
    vanished = {
        path
        for path in known
        if path not in walked and path not in missing and path not in unseen and not path.startswith(below)
    }
    again = set(to_read)
    returned = {path for path in missing if path in walked and path not in again}
    return Comparison(to_read, vanished, returned)


class KnownFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file row, as far as recognition needs it."""

    id: UUID
    track_id: UUID
    library_id: UUID
    path: bytes
    identity: bytes
    missing: bool
    place: str
    """The place of its track: ``TrackDraft.place``."""


class Verdict(StrEnum):
    NEW = "new"
    SAME = "same"
    MOVED = "moved"
    COPY = "copy"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What one sheet is, with the identifiers that it keeps or is given."""

    verdict: Verdict
    file_id: UUID
    track_id: UUID
    sheet: Sheet
    draft: TrackDraft


class Batch:
    """Decides the sheets of one library, batch by batch, within one scan."""

    def __init__(self, library_id: UUID, unsettled: set[bytes]) -> None:
        """``unsettled``: paths of this library that vanished or changed, so that their old audio may be elsewhere."""
        self._library_id = library_id
        self._unsettled = set(unsettled)

    def decide(self, sheets: Sequence[Sheet], known: Iterable[KnownFile]) -> list[Decision]:
        """A decision for each sheet, in their order.

        ``known``: every file of the store that has one of the sheets' paths (in this library) or one of their
        identities (in any).
        """
        shelf = _Shelf(known, self._library_id)
        taken: dict[int, Decision] = {}
        drafts = [shelve(sheet) for sheet in sheets]
        for rule in (
            self._same,
            self._moved,
            self._copy,
            self._moved_and_retagged,
            self._encoded_anew,
            self._copy_or_new,
        ):
            for index, (sheet, draft) in enumerate(zip(sheets, drafts, strict=True)):
                if index not in taken and (decision := rule(shelf, sheet, draft)) is not None:
                    taken[index] = decision
                    shelf.settle(decision)
                    self._unsettled.discard(sheet.path)
        return [taken[index] for index in range(len(sheets))]

    def _same(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        here = shelf.at(sheet.path)
        if here is None or here.identity != sheet.audio.identity:
            return None
        if self._tears_away(shelf, here, draft):
            return self._copy_or_new(shelf, sheet, draft)
        return _decision(Verdict.SAME, here, sheet, draft)

    def _moved(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        return self._oldest_that_left(
            [file for file in shelf.sounding(sheet.audio.identity) if shelf.place(file) == draft.place], sheet, draft
        )

    def _moved_and_retagged(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        return self._oldest_that_left(
            [file for file in shelf.sounding(sheet.audio.identity) if not self._tears_away(shelf, file, draft)],
            sheet,
            draft,
        )

    def _oldest_that_left(self, files: Iterable[KnownFile], sheet: Sheet, draft: TrackDraft) -> Decision | None:
        left = [file for file in files if self._has_left(file)]
        return _decision(Verdict.MOVED, min(left, key=lambda file: file.id.bytes), sheet, draft) if left else None

    def _encoded_anew(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        here = shelf.at(sheet.path)
        if here is None or (shelf.place(here) != draft.place and shelf.sounding(sheet.audio.identity)):
            return None
        return _decision(Verdict.SAME, here, sheet, draft)

    def _copy(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        for file in shelf.sounding(sheet.audio.identity):
            if shelf.place(file) == draft.place:
                return Decision(
                    verdict=Verdict.COPY, file_id=new_id(), track_id=file.track_id, sheet=sheet, draft=draft
                )
        return None

    def _copy_or_new(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision:
        # A path that is taken over by other known audio becomes a file of its own; its old row is displaced. And a
        # copy may be one of a track that is new in this very batch.
        return self._copy(shelf, sheet, draft) or Decision(
            verdict=Verdict.NEW, file_id=new_id(), track_id=new_id(), sheet=sheet, draft=draft
        )

    def _tears_away(self, shelf: "_Shelf", file: KnownFile, draft: TrackDraft) -> bool:
        """Whether ``draft`` would take the file's track to another place than a copy that is still there."""
        return shelf.place(file) != draft.place and any(
            other.track_id == file.track_id and not self._has_left(other)
            for other in shelf.sounding(file.identity)
            if other is not file
        )

    def _has_left(self, file: KnownFile) -> bool:
        return file.missing or (file.library_id == self._library_id and file.path in self._unsettled)


class _Shelf:
    """The known files by path and by sound; what a decision claimed is no longer on it as what it was."""

    def __init__(self, known: Iterable[KnownFile], library_id: UUID) -> None:
        self._library_id = library_id
        self._files: dict[UUID, KnownFile] = {}
        self._by_path: dict[bytes, KnownFile] = {}
        self._by_sound: dict[bytes, list[KnownFile]] = {}
        self._places: dict[UUID, str] = {}
        for file in known:
            if file.id not in self._files:
                self._put(file)

    def at(self, path: bytes) -> KnownFile | None:
        """The file of this library at ``path``; of several rows there, the one that is not missing."""
        return self._by_path.get(path)

    def sounding(self, identity: bytes) -> list[KnownFile]:
        """The files, of any library, that hold this audio."""
        return self._by_sound.get(identity, [])

    def place(self, file: KnownFile) -> str:
        """Where the file's track stands now."""
        return self._places[file.track_id]

    def settle(self, decision: Decision) -> None:
        """From now on the decision's file is where its sheet says, and what was there is not."""
        if before := self._files.get(decision.file_id):
            self._remove(before)
        if displaced := self._by_path.get(decision.sheet.path):
            self._remove(displaced)
            self._put(msgspec.structs.replace(displaced, missing=True, place=self.place(displaced)))
        self._put(
            KnownFile(
                id=decision.file_id,
                track_id=decision.track_id,
                library_id=self._library_id,
                path=decision.sheet.path,
                identity=decision.sheet.audio.identity,
                missing=False,
                place=decision.draft.place,
            )
        )

    def _remove(self, file: KnownFile) -> None:
        del self._files[file.id]
        self._by_sound[file.identity].remove(file)
        if self._by_path.get(file.path) is file:
            del self._by_path[file.path]

    def _put(self, file: KnownFile) -> None:
        self._files[file.id] = file
        self._places[file.track_id] = file.place
        self._by_sound.setdefault(file.identity, []).append(file)
        if file.library_id == self._library_id and not (file.missing and file.path in self._by_path):
            self._by_path[file.path] = file


def _decision(verdict: Verdict, file: KnownFile, sheet: Sheet, draft: TrackDraft) -> Decision:
    return Decision(verdict=verdict, file_id=file.id, track_id=file.track_id, sheet=sheet, draft=draft)
