"""The rules of identity one by one, in houses of a few files; and the comparison that comes before them."""

from uuid import UUID

import pytest

from appliance.core.library import Batch, KnownFile, Signature, Verdict, compare
from tests.core.house import House, Place, Recording, identity_of, library_id, sheet_of, tagged

RED, BLUE = tagged("Red"), tagged("Blue")
ONE, TWO, THREE = Place("attic", b"1.mp3"), Place("attic", b"2.mp3"), Place("attic", b"3.mp3")
ELSEWHERE = Place("barn", b"1.mp3")


@pytest.fixture
def house() -> House:
    """With one file, scanned."""
    house = House()
    house.write(ONE, "sound", RED)
    house.scan("attic")
    return house


def track(house: House, where: Place) -> UUID:
    return house.row_at(where).track_id


def verdicts(house: House, library: str = "attic") -> dict[bytes, Verdict]:
    return {decision.sheet.path: decision.verdict for decision in house.scan(library)}


# --- Rule 1: the same


def test_a_retagged_file_is_the_same_track_at_its_new_place(house: House) -> None:
    before = track(house, ONE)
    house.write(ONE, "sound", BLUE)
    assert verdicts(house) == {ONE.path: Verdict.SAME}
    assert track(house, ONE) == before
    assert "blue" in house.places[before]


def test_a_full_scan_of_an_unchanged_house_changes_nothing(house: House) -> None:
    before = house.present()
    assert [decision.verdict for decision in house.scan("attic", everything=True)] == [Verdict.SAME]
    assert house.present() == before


def test_a_retagged_file_and_a_copy_of_it_are_two_files_of_one_track(house: House) -> None:
    before = house.row_at(ONE)
    house.write(ONE, "sound", BLUE)
    house.write(TWO, "sound", BLUE)
    assert verdicts(house) == {ONE.path: Verdict.SAME, TWO.path: Verdict.COPY}
    assert house.row_at(ONE).id == before.id != house.row_at(TWO).id
    assert track(house, TWO) == before.track_id


def test_so_they_are_when_they_are_read_in_different_batches(house: House) -> None:
    before = house.row_at(ONE)
    house.write(ONE, "sound", BLUE)
    house.write(TWO, "sound", BLUE)
    house.scan("attic", [1])
    assert house.row_at(ONE).id == before.id != house.row_at(TWO).id
    assert track(house, TWO) == before.track_id


@pytest.mark.parametrize("other", [TWO, ELSEWHERE])
def test_a_copy_that_is_retagged_for_another_album_becomes_a_track_of_that_album(house: House, other: Place) -> None:
    before = track(house, ONE)
    house.write(other, "sound", RED)
    assert verdicts(house, other.library) == {other.path: Verdict.COPY}
    house.write(other, "sound", BLUE)
    assert verdicts(house, other.library) == {other.path: Verdict.NEW}
    assert track(house, ONE) == before != track(house, other)
    assert "red" in house.places[before]


def test_copies_that_are_retagged_together_stay_one_track(house: House) -> None:
    before = track(house, ONE)
    house.write(TWO, "sound", RED)
    house.scan("attic")
    house.write(ONE, "sound", BLUE)
    house.write(TWO, "sound", BLUE)
    assert verdicts(house) == {ONE.path: Verdict.SAME, TWO.path: Verdict.SAME}
    assert track(house, ONE) == track(house, TWO) == before


# --- Rules 2 and 4: moved, as it was or retagged


def test_a_renamed_file_is_the_same_file(house: House) -> None:
    before = house.row_at(ONE)
    house.disk[TWO] = house.disk.pop(ONE)
    assert verdicts(house) == {TWO.path: Verdict.MOVED}
    assert house.row_at(TWO).id == before.id
    assert ONE not in house.present()


def test_a_file_that_was_renamed_and_retagged_is_the_same_file(house: House) -> None:
    before = house.row_at(ONE)
    del house.disk[ONE]
    house.write(TWO, "sound", BLUE)
    assert verdicts(house) == {TWO.path: Verdict.MOVED}
    assert house.row_at(TWO).id == before.id


