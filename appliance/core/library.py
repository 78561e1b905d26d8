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

Each is tried on all sheets of a batch before the next. A sheet that only rule 5 could settle is held back until every
other file of the scan is decided, since one of those may hold the audio that was there. So is new music that sounds
like a sheet that is held back: it may be a copy of what was encoded anew, and must not be there before it.

None of them carries a track away from a copy that stays where the track was: a copy that is retagged for another album
becomes a track of that album.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
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


def reading_order(paths: Iterable[bytes], known: Container[bytes]) -> list[bytes]:
    """The order in which sheets are to be decided: what stands at a known path first, so that it keeps its own."""
    return sorted(paths, key=lambda path: (path not in known, path))


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


_Rule = Callable[["_Shelf", Sheet, TrackDraft], Decision | None]


class Batch:
    """Decides the sheets of one library in one scan, batch by batch.

    First every sheet with ``decide``, in ``reading_order``; then those that it held back, with ``decide_rest``.
    """

    def __init__(self, library_id: UUID, unsettled: set[bytes], *, ids: Callable[[], UUID] = new_id) -> None:
        """``unsettled``: paths of this library that vanished or changed, so that their old audio may be elsewhere.

        ``ids``: makes those of new files and tracks.
        """
        self._library_id = library_id
        self._ids = ids
        self._unsettled = set(unsettled)
        self._held: set[bytes] = set()
        """The audio of the sheets at known paths that were held back."""

    def decide(self, sheets: Sequence[Sheet], known: Iterable[KnownFile]) -> list[Decision | None]:
        """A decision for each sheet, in their order; None for one that is held back.

        That is a sheet of other audio at a known path: encoded anew, or other music under a name whose own audio
        another sheet of this scan may still hold. Only when all others are decided can it be told. And with it a sheet
        of the same audio at a new path, which may be a copy of it.

        ``known``: every file of the store that has one of the sheets' paths (in this library) or one of their
        identities (in any).
        """
        rules = (self._same, self._moved, self._copy, self._moved_and_retagged, self._hold_back, self._new)
        return self._apply(rules, sheets, known)

    def decide_rest(self, sheets: Sequence[Sheet], known: Iterable[KnownFile]) -> list[Decision]:
        """A decision for each of the sheets that were held back; ``known`` as for ``decide``."""
        rules = (
            self._same,
            self._moved,
            self._copy,
            self._moved_and_retagged,
            self._encoded_anew,
            self._copy_or_new,
        )
        return [decision for decision in self._apply(rules, sheets, known) if decision is not None]

    def _apply(
        self, rules: Sequence[_Rule], sheets: Sequence[Sheet], known: Iterable[KnownFile]
    ) -> list[Decision | None]:
        """Each rule is tried on every sheet before the next, so that the surer one claims first."""
        shelf = _Shelf(known, self._library_id, self._unsettled)
        taken: dict[int, Decision] = {}
        drafts = [shelve(sheet) for sheet in sheets]
        for rule in rules:
            for index, (sheet, draft) in enumerate(zip(sheets, drafts, strict=True)):
                if index not in taken and (decision := rule(shelf, sheet, draft)) is not None:
                    taken[index] = decision
                    self._unsettled.discard(sheet.path)
                    shelf.settle(decision)
        return [taken.get(index) for index in range(len(sheets))]

    def _same(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        here = shelf.at(sheet.path)
        if here is None or here.identity != sheet.audio.identity:
            return None
        if shelf.tears_away(here, draft.place):
            return self._copy_or_new(shelf, sheet, draft)
        return _decision(Verdict.SAME, here, sheet, draft)

    def _moved(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        left = [file for file in shelf.left(sheet.audio.identity) if shelf.place(file) == draft.place]
        return self._oldest(left, sheet, draft)

    def _moved_and_retagged(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        left = [file for file in shelf.left(sheet.audio.identity) if not shelf.tears_away(file, draft.place)]
        return self._oldest(left, sheet, draft)

    def _oldest(self, left: Sequence[KnownFile], sheet: Sheet, draft: TrackDraft) -> Decision | None:
        return _decision(Verdict.MOVED, min(left, key=lambda file: file.id.bytes), sheet, draft) if left else None

    def _encoded_anew(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        here = shelf.at(sheet.path)
        if here is None or (shelf.place(here) != draft.place and shelf.sounds(sheet.audio.identity)):
            return None
        return _decision(Verdict.SAME, here, sheet, draft)

    def _copy(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        track_id = shelf.track_at(draft.place, sheet.audio.identity)
        if track_id is None:
            return None
        return Decision(verdict=Verdict.COPY, file_id=self._ids(), track_id=track_id, sheet=sheet, draft=draft)

    def _hold_back(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> None:  # noqa: ARG002 - it is a rule
        """Decides nothing, and notes what is undecided at a known path."""
        if shelf.at(sheet.path) is not None:
            self._held.add(sheet.audio.identity)

    def _new(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision | None:
        if shelf.at(sheet.path) is not None or sheet.audio.identity in self._held:
            return None
        return self._copy_or_new(shelf, sheet, draft)

    def _copy_or_new(self, shelf: "_Shelf", sheet: Sheet, draft: TrackDraft) -> Decision:
        # A path that is taken over by other known audio becomes a file of its own; its old row is displaced. And a
        # copy may be one of a track that is new in this very batch.
        return self._copy(shelf, sheet, draft) or Decision(
            verdict=Verdict.NEW, file_id=self._ids(), track_id=self._ids(), sheet=sheet, draft=draft
        )


class _Shelf:
    """The known files by path, by sound and by track; what a decision claimed is no longer on it as what it was.

    Every question is answered by a dictionary: thousands of files may hold the same sound, of silence for instance.
    """

    def __init__(self, known: Iterable[KnownFile], library_id: UUID, unsettled: set[bytes]) -> None:
        self._library_id = library_id
        self._unsettled = unsettled
        self._files: dict[UUID, KnownFile] = {}
        self._by_path: dict[bytes, KnownFile] = {}
        self._places: dict[UUID, str] = {}
        self._tracks_at: defaultdict[str, set[UUID]] = defaultdict(set)
        # By sound, and by sound within a track: those that stay and those that have left.
        self._sounding: defaultdict[bytes, set[UUID]] = defaultdict(set)
        self._left: defaultdict[bytes, dict[UUID, KnownFile]] = defaultdict(dict)
        self._staying: defaultdict[tuple[UUID, bytes], set[UUID]] = defaultdict(set)
        self._of_track: defaultdict[tuple[UUID, bytes], set[UUID]] = defaultdict(set)
        for file in known:
            if file.id not in self._files:
                self._put(file)

    def at(self, path: bytes) -> KnownFile | None:
        """The file of this library at ``path``; of several rows there, the one that is not missing."""
        return self._by_path.get(path)

    def sounds(self, identity: bytes) -> bool:
        """Whether any file, of any library, holds this audio."""
        return bool(self._sounding[identity])

    def left(self, identity: bytes) -> Collection[KnownFile]:
        """The files with this audio that are no longer where they were."""
        return self._left[identity].values()

    def track_at(self, place: str, identity: bytes) -> UUID | None:
        """A track that stands at ``place`` and has a file with this audio; of several the oldest."""
        return min((id_ for id_ in self._tracks_at[place] if self._of_track[id_, identity]), default=None)

    def place(self, file: KnownFile) -> str:
        """Where the file's track stands now."""
        return self._places[file.track_id]

    def tears_away(self, file: KnownFile, place: str) -> bool:
        """Whether moving the file's track to ``place`` would take it from a copy that stays where it is."""
        return self.place(file) != place and bool(self._staying[file.track_id, file.identity] - {file.id})

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
        if self._by_path.get(file.path) is file:
            del self._by_path[file.path]
        self._sounding[file.identity].discard(file.id)
        self._left[file.identity].pop(file.id, None)
        self._staying[file.track_id, file.identity].discard(file.id)
        self._of_track[file.track_id, file.identity].discard(file.id)

    def _put(self, file: KnownFile) -> None:
        self._files[file.id] = file
        self._tracks_at[self._places.get(file.track_id, file.place)].discard(file.track_id)
        self._tracks_at[file.place].add(file.track_id)
        self._places[file.track_id] = file.place
        self._sounding[file.identity].add(file.id)
        self._of_track[file.track_id, file.identity].add(file.id)
        here = file.library_id == self._library_id
        if file.missing or (here and file.path in self._unsettled):
            self._left[file.identity][file.id] = file
        else:
            self._staying[file.track_id, file.identity].add(file.id)
        if here and not (file.missing and file.path in self._by_path):
            self._by_path[file.path] = file


def _decision(verdict: Verdict, file: KnownFile, sheet: Sheet, draft: TrackDraft) -> Decision:
    return Decision(verdict=verdict, file_id=file.id, track_id=file.track_id, sheet=sheet, draft=draft)
