"""What a batch of decisions does to the rows."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import psycopg
import pytest
import trio

from appliance.core.catalogue import AlbumFilter, AlbumOrder, Item, Library, Track, TrackFilter, Window
from appliance.core.errors import NotFound
from appliance.core.library import Signature, Verdict
from appliance.core.sheet import Fault, Sheet
from appliance.store.database import Database
from appliance.store.tables import (
    album_artists,
    albums,
    artists,
    artworks,
    files,
    genres,
    libraries,
    track_artists,
    track_genres,
    tracks,
)
from appliance.store.unit_of_work import PostgresStore
from tests.store.recount import assert_counted, rows_of
from tests.store.sheets import album_of, bring, bring_in, moved, picture, retagged, sheet, sound, tagged

ALL = Window(1000)
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


async def shown(store: PostgresStore) -> dict[str, Track]:
    """Everything that can be played, by path."""
    async with store.begin() as work:
        found, count = await work.tracks.page(TrackFilter(), ALL)
    assert len(found) == count
    return {track.file.path.decode(): track for track in found}


async def track_ids(store: PostgresStore) -> dict[str, UUID]:
    return {path: track.id for path, track in (await shown(store)).items()}


async def album_titles(store: PostgresStore) -> dict[str, UUID]:
    async with store.begin() as work:
        nobody = UUID(int=0)
        return {album.title: album.id for album in await work.albums.list(AlbumOrder.TITLE, AlbumFilter(), ALL, nobody)}


def waiting(url: str) -> int:
    """How many transactions wait for a lock of another."""
    with psycopg.connect(url, autocommit=True) as witness:
        row = witness.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted").fetchone()
    assert row is not None
    return int(row[0])


async def test_a_new_file_is_a_track_with_all_that_its_tags_say(store: PostgresStore, library: Library) -> None:
    tags = tagged(
        title="Ágætis",
        artists=("Ana", "Bo"),
        artist_display="Ana feat. Bo",
        album="Byrjun",
        album_artists=("Ana",),
        genres=("Post-Rock", "Ambient"),
        moods=("calm",),
        disc_number=2,
        disc_title="Night",
        track_number=7,
        release_date="2001-05-06",
        original_date="1999",
        musicbrainz_recording_id="5f9a7d3a-0000-4000-8000-000000000001",
        track_gain=-7.5,
        track_peak=0.99,
        bpm=120,
        isrc="ISXXX0000001",
        comment="from the vinyl",
    )
    [decision] = await bring_in(store, library, [sheet("Ana/7.flac", "a", tags, lossless=True)])
    track = (await shown(store))["Ana/7.flac"]
    assert (track.id, track.file.id) == (decision.track_id, decision.file_id)
    assert (track.title, track.sort_title, track.artist_display) == ("Ágætis", "agaetis", "Ana feat. Bo")
    assert [artist.name for artist in track.artists] == ["Ana", "Bo"]
    assert [artist.name for artist in track.album_artists] == ["Ana"]
    assert (track.album_title, track.disc_number, track.track_number) == ("Byrjun", 2, 7)
    assert (track.genres, track.moods) == (("Post-Rock", "Ambient"), ("calm",))
    assert (track.year, track.release_date, track.original_date) == (1999, "2001-05-06", "1999")
    assert (track.track_gain, track.track_peak, track.album_gain) == (-7.5, 0.99, None)
    assert (track.bpm, track.isrc, track.comment) == (120, "ISXXX0000001", "from the vinyl")
    assert (track.file.root, track.file.library_number) == (b"/music", library.number)
    assert (track.file.codec, track.file.bit_depth, track.file.bit_rate) == ("flac", 16, 900)
    async with store.begin() as work:
        album = await work.albums.get(track.album_id)
    assert (album.title, album.year, album.disc_titles) == ("Byrjun", 1999, {2: "Night"})
    assert (album.track_count, album.duration_ms) == (1, 1000)


async def test_a_retag_keeps_the_track_and_takes_the_new_tags(store: PostgresStore, library: Library) -> None:
    first = sheet("a.mp3", "a", tagged(genres=("Jazz",)))
    await bring_in(store, library, [first])
    before = await track_ids(store)
    [decision] = await bring_in(store, library, [retagged(first, title="Two", artists=("Bo",), genres=("Soul",))])
    after = await shown(store)
    assert decision.verdict is Verdict.SAME
    assert after["a.mp3"].id == before["a.mp3"]
    assert (after["a.mp3"].title, after["a.mp3"].genres) == ("Two", ("Soul",))
    assert [artist.name for artist in after["a.mp3"].artists] == ["Bo"]


async def test_a_move_keeps_the_track_and_leaves_nothing_behind(store: PostgresStore, library: Library) -> None:
    first = sheet("a.mp3", "a")
    await bring_in(store, library, [first])
    before = await track_ids(store)
    [decision] = await bring_in(store, library, [moved(first, "b.mp3")], unsettled=["a.mp3"])
    assert decision.verdict is Verdict.MOVED
    assert await track_ids(store) == {"b.mp3": before["a.mp3"]}
    async with store.begin() as work:
        known = await work.catalogue.known(library)
    assert (set(known.signatures), known.missing) == ({b"b.mp3"}, set())


async def test_a_copy_is_another_file_of_the_track_and_the_better_one_plays(
    store: PostgresStore, library: Library, database: Database
) -> None:
    worse = sheet("a.mp3", "same")
    better = sheet("b.flac", "same", lossless=True)
    await bring_in(store, library, [worse])
    before = await track_ids(store)
    [decision] = await bring_in(store, library, [better])
    assert decision.verdict is Verdict.COPY
    assert await track_ids(store) == {"b.flac": before["a.mp3"]}
    async with store.begin() as work:
        assert await work.catalogue.mark_missing(library, [b"b.flac"]) == 1
    assert await track_ids(store) == before
    assert len(await rows_of(database, tracks)) == 1


async def test_two_files_that_swap_their_names_keep_their_tracks(store: PostgresStore, library: Library) -> None:
    one, two = album_of(2)
    await bring_in(store, library, [one, two])
    before = await track_ids(store)
    swapped = [moved(one, "First/2.mp3"), moved(two, "First/1.mp3")]
    await bring_in(store, library, swapped, unsettled=["First/1.mp3", "First/2.mp3"])
    assert await track_ids(store) == {"First/1.mp3": before["First/2.mp3"], "First/2.mp3": before["First/1.mp3"]}


async def test_they_keep_them_across_batches_too(store: PostgresStore, library: Library, database: Database) -> None:
    one, two = album_of(2)
    await bring_in(store, library, [one, two])
    before = await track_ids(store)
    unsettled = ["First/1.mp3", "First/2.mp3"]
    await bring_in(store, library, [moved(two, "First/1.mp3")], unsettled=unsettled)
    assert await track_ids(store) == {"First/1.mp3": before["First/2.mp3"]}
    await bring_in(store, library, [moved(one, "First/2.mp3")], unsettled=unsettled)
    assert await track_ids(store) == {"First/1.mp3": before["First/2.mp3"], "First/2.mp3": before["First/1.mp3"]}
    assert len(await rows_of(database, files)) == 2


async def test_a_displaced_file_is_missing_and_comes_back_as_itself(store: PostgresStore, library: Library) -> None:
    old = sheet("a.mp3", "old")
    usurper = sheet("b.mp3", "new", tagged(title="Two", track_number=2))
    await bring_in(store, library, [old, usurper])
    before = await track_ids(store)
    # b.mp3 is moved over a.mp3.
    await bring_in(store, library, [moved(usurper, "a.mp3")], unsettled=["a.mp3", "b.mp3"])
    assert await track_ids(store) == {"a.mp3": before["b.mp3"]}
    with pytest.raises(NotFound):
        async with store.begin() as work:
            await work.tracks.get(before["a.mp3"])
    # The old sound turns up again somewhere else.
    [decision] = await bring_in(store, library, [moved(old, "c.mp3")])
    assert decision.verdict is Verdict.MOVED
    assert await track_ids(store) == {"a.mp3": before["b.mp3"], "c.mp3": before["a.mp3"]}


async def test_of_two_that_went_missing_at_one_path_the_one_whose_signature_is_back_returns(
    store: PostgresStore, library: Library
) -> None:
    """The walk sees a signature; what is told of a path that several rows share must belong to the row that returns."""
    first, second = sheet("a.mp3", "first"), sheet("a.mp3", "second one", tagged(title="Two"))
    for file in (first, second):
        await bring_in(store, library, [file])
        async with store.begin() as work:
            await work.catalogue.mark_missing(library, [b"a.mp3"])
        # The first row stays missing at this path: the second sound is known from elsewhere.
        if file is first:
            await bring_in(store, library, [moved(second, "b.mp3")])
            await bring_in(store, library, [second], unsettled=["b.mp3"])
    async with store.begin() as work:
        known = await work.catalogue.known(library)
        assert known.missing == {b"a.mp3"}
        told = known.signatures[b"a.mp3"]
        assert await work.catalogue.mark_returned(library, [b"a.mp3"]) == 1
    track = (await shown(store))["a.mp3"]
    assert Signature(track.file.size, track.file.mtime_ns) == told
    assert track.title == "Two"


async def test_missing_tracks_and_their_album_are_hidden_and_return(
    store: PostgresStore, library: Library, database: Database
) -> None:
    await bring_in(store, library, album_of(2))
    before = await track_ids(store)
    async with store.begin() as work:
        assert await work.catalogue.mark_missing(library, [b"First/1.mp3", b"First/2.mp3", b"unknown"]) == 2
        assert await work.catalogue.mark_missing(library, [b"First/1.mp3"]) == 0
        await work.catalogue.tidy()
    await assert_counted(database)
    assert await track_ids(store) == {}
    assert await album_titles(store) == {}
    async with store.begin() as work:
        known = await work.catalogue.known(library)
        assert known.missing == {b"First/1.mp3", b"First/2.mp3"} == set(known.signatures)
        assert await work.catalogue.mark_returned(library, [b"First/1.mp3", b"First/2.mp3"]) == 2
        assert await work.catalogue.mark_returned(library, [b"First/1.mp3"]) == 0
        await work.catalogue.tidy()
    await assert_counted(database)
    assert await track_ids(store) == before


async def test_a_fault_at_a_known_path_hides_the_track_and_keeps_it(store: PostgresStore, library: Library) -> None:
    file = sheet("a.mp3", "a")
    await bring_in(store, library, [file])
    before = await track_ids(store)
    await bring_in(store, library, [], faults=[Fault(path=b"a.mp3", reason="broken", size=5, mtime_ns=6)])
    assert await track_ids(store) == {}
    async with store.begin() as work:
        known = await work.catalogue.known(library)
        faults, count = await work.scans.faults(ALL)
    assert (known.signatures, known.missing) == ({b"a.mp3": Signature(5, 6)}, set())
    assert [(fault.path, fault.reason, fault.library) for fault in faults] == [("a.mp3", "broken", library.number)]
    assert count == 1
    [decision] = await bring_in(store, library, [file])
    assert decision.verdict is Verdict.SAME
    assert await track_ids(store) == before
    async with store.begin() as work:
        assert await work.scans.faults(ALL) == ([], 0)


async def test_a_fault_whose_file_is_gone_is_forgotten(store: PostgresStore, library: Library) -> None:
    await bring_in(
        store, library, [], faults=[Fault(path=b"a\xff.mp3", reason="one"), Fault(path=b"b.mp3", reason="x")]
    )
    await bring_in(store, library, [], faults=[Fault(path=b"a\xff.mp3", reason="two")])
    async with store.begin() as work:
        faults, _ = await work.scans.faults(ALL)
        assert [(fault.path, fault.reason) for fault in faults] == [("a�.mp3", "two"), ("b.mp3", "x")]
        assert await work.catalogue.mark_missing(library, [b"a\xff.mp3"]) == 0
        assert [fault.path for fault in (await work.scans.faults(ALL))[0]] == ["b.mp3"]


async def test_retagging_the_whole_album_renames_it(store: PostgresStore, library: Library, database: Database) -> None:
    album = album_of(3)
    await bring_in(store, library, album)
    before = await album_titles(store)
    await bring_in(store, library, [retagged(file, album="Furst", album_artists=("Bo",)) for file in album])
    assert await album_titles(store) == {"Furst": before["First"]}
    async with store.begin() as work:
        [artist] = (await work.albums.get(before["First"])).artists
        assert artist.name == "Bo"
        assert [found.name for found in await work.artists.album_artists()] == ["Bo"]
    await assert_counted(database)


async def test_retagging_one_track_moves_only_that_one(store: PostgresStore, library: Library) -> None:
    album = album_of(3)
    await bring_in(store, library, album)
    before = await album_titles(store)
    await bring_in(store, library, [retagged(album[0], album="Second")])
    after = await album_titles(store)
    assert after["First"] == before["First"]
    assert after.keys() == {"First", "Second"}
    async with store.begin() as work:
        assert (await work.albums.get(after["First"])).track_count == 2
        assert (await work.albums.get(after["Second"])).track_count == 1


async def test_an_album_renamed_to_one_that_exists_joins_it(store: PostgresStore, library: Library) -> None:
    first, second = album_of(2), album_of(2, "Second")
    await bring_in(store, library, [*first, *second])
    before = await album_titles(store)
    await bring_in(store, library, [retagged(file, album="Second", disc_number=2) for file in first])
    assert await album_titles(store) == {"Second": before["Second"]}


async def test_an_album_whose_name_is_taken_up_in_the_same_batch_stays_with_its_name(
    store: PostgresStore, library: Library, database: Database
) -> None:
    one, two, new = album_of(3)
    await bring_in(store, library, [one, two])
    before = await album_titles(store)
    await bring_in(store, library, [new, *(retagged(file, album="Second") for file in (one, two))])
    after = await album_titles(store)
    assert after.keys() == {"First", "Second"}
    assert after["First"] == before["First"]
    await assert_counted(database)


async def test_an_album_that_gets_another_credit_leaves_no_count_behind(
    store: PostgresStore, library: Library, database: Database
) -> None:
    """A MusicBrainz id holds an album together whatever its tracks say of its artists."""
    release = "5f9a7d3a-0000-4000-8000-000000000002"
    one, two = (retagged(file, musicbrainz_release_id=release) for file in album_of(2))
    await bring_in(store, library, [one])
    await bring_in(store, library, [retagged(two, album_artists=("Bo",), artists=("Bo",))])
    await assert_counted(database)


async def test_artists_genres_and_pictures_are_shared(
    store: PostgresStore, library: Library, database: Database
) -> None:
    front = picture("front", "First/cover.png")
    batch = [
        sheet("First/1.mp3", "1", tagged(title="1", genres=("Jazz", "JAZZ")), picture=front),
        sheet("First/2.mp3", "2", tagged(title="2", artists=("ANA",), genres=("jazz",)), picture=front),
    ]
    await bring_in(store, library, batch)
    await bring_in(store, library, [sheet("x/3.mp3", "3", tagged(title="3", album="Other", genres=("jAZz",)))])
    assert [row["name"] for row in await rows_of(database, artists)] == ["Ana"]
    assert [row["name"] for row in await rows_of(database, genres)] == ["Jazz"]
    assert len(await rows_of(database, artworks)) == 1
    async with store.begin() as work:
        [genre] = await work.genres.all()
        assert (genre.name, genre.track_count, genre.album_count) == ("Jazz", 3, 2)
        assert len(await work.tracks.of_genre("JAZZ", ALL)) == 3
    await assert_counted(database)


async def test_a_picture_whose_source_moved_is_found_again(store: PostgresStore, library: Library) -> None:
    first = sheet("a/1.mp3", "1", picture=picture("front", "a/cover.png"))
    await bring_in(store, library, [first])
    track = (await shown(store))["a/1.mp3"]
    await bring_in(
        store,
        library,
        [sheet("b/1.mp3", "1", picture=picture("front", "b/1.mp3", "embedded"))],
        unsettled=["a/1.mp3"],
    )
    async with store.begin() as work:
        artwork = await work.artworks.of(Item.TRACK, track.id)
    assert artwork is not None
    assert (artwork.id, artwork.path, artwork.source) == (track.cover_id, b"b/1.mp3", "embedded")


async def test_a_cover_is_taken_from_a_track_that_is_there(
    store: PostgresStore, library: Library, database: Database
) -> None:
    one, two = album_of(2)
    batch = [
        sheet("First/1.mp3", "1", one.tags, picture=picture("1", "First/1.mp3", "embedded")),
        sheet("First/2.mp3", "2", two.tags, picture=picture("2", "First/2.mp3", "embedded")),
    ]
    await bring_in(store, library, batch)
    async with store.begin() as work:
        await work.catalogue.mark_missing(library, [b"First/1.mp3"])
        await work.catalogue.tidy()
        artwork = await work.artworks.of(Item.ALBUM, (await album_titles(store))["First"])
    assert artwork is not None
    assert artwork.identity == sound("2")
    await assert_counted(database)


async def test_manual_tags_are_not_overwritten(store: PostgresStore, library: Library, database_url: str) -> None:
    file = sheet("a.mp3", "a")
    await bring_in(store, library, [file])
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("UPDATE tracks SET title = 'Mine', metadata_status = 'manual'")
    await bring_in(store, library, [retagged(file, title="Theirs", album="Theirs", artists=("They",), genres=("No",))])
    track = (await shown(store))["a.mp3"]
    assert (track.title, track.album_title, track.genres) == ("Mine", "First", ())
    assert [artist.name for artist in track.artists] == ["Ana"]
    assert track.file.mtime_ns == 2


def various() -> list[Sheet]:
    """A batch with a bit of everything."""
    front = picture("front", "First/cover.png")
    tags = tagged(genres=("Jazz", "Soul"), artists=("Ana", "Bo"), disc_title="Night", disc_number=1)
    return [
        sheet("First/1.mp3", "1", tags, picture=front),
        sheet("First/2.mp3", "2", tagged(tags, title="2", track_number=2, genres=("jazz",)), picture=front),
        sheet("First/1.flac", "1", tags, picture=front, lossless=True),
        *album_of(3, "Second", "Cy"),
    ]


async def test_merging_the_same_batch_again_doubles_nothing_and_writes_nothing(
    store: PostgresStore, library: Library, database: Database, database_url: str
) -> None:
    await bring_in(store, library, various())
    counts = {table.name: len(await rows_of(database, table)) for table in TABLES}
    before = versions(database_url)
    decisions = await bring_in(store, library, various())
    assert {decision.verdict for decision in decisions} == {Verdict.SAME}
    assert {table.name: len(await rows_of(database, table)) for table in TABLES} == counts
    assert versions(database_url) == before
    await assert_counted(database)


TABLES = (albums, album_artists, artists, artworks, files, genres, libraries, track_artists, track_genres, tracks)


def versions(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Which transaction wrote each row, and where it lies: a row that is rewritten with the same content shows."""
    with psycopg.connect(url) as witness:
        return {
            table.name: witness.execute(f"SELECT xmin::text, ctid::text FROM {table.name} ORDER BY ctid").fetchall()  # noqa: S608
            for table in TABLES
        }


