"""Credits, lyrics, files, genres, editions; and what people say of artists."""

from uuid import UUID

import pytest

from appliance.api.rest.albums import AlbumPage
from appliance.api.rest.artists import ArtistPage, ArtistRead
from appliance.api.rest.files import HeldFilePage, HeldFileRead
from appliance.api.rest.genres import GenrePage, GenreRead
from appliance.api.rest.lyrics import LyricsRead
from appliance.api.rest.tracks import TrackPage, TrackRead, TrackSorting
from appliance.api.services import Services
from appliance.core.catalogue import Window
from appliance.core.ids import new_id
from appliance.core.sheet import Credit
from tests.api.rest.api import Api
from tests.store.sheets import bring_in, sheet, tagged

TAGS = tagged(
    title="Aria",
    artists=("Cleo",),
    album="Zenith",
    album_artists=("Cleo",),
    credits=(Credit("composer", "Johann"), Credit("performer", "Cleo", "lute")),
    lyrics="[00:01.00]One\n[00:02.50]Two",
    lyrics_language="eng",
    moods=("Calm",),
    bpm=90,
    release_types=("album", "live"),
    edition="mono",
)


@pytest.fixture
async def aria(services: Services) -> UUID:
    """Another track in the house, with everything; two files hold it."""
    async with services.store.begin() as work:
        (library,) = await work.libraries.all()
    one = sheet("Cleo/Aria.flac", "aria", TAGS, lossless=True)
    (decision,) = await bring_in(services.store, library, [one])
    copy = sheet("Cleo/Aria again.flac", "aria", TAGS, lossless=True)
    await bring_in(services.store, library, [copy])
    return decision.track_id


async def test_a_track_shows_who_had_a_part_in_it(as_member: Api, aria: UUID) -> None:
    track = await as_member.get(f"/tracks/{aria}", TrackRead)
    assert [(credit.role, credit.artist.name, credit.detail) for credit in track.credits] == [
        ("composer", "Johann", None),
        ("performer", "Cleo", "lute"),
    ]
    composer = await as_member.get(f"/artists/{track.credits[0].artist.id}", ArtistRead)
    assert (composer.name, composer.roles, composer.track_count) == ("Johann", ["composer"], 0)
    listed = (await as_member.get("/tracks/", TrackPage, artist=composer.id)).items
    assert listed == [track]
    assert composer in (await as_member.get("/artists/", ArtistPage)).items


async def test_lyrics_are_lines_with_their_times(as_member: Api, aria: UUID) -> None:
    lyrics = await as_member.get(f"/tracks/{aria}/lyrics", LyricsRead)
    assert (lyrics.synced, lyrics.language) == (True, "eng")
    assert [(line.start_ms, line.text) for line in lyrics.lines] == [(1_000, "One"), (2_500, "Two")]
    other = (await as_member.get("/tracks/", TrackPage)).items[-1]
    assert other.id != aria
    assert await as_member.refused(404, "GET", f"/tracks/{other.id}/lyrics") == [("", "not_found")]
    assert await as_member.refused(404, "GET", f"/tracks/{new_id()}/lyrics") == [("", "not_found")]


async def test_tracks_are_sorted_and_narrowed(as_member: Api, aria: UUID) -> None:
    for sorting in TrackSorting:
        found = await as_member.get("/tracks/", TrackPage, sorting=sorting.value)
        expected = {"year": 9, "bpm": 1}.get(sorting.value.lstrip("-"), 10)
        assert len(found.items) == found.pagination.total_count == expected
    for column in ("title", "artist", "album", "created_at"):
        up = (await as_member.get("/tracks/", TrackPage, sorting=column)).items
        assert (await as_member.get("/tracks/", TrackPage, sorting=f"-{column}")).items == up[::-1]
    track = await as_member.get(f"/tracks/{aria}", TrackRead)
    for narrow in (
        {"mood": "CALM"},
        {"album": track.album_id},
        {"artist": track.artists[0].id},
        {"mood": ["x", "calm"]},
    ):
        assert [item.id for item in (await as_member.get("/tracks/", TrackPage, **narrow)).items] == [aria]
    for unlike in ({"mood": "x"}, {"album": new_id()}, {"artist": new_id()}):
        assert (await as_member.get("/tracks/", TrackPage, **unlike)).items == []
    for broken in ({"album": "x"}, {"artist": ["1", "2"]}, {"mood": ["x"] * 21}, {"sorting": "-random"}):
        (name,) = broken
        faults = await as_member.refused(422, "GET", "/tracks/", **broken)
        assert {place for place, _ in faults} == {f"query.{name}"}