@pytest.mark.parametrize("sizes", [[1000], [1]])
def test_two_files_that_swap_names_keep_their_tracks(house: House, sizes: list[int]) -> None:
    house.write(TWO, "other sound", tagged("Red", 2))
    house.scan("attic")
    first, second = track(house, ONE), track(house, TWO)
    house.disk[ONE], house.disk[TWO] = house.disk[TWO], house.disk[ONE]
    house.scan("attic", sizes)
    assert (track(house, ONE), track(house, TWO)) == (second, first)


def test_new_music_under_the_old_name_of_a_renamed_file_is_a_new_track(house: House) -> None:
    before = track(house, ONE)
    house.disk[TWO] = house.disk.pop(ONE)
    house.write(ONE, "new sound", RED)
    assert verdicts(house) == {ONE.path: Verdict.NEW, TWO.path: Verdict.MOVED}
    assert track(house, TWO) == before


def test_a_library_that_moves_as_a_whole_stays_itself(house: House) -> None:
    before = track(house, ONE)
    house.disk[ELSEWHERE] = house.disk.pop(ONE)
    house.scan("attic")
    assert verdicts(house, "barn") == {ELSEWHERE.path: Verdict.MOVED}
    assert track(house, ELSEWHERE) == before


def test_of_two_tracks_with_one_sound_each_file_that_moves_finds_its_own(house: House) -> None:
    house.write(TWO, "sound", BLUE)
    house.scan("attic")
    red, blue = track(house, ONE), track(house, TWO)
    assert red != blue
    del house.disk[ONE], house.disk[TWO]
    retagged, as_it_was = Place("attic", b"a.mp3"), Place("attic", b"b.mp3")
    house.write(retagged, "sound", tagged("Blue", 7))  # the blue one; read before the red one
    house.write(as_it_was, "sound", RED)
    assert set(verdicts(house).values()) == {Verdict.MOVED}
    assert (track(house, as_it_was), track(house, retagged)) == (red, blue)


def test_a_missing_copy_lends_its_track_to_no_other_album(house: House) -> None:
    before = track(house, ONE)
    house.write(TWO, "sound", RED)
    house.scan("attic")
    del house.disk[TWO]
    house.scan("attic")
    house.write(THREE, "sound", BLUE)
    assert verdicts(house) == {THREE.path: Verdict.NEW}
    assert "red" in house.places[before]


def test_a_copy_is_a_copy_though_the_same_song_left_another_album(house: House) -> None:
    before = track(house, ONE)
    house.write(TWO, "sound", BLUE)
    house.scan("attic")
    del house.disk[TWO]
    house.write(THREE, "sound", RED)
    assert verdicts(house) == {THREE.path: Verdict.COPY}
    assert track(house, THREE) == before


def test_a_file_that_comes_back_anywhere_is_itself(house: House) -> None:
    before = house.row_at(ONE)
    kept = house.disk.pop(ONE)
    house.scan("attic")
    assert not house.present()
    house.disk[ELSEWHERE] = kept
    house.scan("barn")
    assert house.row_at(ELSEWHERE).id == before.id


# --- Rule 5: encoded anew


def test_a_better_rip_in_place_is_the_same_track(house: House) -> None:
    before = track(house, ONE)
    house.write(ONE, "better sound", BLUE)
    assert verdicts(house) == {ONE.path: Verdict.SAME}
    assert track(house, ONE) == before
    assert house.row_at(ONE).identity == identity_of("better sound")


def test_a_better_rip_is_the_same_track_though_a_scan_saw_the_gap(house: House) -> None:
    before = track(house, ONE)
    del house.disk[ONE]
    house.scan("attic")
    house.write(ONE, "better sound", RED)
    house.scan("attic")
    assert track(house, ONE) == before