async def test_what_is_rolled_back_leaves_nothing(store: PostgresStore, library: Library, database: Database) -> None:
    async def fail() -> None:
        async with store.begin() as work:
            await bring(work, library, various(), [Fault(path=b"x.mp3", reason="broken")])
            await work.catalogue.tidy()
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    for table in TABLES:
        assert await rows_of(database, table) == [] or table is libraries
    async with store.begin() as work:
        assert await work.scans.faults(ALL) == ([], 0)


async def test_two_merges_take_turns(
    store: PostgresStore, library: Library, database: Database, database_url: str, eventually: Eventually
) -> None:
    """Both bring the same new artist, album and genre; the one that waits sees what the other has written."""
    one, two = (retagged(file, genres=("Jazz",)) for file in album_of(2))
    async with trio.open_nursery() as nursery, store.begin() as work:
        await bring(work, library, [one])
        nursery.start_soon(bring_in, store, library, [two])
        await eventually(lambda: waiting(database_url) == 1)
    assert len(await rows_of(database, albums)) == len(await rows_of(database, artists)) == 1
    assert set(await shown(store)) == {"First/1.mp3", "First/2.mp3"}
    await assert_counted(database)


async def test_copies_that_come_at_once_are_one_track(
    store: PostgresStore, library: Library, database: Database, database_url: str, eventually: Eventually
) -> None:
    async with trio.open_nursery() as nursery, store.begin() as work:
        await bring(work, library, [sheet("a.mp3", "same")])
        nursery.start_soon(bring_in, store, library, [sheet("b.mp3", "same")])
        await eventually(lambda: waiting(database_url) == 1)
    assert len(await rows_of(database, tracks)) == 1
    assert len(await rows_of(database, files)) == 2