async def test_an_album_tells_its_edition_and_its_group(as_member: Api, aria: UUID) -> None:
    track = await as_member.get(f"/tracks/{aria}", TrackRead)
    (album,) = (await as_member.get("/albums/", AlbumPage, artist=track.artists[0].id)).items
    assert (album.id, album.types, album.edition) == (track.album_id, ["album", "live"], "mono")
    assert album.release_group_id is not None
    assert (await as_member.get("/albums/", AlbumPage, release_group=album.release_group_id)).items == [album]
    assert (await as_member.get("/albums/", AlbumPage, release_group=new_id())).items == []


async def test_files_are_listed_one_by_one(services: Services, as_member: Api, aria: UUID) -> None:
    everything = await as_member.get("/files/", HeldFilePage)
    assert everything.pagination.total_count == len(everything.items) == 11
    assert [file.id for file in everything.items] == sorted(file.id for file in everything.items)
    files = (await as_member.get("/files/", HeldFilePage, track=aria)).items
    assert [file.path for file in files] == ["Cleo/Aria.flac", "Cleo/Aria again.flac"]
    assert files[0].audio_identity == files[1].audio_identity
    assert await as_member.get(f"/files/{files[0].id}", HeldFileRead) == files[0]
    async with services.store.begin() as work:
        (library,) = await work.libraries.all()
        await work.catalogue.mark_missing(library, [b"Cleo/Aria.flac"])
    (missing,) = (await as_member.get("/files/", HeldFilePage, missing="true")).items
    assert (missing.id, missing.missing_since is None) == (files[0].id, False)
    assert (await as_member.get("/files/", HeldFilePage, missing="false", track=aria)).items == files[1:]
    assert (await as_member.get("/files/", HeldFilePage, library=1, limit=3, page=4)).pagination.max_page == 4
    assert (await as_member.get("/files/", HeldFilePage, library=99)).items == []
    await as_member.refused(404, "GET", f"/files/{new_id()}")
    assert await as_member.refused(422, "GET", "/files/", track="x") == [("query.track", "invalid")]


async def test_genres_are_listed_renamed_and_folded(as_administrator: Api, as_member: Api) -> None:
    jazz, soul = (await as_member.get("/genres/", GenrePage)).items
    assert (jazz.name, jazz.track_count, jazz.album_count, soul.name) == ("Jazz", 5, 2, "Soul")
    path = f"/genres/{soul.id}"
    await as_member.refused(403, "PATCH", path, {"name": "x"})
    changed = await as_administrator.patch(path, {"aliases": ["jazz", "Funk"]}, GenreRead)
    assert (changed.aliases, changed.track_count) == (["Funk", "jazz"], 9)
    assert (await as_member.get("/genres/", GenrePage)).items == [changed]
    assert {tuple(track.genres) for track in (await as_member.get("/tracks/", TrackPage)).items} == {("Soul",)}
    assert {tuple(album.genres) for album in (await as_member.get("/albums/", AlbumPage)).items} == {("Soul",)}
    renamed = await as_administrator.patch(path, {"name": "Soul & Funk"}, GenreRead)
    assert (renamed.name, renamed.aliases) == ("Soul & Funk", ["Funk", "jazz", "Soul"])
    assert len((await as_member.get("/tracks/", TrackPage, genre="SOUL")).items) == 9
    assert await as_administrator.patch(path, {}, GenreRead) == renamed
    assert await as_member.get(path, GenreRead) == renamed
    await as_member.refused(404, "GET", f"/genres/{jazz.id}")


