"""Credits, lyrics, editions and moods, from sheets to what is read; and the orders of tracks."""

from uuid import UUID

import pytest
from sqlalchemy import text

from appliance.core.catalogue import (
    AlbumFilter,
    AlbumOrder,
    Artist,
    Library,
    Track,
    TrackFilter,
    TrackOrder,
    Window,
)
from appliance.core.credits import Part
from appliance.core.errors import NotFound
from appliance.core.ids import new_id
from appliance.core.lyrics import Line
from appliance.core.sheet import Credit, Sheet
from appliance.store.database import Database
from appliance.store.statement import Statement
from appliance.store.tables import release_groups, track_credits
from appliance.store.unit_of_work import PostgresStore
from tests.store.recount import assert_counted, rows_of
from tests.store.sheets import bring_in, retagged, sheet, tagged

ALL = Window(100)
XMIN = Statement(text("SELECT DISTINCT xmin::text::bigint FROM track_credits"))
PARTS = (Credit("composer", "Di"), Credit("performer", "Ana", "flute"), Credit("composer", "DI"))


async def shown(store: PostgresStore, narrow: TrackFilter | None = None) -> list[Track]:
    async with store.begin() as work:
        tracks, total = await work.tracks.page(narrow or TrackFilter(), ALL)
    assert total == len(tracks)
    return tracks


async def credited(store: PostgresStore) -> dict[str, list[tuple[str, str, str | None]]]:
    """By title: role, name and detail of each credit."""
    async with store.begin() as work:
        tracks, _ = await work.tracks.page(TrackFilter(), ALL)
        parts = await work.tracks.credits([track.id for track in tracks])
    return {
        track.title: [(part.role, part.artist.name, part.detail) for part in parts.get(track.id, ())]
        for track in tracks
    }


async def artists(store: PostgresStore) -> dict[str, Artist]:
    async with store.begin() as work:
        found, total = await work.artists.page(ALL)
    assert total == len(found)
    return {artist.name: artist for artist in found}


async def test_credits_are_kept_in_their_order(store: PostgresStore, database: Database, library: Library) -> None:
    await bring_in(
        store, library, [sheet("a.mp3", "a", tagged(credits=PARTS)), sheet("b.mp3", "b", tagged(title="Two"))]
    )
    assert await credited(store) == {
        "One": [(Part.COMPOSER, "Di", None), (Part.PERFORMER, "Ana", "flute"), (Part.COMPOSER, "Di", None)],
        "Two": [],
    }
    await assert_counted(database)


async def test_who_only_composes_is_an_artist_and_is_found(store: PostgresStore, library: Library) -> None:
    await bring_in(store, library, [sheet("a.mp3", "a", tagged(credits=PARTS))])
    found = await artists(store)
    assert (found["Di"].roles, found["Di"].track_count, found["Di"].album_count) == (("composer",), 0, 0)
    assert (found["Ana"].roles, found["Ana"].track_count) == (("performer",), 1)
    async with store.begin() as work:
        by_search = await work.search.find("di", artists=ALL, albums=Window(0), tracks=Window(0))
        (piece,), _ = await work.tracks.page(TrackFilter(artist=found["Di"].id), ALL)
    assert [artist.name for artist in by_search.artists] == ["Di"]
    assert piece.title == "One"


async def test_another_scan_writes_only_what_differs(
    store: PostgresStore, database: Database, library: Library
) -> None:
    first = sheet("a.mp3", "a", tagged(credits=PARTS))
    await bring_in(store, library, [first])
    before = await rows_of(database, track_credits)
    written = await xmin(database)
    await bring_in(store, library, [first])
    assert (await rows_of(database, track_credits), await xmin(database)) == (before, written)
    await bring_in(store, library, [retagged(first, credits=PARTS[:1])])
    assert await credited(store) == {"One": [(Part.COMPOSER, "Di", None)]}
    assert (await artists(store))["Ana"].roles == ()
    await assert_counted(database)
    await bring_in(store, library, [retagged(first, credits=())])
    assert set(await artists(store)) == {"Ana"}
    await assert_counted(database)


async def xmin(database: Database) -> set[int]:
    """The transactions that wrote the credits."""
    async with database.begin() as connection:
        rows = await connection.fetch(XMIN)
    return {row[0] for row in rows}


async def test_a_missing_track_gives_nobody_a_part(store: PostgresStore, database: Database, library: Library) -> None:
    await bring_in(store, library, [sheet("a.mp3", "a", tagged(credits=PARTS))])
    async with store.begin() as work:
        await work.catalogue.mark_missing(library, [b"a.mp3"])
        await work.catalogue.tidy()
    assert await artists(store) == {}
    await assert_counted(database)


async def test_lyrics_are_read_as_lines(store: PostgresStore, library: Library) -> None:
    timed = tagged(lyrics="[00:01.50]One\n[00:02.00]Two", lyrics_language="eng")
    await bring_in(store, library, [sheet("a.mp3", "a", timed), sheet("b.mp3", "b", tagged(title="Two"))])
    one, two = await shown(store)
    async with store.begin() as work:
        lyrics = await work.tracks.lyrics(one.id)
        assert lyrics is not None
        assert (lyrics.synced, lyrics.language) == (True, "eng")
        assert lyrics.lines == (Line("One", 1_500), Line("Two", 2_000))
        assert await work.tracks.lyrics(two.id) is None
        with pytest.raises(NotFound):
            await work.tracks.lyrics(new_id())


