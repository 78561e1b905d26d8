"""Where a track stands, read from its sheet alone."""

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from appliance.core.sheet import AudioFacts, Credit, Sheet, Tags
from appliance.core.shelving import (
    UNKNOWN_ALBUM,
    UNKNOWN_ARTIST,
    VARIOUS_ARTISTS,
    AlbumDraft,
    TrackDraft,
    shelve,
)

AUDIO = AudioFacts(
    identity=bytes(16), suffix="mp3", codec="mp3", duration_ms=1, bit_rate=1, sample_rate=44100, channels=2
)


def shelved(tags: Tags, path: bytes = b"Folder/01 File.mp3") -> TrackDraft:
    return shelve(Sheet(path=path, size=1, mtime_ns=1, audio=AUDIO, tags=tags))


def album(tags: Tags, path: bytes = b"Folder/01 File.mp3") -> AlbumDraft:
    return shelved(tags, path).album


def names(draft: AlbumDraft | TrackDraft) -> list[str]:
    return [artist.name for artist in draft.artists]


# --- What tags leave out


def test_without_any_tag_the_file_names_the_track_and_the_folder_the_album() -> None:
    track = shelved(Tags(), b"Music/Holiday/First day.mp3")
    assert (track.title, track.artist_display, track.album.title) == ("First day", UNKNOWN_ARTIST, "Holiday")
    assert names(track.album) == [UNKNOWN_ARTIST]


def test_a_file_in_the_root_is_on_an_unknown_album() -> None:
    track = shelved(Tags(), b"song.mp3")
    assert (track.title, track.album.title) == ("song", UNKNOWN_ALBUM)


@pytest.mark.parametrize("path", [b".mp3", b"\x01.mp3"])
def test_a_file_without_a_name_is_untitled(path: bytes) -> None:
    assert shelved(Tags(), path).title == "Untitled"


def test_names_that_are_not_utf_8_become_text() -> None:
    track = shelved(Tags(), b"caf\xe9/\xffne.mp3")
    assert (track.title, track.album.title) == ("\ufffdne", "caf\ufffd")


def test_the_album_artist_stands_in_for_a_missing_artist() -> None:
    assert names(shelved(Tags(album_artists=("Ana",)))) == ["Ana"]


# --- Credits


def test_several_artists_are_credited_together_unless_the_file_says_how() -> None:
    assert shelved(Tags(artists=("Ana", "Bo"))).artist_display == "Ana, Bo"
    assert shelved(Tags(artists=("Ana", "Bo"), artist_display="Ana feat. Bo")).artist_display == "Ana feat. Bo"
    assert album(Tags(album="A", album_artists=("Ana", "Bo"))).artist_display == "Ana, Bo"
    assert album(Tags(album="A", album_artists=("Ana",), album_artist_display="A. Na")).artist_display == "A. Na"


def test_one_artist_in_two_spellings_is_credited_once_as_first_spelt() -> None:
    track = shelved(Tags(artists=("Björk", "BJORK", "Ana")))
    assert names(track) == ["Björk", "Ana"]
    assert [artist.key for artist in track.artists] == ["bjork", "ana"]


def test_an_artist_whose_name_folds_to_nothing_keeps_a_key() -> None:
    assert [artist.key for artist in shelved(Tags(artists=("\u0301", "\u0302"))).artists] == ["\u0301", "\u0302"]


def test_sort_names_and_musicbrainz_ids_count_only_if_there_is_one_for_each_artist() -> None:
    artists = ("The Ana", "Bo")
    each = shelved(Tags(artists=artists, artist_sorts=("Zana", "Bo"), musicbrainz_artist_ids=("1", "2"))).artists
    assert [(artist.sort_name, artist.musicbrainz_id) for artist in each] == [("zana", "1"), ("bo", "2")]
    torn = shelved(Tags(artists=artists, artist_sorts=("Zana",), musicbrainz_artist_ids=("1",))).artists
    assert [(artist.sort_name, artist.musicbrainz_id) for artist in torn] == [("ana", None), ("bo", None)]


# --- Albums


def test_a_guest_on_one_track_does_not_tear_it_out_of_the_album() -> None:
    alone, together = Tags(album="Red", artists=("Ana",)), Tags(album="Red", artists=("Ana", "Bo"))
    assert album(alone).key == album(together).key
    assert names(album(together)) == ["Ana"]


def test_albums_of_one_title_by_two_artists_are_two() -> None:
    assert album(Tags(album="Hits", artists=("Ana",))).key != album(Tags(album="Hits", artists=("Bo",))).key
    by_pair = Tags(album="Hits", album_artists=("Ana", "Bo"))
    assert album(by_pair).key != album(Tags(album="Hits", album_artists=("Ana",))).key


def test_a_compilation_is_one_album_of_many_artists() -> None:
    one = album(Tags(album="Hits", artists=("Ana",), compilation=True))
    other = album(Tags(album="hits", artists=("Bo",), compilation=True), b"Elsewhere/x.mp3")
    assert one.key == other.key
    assert names(one) == [VARIOUS_ARTISTS]
    assert one.compilation


def test_a_compilation_by_somebody_is_theirs() -> None:
    assert names(album(Tags(album="Hits", artists=("Bo",), album_artists=("Ana",), compilation=True))) == ["Ana"]


def test_a_release_that_musicbrainz_knows_is_one_album_whatever_its_tags_say() -> None:
    one = album(Tags(album="Red", artists=("Ana",), musicbrainz_release_id="m", musicbrainz_release_group_id="g"))
    assert one.key == album(Tags(album="Rouge", musicbrainz_release_id="m")).key
    assert one.key != album(Tags(album="Red", artists=("Ana",), musicbrainz_release_id="n")).key
    assert (one.musicbrainz_release_id, one.musicbrainz_release_group_id) == ("m", "g")