@pytest.mark.parametrize("sizes", [[1000], [1]])
def test_the_same_song_on_two_albums_stays_two_tracks_when_both_are_encoded_anew(
    house: House, sizes: list[int]
) -> None:
    house.write(TWO, "sound", BLUE)
    house.scan("attic")
    red, blue = track(house, ONE), track(house, TWO)
    house.write(ONE, "better sound", RED)
    house.write(TWO, "better sound", BLUE)
    house.scan("attic", sizes)
    assert (track(house, ONE), track(house, TWO)) == (red, blue)


@pytest.mark.parametrize("sizes", [[1000], [1]])
def test_a_copy_of_what_was_encoded_anew_does_not_take_its_track(house: House, sizes: list[int]) -> None:
    before = track(house, ONE)
    house.write(ONE, "better sound", RED)
    house.write(TWO, "better sound", RED)
    house.scan("attic", sizes)
    assert track(house, ONE) == track(house, TWO) == before


@pytest.mark.parametrize("sizes", [[1000], [1]])
def test_new_music_and_a_copy_of_it_do_not_take_the_track_of_the_name_that_it_came_under(
    house: House, sizes: list[int]
) -> None:
    before = track(house, ONE)
    house.disk[THREE] = house.disk.pop(ONE)
    house.write(ONE, "new music", BLUE)
    house.write(TWO, "new music", BLUE)
    house.scan("attic", sizes)
    assert track(house, THREE) == before
    assert track(house, ONE) == track(house, TWO) != before


# --- Rules 3 and 6: a copy, or new


def test_equal_sound_at_the_same_place_of_an_album_is_one_track(house: House) -> None:
    house.write(ELSEWHERE, "sound", RED)
    assert verdicts(house, "barn") == {ELSEWHERE.path: Verdict.COPY}
    assert track(house, ELSEWHERE) == track(house, ONE)


def test_equal_sound_on_two_albums_is_two_tracks(house: House) -> None:
    house.write(TWO, "sound", BLUE)
    assert verdicts(house) == {TWO.path: Verdict.NEW}
    assert track(house, TWO) != track(house, ONE)


def test_two_equal_files_that_arrive_together_are_one_track() -> None:
    house = House()
    house.write(ONE, "sound", RED)
    house.write(TWO, "sound", RED)
    assert verdicts(house) == {ONE.path: Verdict.NEW, TWO.path: Verdict.COPY}
    assert track(house, ONE) == track(house, TWO)


def test_a_file_that_another_overwrites_keeps_its_track_for_when_it_is_back(house: House) -> None:
    house.write(TWO, "other sound", BLUE)
    house.scan("attic")
    first, second = track(house, ONE), track(house, TWO)
    house.write(ONE, "other sound", BLUE)
    assert verdicts(house) == {ONE.path: Verdict.COPY}
    assert track(house, ONE) == second
    house.write(THREE, "sound", RED)
    assert verdicts(house) == {THREE.path: Verdict.MOVED}
    assert track(house, THREE) == first


def test_a_missing_row_at_a_path_does_not_hide_the_file_that_is_there(house: House) -> None:
    house.write(TWO, "other sound", BLUE)
    house.scan("attic")
    house.disk[ONE] = house.disk.pop(TWO)  # over the first, whose row goes missing
    house.scan("attic")
    second = house.row_at(ONE)
    house.write(ONE, "other sound", BLUE)
    assert verdicts(house) == {ONE.path: Verdict.SAME}
    assert house.row_at(ONE).id == second.id
    house.write(ONE, "sound", RED)
    house.scan("attic")
    first = house.row_at(ONE)
    house.write(ONE, "sound", BLUE)
    assert verdicts(house) == {ONE.path: Verdict.SAME}
    assert house.row_at(ONE).id == first.id != second.id


@pytest.mark.parametrize("sizes", [[1], [1000]])
def test_new_music_under_an_old_name_leaves_the_renamed_file_its_track(house: House, sizes: list[int]) -> None:
    before = house.row_at(ONE)
    house.disk[TWO] = house.disk.pop(ONE)
    house.write(ONE, "new music", BLUE)
    house.scan("attic", sizes)
    assert house.row_at(TWO).track_id == before.track_id
    assert house.row_at(ONE).track_id != before.track_id