async def test_editions_are_one_release_group(store: PostgresStore, database: Database, library: Library) -> None:
    first = sheet("a.mp3", "a", tagged(musicbrainz_release_id="1", release_types=("album",), label="Home"))
    second = sheet(
        "b.mp3", "b", tagged(musicbrainz_release_id="2", edition="mono", catalog_number="C", release_country="XE")
    )
    other = sheet("c.mp3", "c", tagged(album="Second"))
    await bring_in(store, library, [first, second, other])
    nobody = UUID(int=0)
    async with store.begin() as work:
        albums = await work.albums.list(AlbumOrder.TITLE, AlbumFilter(), ALL, nobody)
        plain, mono, lone = sorted(albums, key=lambda album: (album.title, album.edition or ""))
        assert plain.release_group_id == mono.release_group_id != lone.release_group_id
        assert (plain.types, plain.label) == (("album",), "Home")
        assert (mono.types, mono.catalog_number, mono.country) == ((), "C", "XE")
        narrow = AlbumFilter(release_group=plain.release_group_id)
        editions = await work.albums.list(AlbumOrder.TITLE, narrow, ALL, nobody)
        assert {album.id for album in editions} == {plain.id, mono.id}
        assert await work.albums.count(narrow) == 2
        assert await work.albums.count(AlbumFilter(release_group=new_id())) == 0
        assert await work.albums.count(AlbumFilter(artist=plain.artists[0].id)) == 3
        assert await work.albums.count(AlbumFilter(artist=new_id())) == 0
    groups = await rows_of(database, release_groups)
    assert sorted(group["title"] for group in groups) == ["First", "Second"]
    await bring_in(store, library, [first, second, other])
    assert await rows_of(database, release_groups) == groups


async def test_moods_are_spelled_as_they_were_first_met(store: PostgresStore, library: Library) -> None:
    await bring_in(
        store, library, [sheet("a.mp3", "a", tagged(moods=("Calm", "Dark"))), sheet("b.mp3", "b", tagged(title="Two"))]
    )
    await bring_in(store, library, [sheet("c.mp3", "c", tagged(title="Three", moods=("CALM", "calm")))])
    assert {track.title: track.moods for track in await shown(store)} == {
        "One": ("Calm", "Dark"), "Two": (), "Three": ("Calm",),
    }  # fmt: skip
    assert {track.title for track in await shown(store, TrackFilter(moods=("cälm",)))} == {"One", "Three"}
    assert await shown(store, TrackFilter(moods=("gay",))) == []


async def test_tracks_come_in_every_order(store: PostgresStore, library: Library) -> None:
    def piece(title: str, artist: str, album: str, *, year: int | None, bpm: int | None, number: int) -> Sheet:
        tags = tagged(
            title=title,
            artists=(artist,),
            album=album,
            album_artists=(artist,),
            release_date=None if year is None else str(year),
            bpm=bpm,
            track_number=number,
        )
        return sheet(f"{title}.mp3", title * (4 - number), tags)

    pieces = [
        piece("b", "Zoe", "Alpha", year=1999, bpm=None, number=1),
        piece("c", "Ana", "Beta", year=None, bpm=90, number=2),
        piece("a", "Ana", "Beta", year=2001, bpm=120, number=1),
        piece("d", "Ana", "Alpha", year=2001, bpm=60, number=3),
    ]
    for one in pieces:
        await bring_in(store, library, [one])
    for order, titles in {
        TrackOrder.TITLE: "abcd",
        TrackOrder.ARTIST: "dcab",
        TrackOrder.YEAR: "bad",
        TrackOrder.OLDEST: "bcad",
        TrackOrder.BPM: "dca",
        TrackOrder.DURATION: "dcba",
    }.items():
        assert await in_order(store, order) in {titles, *ALSO.get(order, ())}
    up, down = await in_order(store, TrackOrder.ALBUM), await in_order(store, TrackOrder.ALBUM_DESCENDING)
    assert up in {"bdac", "dbac"}
    assert down == up[::-1]
    assert await in_order(store, TrackOrder.TITLE_DESCENDING) == "dcba"
    assert await in_order(store, TrackOrder.NEWEST) == "dacb"
    assert sorted(await in_order(store, TrackOrder.RANDOM)) == list("abcd")


#: Where equals are told apart by their ids alone.
ALSO = {TrackOrder.ARTIST: ("dacb",), TrackOrder.DURATION: ("dcab",)}


async def in_order(store: PostgresStore, order: TrackOrder) -> str:
    """The titles, one letter each. The count is that of the list."""
    async with store.begin() as work:
        tracks, total = await work.tracks.page(TrackFilter(), ALL, order)
        first, _ = await work.tracks.page(TrackFilter(), Window(2), order)
        rest, _ = await work.tracks.page(TrackFilter(), Window(2, 2), order)
    assert total == len(tracks)
    if order is not TrackOrder.RANDOM:
        assert [*first, *rest] == tracks
    return "".join(track.title for track in tracks)


async def test_tracks_are_narrowed_to_an_album_and_an_artist(store: PostgresStore, library: Library) -> None:
    await bring_in(
        store,
        library,
        [sheet("a.mp3", "a", tagged(credits=PARTS)), sheet("b.mp3", "b", tagged(title="Two", album="Other"))],
    )
    one, two = await shown(store)
    assert await shown(store, TrackFilter(album=two.album_id)) == [two]
    assert await shown(store, TrackFilter(artist=one.artists[0].id)) == [one, two]
    assert await shown(store, TrackFilter(artist=one.artists[0].id, album=one.album_id)) == [one]
    assert await shown(store, TrackFilter(artist=new_id())) == []