async def test_what_cannot_be_a_genre_is_refused(as_administrator: Api) -> None:
    jazz, soul = (await as_administrator.get("/genres/", GenrePage)).items
    path = f"/genres/{jazz.id}"
    assert await as_administrator.refused(409, "PATCH", path, {"name": "soul"}) == [("", "conflict")]
    for body, place in (
        ({"name": ""}, "body.name"),
        ({"name": "\0"}, "body.name"),
        ({"name": "x" * 201}, "body.name"),
        ({"name": None}, "body.name"),
        ({"aliases": ["x"] * 101}, "body.aliases"),
        ({"aliases": ["x", " "]}, "body.aliases"),
        ({"aliases": ["x", 1]}, "body.aliases.1"),
        ({"colour": "red"}, "body.colour"),
    ):
        assert [fault for fault, _ in await as_administrator.refused(422, "PATCH", path, body)] == [place]
    await as_administrator.refused(404, "PATCH", f"/genres/{new_id()}", {"name": "x"})
    assert (await as_administrator.get("/genres/", GenrePage)).items == [jazz, soul]


async def test_an_artist_is_sorted_as_people_say_whatever_files_say(
    services: Services, as_administrator: Api, as_member: Api, aria: UUID
) -> None:
    (cleo,) = (await as_member.get(f"/tracks/{aria}", TrackRead)).artists
    path = f"/artists/{cleo.id}"
    await as_member.refused(403, "PATCH", path, {"sort_name": "x"})
    assert (
        await as_administrator.patch(path, {"sort_name": "Aardvark, Cleo"}, ArtistRead)
    ).sort_name == "aardvark, cleo"
    assert (await as_member.get("/artists/", ArtistPage)).items[0].id == cleo.id
    assert (await as_member.get("/albums/", AlbumPage, sorting="artist")).items[0].title == "Zenith"
    assert (await as_member.get("/tracks/", TrackPage, sorting="artist")).items[0].id == aria
    async with services.store.begin() as work:
        (library,) = await work.libraries.all()
    told = tagged(TAGS, artist_sorts=("Zebra",), album_artist_sorts=("Zebra",))
    await bring_in(services.store, library, [sheet("Cleo/Aria.flac", "aria", told, lossless=True, mtime_ns=2)])
    assert (await as_member.get(path, ArtistRead)).sort_name == "aardvark, cleo"
    assert (await as_member.get("/tracks/", TrackPage, sorting="artist")).items[0].id == aria
    assert (await as_administrator.patch(path, {"sort_name": None}, ArtistRead)).sort_name == "cleo"
    await bring_in(services.store, library, [sheet("Cleo/Aria.flac", "aria", told, lossless=True, mtime_ns=3)])
    assert (await as_member.get(path, ArtistRead)).sort_name == "zebra"


async def test_an_artist_is_found_by_aliases(services: Services, as_administrator: Api, aria: UUID) -> None:
    (cleo,) = (await as_administrator.get(f"/tracks/{aria}", TrackRead)).artists
    path = f"/artists/{cleo.id}"
    changed = await as_administrator.patch(
        path, {"aliases": ["Κλειώ", "CLEO", "The Sphinx\0", "the sphinx"]}, ArtistRead
    )
    assert changed.aliases == ["Κλειώ", "the sphinx"]
    async with services.store.begin() as work:
        for query, count in (("sphinx", 1), ("κλειω", 1), ("cleo", 1), ("nefertiti", 0)):
            found = await work.search.find(query, artists=Window(10), albums=Window(0), tracks=Window(0))
            assert [artist.id for artist in found.artists] == [cleo.id] * count
    assert (await as_administrator.patch(path, {"aliases": []}, ArtistRead)).aliases == []
    async with services.store.begin() as work:
        found = await work.search.find("sphinx", artists=Window(10), albums=Window(0), tracks=Window(0))
    assert found.artists == []


async def test_what_cannot_be_an_artists_name_is_refused(as_administrator: Api) -> None:
    artist = (await as_administrator.get("/artists/", ArtistPage)).items[0]
    path = f"/artists/{artist.id}"
    for body, place in (
        ({"sort_name": "\n"}, "body.sort_name"),
        ({"sort_name": "x" * 201}, "body.sort_name"),
        ({"aliases": None}, "body.aliases"),
        ({"aliases": ["\0"]}, "body.aliases"),
        ({"name": "x"}, "body.name"),
    ):
        assert [fault for fault, _ in await as_administrator.refused(422, "PATCH", path, body)] == [place]
    for body in ({"sort_name": "x"}, {"aliases": ["x"]}, {}):
        await as_administrator.refused(404, "PATCH", f"/artists/{new_id()}", body)
    assert await as_administrator.get(path, ArtistRead) == artist