@pytest.mark.parametrize("step", ["mark_missing", "settle"])
async def test_a_file_that_goes_while_a_copy_comes_leaves_the_copy_playing(
    store: PostgresStore, library: Library, database_url: str, eventually: Eventually, step: str
) -> None:
    async with store.begin() as work:
        _, elsewhere = await work.libraries.settle([b"/music", b"/more"])
    await bring_in(store, library, [sheet("a.mp3", "same")])

    async def go() -> None:
        async with store.begin() as work:
            if step == "settle":
                await work.libraries.settle([b"/more"])
            else:
                await work.catalogue.mark_missing(library, [b"a.mp3"])
            await work.catalogue.tidy()

    async with trio.open_nursery() as nursery, store.begin() as work:
        await bring(work, elsewhere, [sheet("b.mp3", "same")])
        nursery.start_soon(go)
        await eventually(lambda: waiting(database_url) == 1)
    assert set(await shown(store)) == {"b.mp3"}


async def test_an_artist_learns_a_sort_name_and_a_musicbrainz_id_that_come_later(
    store: PostgresStore, library: Library
) -> None:
    identifier = "1b62df85-00d5-464f-81de-ba9bf10b3f4b"
    await bring_in(store, library, [sheet("1.mp3", "1", tagged(artists=("Ana Lund",), album_artists=("Ana Lund",)))])
    told = tagged(
        artists=("Ana Lund",),
        album_artists=("Ana Lund",),
        artist_sorts=("Lund, Ana",),
        musicbrainz_artist_ids=(identifier,),
        title="Two",
    )
    await bring_in(store, library, [sheet("2.mp3", "2", told)])
    await bring_in(store, library, [sheet("3.mp3", "3", tagged(artists=("Ana Lund",), title="Three"))])
    async with store.begin() as work:
        (ana,) = [artist for artist in await work.artists.album_artists() if artist.name == "Ana Lund"]
    assert (ana.name, ana.sort_name, ana.musicbrainz_id) == ("Ana Lund", "lund, ana", identifier)