def test_without_an_album_tag_the_folder_holds_the_album_together() -> None:
    one = album(Tags(artists=("Ana",)), b"Music/Tape/1.mp3")
    assert one.key == album(Tags(artists=("Bo",)), b"Music/Tape/2.mp3").key
    assert one.key != album(Tags(artists=("Ana",)), b"Music/Other/1.mp3").key
    assert one.key != album(Tags(artists=("Ana",), album="Tape"), b"Music/Tape/1.mp3").key


def test_an_album_sorts_by_its_own_sort_title_or_without_its_article() -> None:
    assert album(Tags(album="The Wall")).sort_title == "wall"
    assert album(Tags(album="The Wall", album_sort="Zwall")).sort_title == "zwall"
    assert shelved(Tags(title="The Song", title_sort="Zsong")).sort_title == "zsong"


# --- Places


def test_the_same_tags_in_two_folders_are_one_place() -> None:
    tags = Tags(title="Song", album="Red", artists=("Ana",), track_number=1)
    assert shelved(tags, b"a/1.flac").place == shelved(tags, b"b/2.mp3").place


@pytest.mark.parametrize(
    "other",
    [
        Tags(title="Other", album="Red", artists=("Ana",), track_number=1, disc_number=1),
        Tags(title="Song", album="Blue", artists=("Ana",), track_number=1, disc_number=1),
        Tags(title="Song", album="Red", artists=("Bo",), track_number=1, disc_number=1),
        Tags(title="Song", album="Red", artists=("Ana",), track_number=2, disc_number=1),
        Tags(title="Song", album="Red", artists=("Ana",), track_number=1, disc_number=2),
    ],
)
def test_another_title_album_artist_number_or_disc_is_another_place(other: Tags) -> None:
    tags = Tags(title="Song", album="Red", artists=("Ana",), track_number=1, disc_number=1)
    assert shelved(tags).place != shelved(other).place


def test_search_finds_title_credits_and_album() -> None:
    track = shelved(Tags(title="Söng", artists=("Ana", "Bo"), artist_display="Ana feat. Bo", album="Réd"))
    assert set(track.search.split()) == {"song", "ana", "feat", "bo", "red"}


@given(st.binary(min_size=1))
def test_any_path_gives_a_track_with_a_title_an_artist_and_an_album(path: bytes) -> None:
    track = shelved(Tags(), path)
    assert track.title
    assert names(track)
    assert track.album.title
    assert "\0" not in track.title + track.album.title + track.place + track.album.key


def test_keys_of_very_long_names_fit_into_an_index_and_stay_apart() -> None:
    def keys(ending: str) -> tuple[str, str, str]:
        name = "坂" * 3000 + ending
        tagged = shelved(Tags(album=name, artists=(name,)))
        return tagged.album.key, tagged.artists[0].key, album(Tags(), f"{name}/x.mp3".encode()).key

    assert all(len(key.encode()) < 2704 for key in keys("a"))
    assert keys("a") == keys("a")
    assert all(one != other for one, other in zip(keys("a"), keys("b"), strict=True))


# --- Credits and release groups


def test_whoever_had_a_part_is_the_artist_of_that_name() -> None:
    tags = Tags(
        artists=("Bjork",),
        credits=(
            Credit("composer", "Björk"),
            Credit("composer", "BJORK"),
            Credit("performer", "Björk", "flute"),
            Credit("performer", "Björk", "voice"),
        ),
    )
    track = shelved(tags)
    assert [(credit.role, credit.detail) for credit in track.credits] == [
        ("composer", None),
        ("composer", None),
        ("performer", "flute"),
        ("performer", "voice"),
    ]
    assert {credit.artist.key for credit in track.credits} == {track.artists[0].key}


def test_a_part_that_is_told_twice_is_one() -> None:
    credits_ = shelved(Tags(credits=(Credit("mixer", "Mix"), Credit("mixer", "Mix"), Credit("mixer", "mix")))).credits
    assert [credit.artist.name for credit in credits_] == ["Mix", "mix"]


def test_composers_bring_their_sort_names() -> None:
    tags = Tags(
        credits=(Credit("composer", "Clara Wieck"), Credit("lyricist", "Lo Li"), Credit("composer", "Bach")),
        composer_sorts=("Wieck, Clara", "Bach, J. S."),
    )
    assert [credit.artist.sort_name for credit in shelved(tags).credits] == ["wieck, clara", "lo li", "bach, j. s."]


def test_editions_are_one_release_group() -> None:
    tags = Tags(album="Blue", album_artists=("Ana",))
    first, second = (album(msgspec.structs.replace(tags, musicbrainz_release_id=id_)) for id_ in ("1", "2"))
    assert first.key != second.key
    assert first.group == second.group == album(tags).group
    assert first.group.title == "Blue"
    told = msgspec.structs.replace(tags, album="Blue (Deluxe)", musicbrainz_release_group_id="3")
    assert album(told).group.key == album(msgspec.structs.replace(told, album="Blue")).group.key != first.group.key


def test_albums_of_the_same_name_by_others_are_another_group() -> None:
    assert album(Tags(album="Hits", album_artists=("Ana",))).group != album(Tags(album="Hits")).group


def test_an_album_is_told_its_edition() -> None:
    draft = album(
        Tags(label="Home", catalog_number="CAT 1", release_types=("ep", "live"), release_country="XE", edition="mono")
    )
    assert (draft.types, draft.label, draft.catalog_number) == (("ep", "live"), "Home", "CAT 1")
    assert (draft.country, draft.edition) == ("XE", "mono")
