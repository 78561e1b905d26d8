"""People shuffle their files; every track stays itself. Random houses, sequences and sizes of batches."""

from uuid import UUID

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from appliance.core.sheet import Tags
from tests.core.house import House, Place, Recording, identity_of, place_of, tagged

LIBRARIES = ("attic", "barn")
PLACES = [Place(library, f"{name}.mp3".encode()) for library in LIBRARIES for name in "abcdefgh"]
places = st.sampled_from(PLACES)
tags = st.builds(tagged, st.sampled_from(["Red", "Blue"]), st.integers(1, 3))
sizes = st.lists(st.integers(1, 4), max_size=6)


class Shuffle(RuleBasedStateMachine):
    """Every sound is in one file at most, and nothing is encoded anew: a sound's track never changes."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House()
        self.track_of: dict[str, UUID] = {}
        self.bin: list[Recording] = []
        self.sounds = 0
        # What goes to a library that is scanned before its old one, and is retagged on its way, looks like a copy for
        # another album; only the old library's scan could tell that it is not. So one of the two between scans.
        self.travelled: set[str] = set()
        self.retagged: set[str] = set()

    def vacant(self, where: Place) -> bool:
        return where not in self.house.disk

    def known_place(self, where: Place) -> bool:
        return any(row.where == where for row in self.house.rows.values())

    def recognisable(self, here: Place, there: Place) -> bool:
        """New sound at a place that had another may as well be the old one, encoded anew: no rule could tell."""
        audio = self.house.disk[here].audio
        if here.library != there.library and audio in self.retagged:
            return False
        return audio in self.track_of or not self.known_place(there)

    @rule(where=places, tags=tags)
    def somebody_buys_a_record(self, where: Place, tags: Tags) -> None:
        if self.vacant(where) and not self.known_place(where):
            self.sounds += 1
            self.house.write(where, f"sound {self.sounds}", tags)

    @precondition(lambda self: self.house.disk)
    @rule(data=st.data(), there=places)
    def a_file_is_renamed(self, data: st.DataObject, there: Place) -> None:
        here = data.draw(st.sampled_from(sorted(self.house.disk)))
        if self.vacant(there) and self.recognisable(here, there):
            self.move(here, there)

    @precondition(lambda self: len(self.house.disk) > 1)
    @rule(data=st.data())
    def two_files_swap_names(self, data: st.DataObject) -> None:
        one, other = data.draw(st.lists(st.sampled_from(sorted(self.house.disk)), min_size=2, max_size=2, unique=True))
        if not (self.recognisable(one, other) and self.recognisable(other, one)):
            return
        nowhere = Place("nowhere", b"")
        for here, there in ((one, nowhere), (other, one), (nowhere, other)):
            self.house.disk[there] = self.house.disk.pop(here)
        if one.library != other.library:
            self.travelled |= {self.house.disk[one].audio, self.house.disk[other].audio}

    @precondition(lambda self: self.house.disk)
    @rule(data=st.data(), tags=tags)
    def a_file_is_retagged(self, data: st.DataObject, tags: Tags) -> None:
        here = data.draw(st.sampled_from(sorted(self.house.disk)))
        audio = self.house.disk[here].audio
        if audio not in self.travelled:
            self.house.write(here, audio, tags)
            self.retagged.add(audio)

    @precondition(lambda self: self.house.disk)
    @rule(data=st.data())
    def a_file_is_thrown_away(self, data: st.DataObject) -> None:
        self.bin.append(self.house.disk.pop(data.draw(st.sampled_from(sorted(self.house.disk)))))

    @precondition(lambda self: self.bin)
    @rule(data=st.data(), there=places)
    def a_file_is_put_back(self, data: st.DataObject, there: Place) -> None:
        if self.vacant(there):
            recording = data.draw(st.sampled_from(self.bin))
            if recording.audio in self.retagged or (recording.audio not in self.track_of and self.known_place(there)):
                return
            self.bin.remove(recording)
            self.house.disk[there] = recording
            self.travelled.add(recording.audio)

    @rule(sizes=sizes, everything=st.booleans())
    def the_house_is_scanned(self, sizes: list[int], everything: bool) -> None:  # noqa: FBT001 - hypothesis names it
        for library in LIBRARIES:
            self.house.scan(library, sizes, everything=everything)
        self.travelled.clear()
        self.retagged.clear()
        present = self.house.present()
        assert present.keys() == self.house.disk.keys()
        for where, recording in self.house.disk.items():
            track = present[where].track_id
            assert self.track_of.setdefault(recording.audio, track) == track
            assert self.house.places[track] == place_of(where, recording)

    @invariant()
    def no_track_is_two_sounds(self) -> None:
        assert len(set(self.track_of.values())) == len(self.track_of)

    def move(self, here: Place, there: Place) -> None:
        self.house.disk[there] = self.house.disk.pop(here)
        if here.library != there.library:
            self.travelled.add(self.house.disk[there].audio)


class Copies(RuleBasedStateMachine):
    """Files are copied, retagged, encoded anew in place and thrown away; each shows where its tags say."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House()
        self.sounds = 0
        self.before: dict[Place, tuple[Recording, UUID]] = {}
        """As of the last scan."""
        self.anew: set[Place] = set()
        self.copied: dict[Place, Place] = {}

    def fresh(self, library: str) -> Place:
        self.sounds += 1
        return Place(library, f"{self.sounds:04}.mp3".encode())

    def holders(self, audio: str) -> list[Place]:
        return [where for where, recording in self.house.disk.items() if recording.audio == audio]

    def is_made_anew(self, audio: str) -> bool:
        """Whether this is the sound of what was encoded anew since the last scan, or of a copy of it."""
        return any(where in self.anew for where in self.holders(audio))

    def untouched(self, where: Place) -> bool:
        return where in self.before and self.house.disk.get(where) == self.before[where][0]

    @rule(library=st.sampled_from(LIBRARIES), tags=tags)
    def somebody_buys_a_record(self, library: str, tags: Tags) -> None:
        where = self.fresh(library)
        self.house.write(where, f"sound {self.sounds}", tags)

    @precondition(lambda self: self.house.disk)
    @rule(data=st.data(), library=st.sampled_from(LIBRARIES))
    def a_file_is_copied(self, data: st.DataObject, library: str) -> None:
        here = data.draw(st.sampled_from(sorted(self.house.disk)))
        # Read first in another library, a copy of what was encoded anew would be new, and its original a copy of it.
        there = self.fresh(here.library if self.is_made_anew(self.house.disk[here].audio) else library)
        self.house.write(there, self.house.disk[here].audio, self.house.disk[here].tags)
        self.copied[there] = here

    @precondition(lambda self: self.house.disk)
    @rule(data=st.data(), tags=tags)
    def a_file_is_retagged(self, data: st.DataObject, tags: Tags) -> None:
        here = data.draw(st.sampled_from(sorted(self.house.disk)))
        self.house.write(here, self.house.disk[here].audio, tags)
        self.copied.pop(here, None)

    @precondition(lambda self: any(self.untouched(where) for where in self.house.disk))
    @rule(data=st.data())
    def a_file_is_encoded_anew(self, data: st.DataObject) -> None:
        here = data.draw(st.sampled_from([where for where in sorted(self.house.disk) if self.untouched(where)]))
        if len(self.holders(self.house.disk[here].audio)) == 1:
            self.sounds += 1
            self.house.write(here, f"sound {self.sounds}", self.house.disk[here].tags)
            self.anew.add(here)

    @precondition(lambda self: self.house.disk)
    @rule(data=st.data())
    def a_file_is_thrown_away(self, data: st.DataObject) -> None:
        here = data.draw(st.sampled_from(sorted(self.house.disk)))
        del self.house.disk[here]

    @rule(sizes=sizes, everything=st.booleans())
    def the_house_is_scanned(self, sizes: list[int], everything: bool) -> None:  # noqa: FBT001 - hypothesis names it
        known = {(row.identity, row.track_id) for row in self.house.rows.values()}
        for library in LIBRARIES:
            self.house.scan(library, sizes, everything=everything)
        present = self.house.present()
        assert present.keys() == self.house.disk.keys()
        for where, recording in self.house.disk.items():
            track = present[where].track_id
            assert self.house.places[track] == place_of(where, recording)
            if where in self.before and (self.untouched(where) or where in self.anew):
                assert track == self.before[where][1]
            source = self.copied.get(where)
            if source is not None and self.untouched(source):
                # No second track. Which, where somebody gave two tracks of this sound the same tags, is not said.
                assert (identity_of(recording.audio), track) in known
        self.before = {where: (recording, present[where].track_id) for where, recording in self.house.disk.items()}
        self.anew.clear()
        self.copied.clear()


TestShuffle = Shuffle.TestCase
TestShuffle.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
TestCopies = Copies.TestCase
TestCopies.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