def test_what_is_encoded_anew_is_held_back_and_then_the_same_track(house: House) -> None:
    before = house.row_at(ONE)
    sheets = [sheet_of(ONE.path, Recording("sound in other bytes", RED, 9))]
    known = KnownFile(
        id=before.id,
        track_id=before.track_id,
        library_id=library_id("attic"),
        path=ONE.path,
        identity=before.identity,
        missing=False,
        place=house.places[before.track_id],
    )
    assert Batch(library_id("attic"), {ONE.path}).decide(sheets, [known]) == [None]
    house.write(ONE, "sound in other bytes", RED)
    assert verdicts(house) == {ONE.path: Verdict.SAME}
    assert house.row_at(ONE).track_id == before.track_id


def test_a_file_that_the_store_tells_of_twice_is_one_file() -> None:
    (decision,) = Batch(library_id("attic"), set()).decide_rest([sheet_of(ONE.path, Recording("sound", RED, 1))], [])
    known = KnownFile(
        id=decision.file_id,
        track_id=decision.track_id,
        library_id=library_id("attic"),
        path=ONE.path,
        identity=identity_of("sound"),
        missing=False,
        place=decision.draft.place,
    )
    renamed = sheet_of(TWO.path, Recording("sound", RED, 1))
    copied = sheet_of(THREE.path, Recording("sound", RED, 2))
    decisions = Batch(library_id("attic"), {ONE.path}).decide_rest([renamed, copied], [known, known])
    assert [decision.verdict for decision in decisions] == [Verdict.MOVED, Verdict.COPY]


# --- The comparison


A, B, C = Signature(1, 1), Signature(2, 2), Signature(3, 3)


def test_what_is_new_or_changed_is_read_in_the_order_of_paths() -> None:
    comparison = compare({b"c": A, b"b": B, b"a": C}, {b"c": B, b"b": B}, set())
    assert (comparison.to_read, comparison.vanished, comparison.returned) == ([b"a", b"c"], set(), set())


def test_a_touched_file_is_read_even_if_time_went_backwards() -> None:
    assert compare({b"a": Signature(1, 1)}, {b"a": Signature(1, 2)}, set()).to_read == [b"a"]


def test_a_full_scan_reads_unchanged_files() -> None:
    assert compare({b"a": A}, {b"a": A}, set()).to_read == []
    assert compare({b"a": A}, {b"a": A}, set(), everything=True).to_read == [b"a"]


def test_what_is_known_and_not_there_has_vanished_once() -> None:
    comparison = compare({}, {b"gone": A, b"gone before": B}, {b"gone before"})
    assert comparison.vanished == {b"gone"}


def test_what_is_there_again_unchanged_has_returned_unread() -> None:
    comparison = compare({b"back": A}, {b"back": A, b"away": B}, {b"back", b"away"})
    assert (comparison.to_read, comparison.vanished, comparison.returned) == ([], set(), {b"back"})


@pytest.mark.parametrize(("signature", "everything"), [(B, False), (A, True)])
def test_what_is_there_again_and_read_has_not_returned_by_itself(signature: Signature, everything: bool) -> None:  # noqa: FBT001
    comparison = compare({b"back": signature}, {b"back": A}, {b"back"}, everything=everything)
    assert (comparison.to_read, comparison.returned) == ([b"back"], set())


def test_nothing_below_a_folder_that_cannot_be_listed_has_vanished() -> None:
    known = dict.fromkeys([b"shut/a", b"shut/deep/b", b"shutters/c", b"d", b"shut"], A)
    assert compare({}, known, set(), [b"shut"]).vanished == {b"shutters/c", b"d"}


def test_nothing_has_vanished_if_the_root_itself_cannot_be_listed() -> None:
    assert compare({}, {b"a": A, b"deep/b": A}, set(), [b""]).vanished == set()
