"""Genres that are renamed, and folded into one another."""

from uuid import UUID

import pytest

from appliance.core.catalogue import Library, TrackFilter, Window
from appliance.core.errors import Conflict, NotFound, NotUsable
from appliance.core.genres import GenreState, update_genre
from appliance.core.ids import new_id
from appliance.store.database import Database
from appliance.store.unit_of_work import PostgresStore
from tests.store.recount import assert_counted
from tests.store.sheets import bring_in, retagged, sheet, tagged

ALL = Window(100)
MUSIC = {
    "a.mp3": ("Hip-Hop", "Soul"),
    "b.mp3": ("Hip Hop", "Hip-Hop", "Rap"),
    "c.mp3": ("Rap", "Jazz"),
    "d.mp3": ("Jazz",),
}
SHEETS = [sheet(path, path, tagged(title=path, genres=genres)) for path, genres in MUSIC.items()]


@pytest.fixture
async def genres(store: PostgresStore, library: Library) -> dict[str, UUID]:
    """The ids of the genres by name."""
    await bring_in(store, library, SHEETS)
    return {name: state.genre.id for name, state in (await listed(store)).items()}


async def listed(store: PostgresStore) -> dict[str, GenreState]:
    async with store.begin() as work:
        states, total = await work.genres.page(ALL)
        assert [state.genre for state in states] == await work.genres.all()
    assert total == len(states)
    return {state.genre.name: state for state in states}


async def shown(store: PostgresStore) -> dict[str, tuple[str, ...]]:
    """The genres of each track, by path."""
    async with store.begin() as work:
        tracks, _ = await work.tracks.page(TrackFilter(), ALL)
    return {track.file.path.decode(): track.genres for track in tracks}


async def update(
    store: PostgresStore, genre_id: UUID, name: str | None = None, aliases: list[str] | None = None
) -> None:
    async with store.begin() as work:
        await update_genre(work, genre_id, name=name, aliases=aliases)


async def test_aliases_are_folded_into_the_genre_on_every_track(
    store: PostgresStore, database: Database, genres: dict[str, UUID]
) -> None:
    await update(store, genres["Hip-Hop"], aliases=["hip hop", "RAP", "Trip Rap"])
    assert await shown(store) == {
        "a.mp3": ("Hip-Hop", "Soul"),
        "b.mp3": ("Hip-Hop",),
        "c.mp3": ("Hip-Hop", "Jazz"),
        "d.mp3": ("Jazz",),
    }
    states = await listed(store)
    assert set(states) == {"Hip-Hop", "Soul", "Jazz"}
    assert states["Hip-Hop"].aliases == ("hip hop", "RAP", "Trip Rap")
    assert states["Hip-Hop"].genre.track_count == 3
    await assert_counted(database)


async def test_scans_to_come_know_the_aliases(
    store: PostgresStore, database: Database, library: Library, genres: dict[str, UUID]
) -> None:
    await update(store, genres["Hip-Hop"], aliases=["Hip Hop", "Rap"])
    before = await shown(store)
    await bring_in(store, library, SHEETS)
    assert await shown(store) == before
    await bring_in(store, library, [retagged(SHEETS[3], genres=("rap", "HIP HOP", "Hip-Hop"))])
    assert (await shown(store))["d.mp3"] == ("Hip-Hop",)
    assert set(await listed(store)) == {"Hip-Hop", "Soul", "Jazz"}
    await assert_counted(database)


async def test_a_genre_is_found_by_its_aliases(store: PostgresStore, genres: dict[str, UUID]) -> None:
    await update(store, genres["Hip-Hop"], aliases=["Rap", "Hip Hop"])
    async with store.begin() as work:
        for name in ("rap", "HIP-HOP"):
            _, total = await work.tracks.page(TrackFilter(genres=(name,)), ALL)
            assert total == 3


async def test_a_new_name_is_on_every_track_and_the_old_one_is_an_alias(
    store: PostgresStore, database: Database, library: Library, genres: dict[str, UUID]
) -> None:
    await update(store, genres["Jazz"], "Improvised  music\0")
    state = (await listed(store))["Improvised  music"]
    assert (state.genre.id, state.aliases) == (genres["Jazz"], ("Jazz",))
    await bring_in(store, library, SHEETS)
    assert (await shown(store))["c.mp3"] == ("Rap", "Improvised  music")
    await assert_counted(database)
    await update(store, genres["Jazz"], "jazz")
    state = (await listed(store))["jazz"]
    assert state.aliases == ("Improvised  music",)


async def test_another_spelling_of_the_name_is_no_alias(store: PostgresStore, genres: dict[str, UUID]) -> None:
    await update(store, genres["Jazz"], "JAZZ", ["jazz"])
    assert (await listed(store))["JAZZ"].aliases == ()
    assert (await shown(store))["d.mp3"] == ("JAZZ",)


async def test_what_is_folded_brings_its_own_aliases(store: PostgresStore, genres: dict[str, UUID]) -> None:
    await update(store, genres["Rap"], aliases=["Trip Rap", "Gangsta"])
    await update(store, genres["Hip-Hop"], aliases=["Rap", "trip rap"])
    assert (await listed(store))["Hip-Hop"].aliases == ("Gangsta", "Rap", "trip rap")


async def test_an_alias_that_is_taken_away_is_a_genre_again_once_it_is_read(
    store: PostgresStore, library: Library, genres: dict[str, UUID]
) -> None:
    await update(store, genres["Hip-Hop"], aliases=["Rap"])
    await update(store, genres["Hip-Hop"], aliases=[])
    assert (await shown(store))["c.mp3"] == ("Hip-Hop", "Jazz")
    await bring_in(store, library, SHEETS)
    assert (await shown(store))["c.mp3"] == ("Rap", "Jazz")


async def test_a_name_stands_for_one_genre_only(store: PostgresStore, genres: dict[str, UUID]) -> None:
    with pytest.raises(Conflict, match="make it an alias"):
        await update(store, genres["Rap"], "JAZZ")
    await update(store, genres["Hip-Hop"], aliases=["Trip Rap"])
    for name, aliases in (("trip rap", None), (None, ["TRIP RAP"])):
        with pytest.raises(Conflict, match="Hip-Hop"):
            await update(store, genres["Jazz"], name, aliases)


async def test_a_name_can_be_read(store: PostgresStore, genres: dict[str, UUID]) -> None:
    with pytest.raises(NotUsable) as refused:
        await update(store, genres["Rap"], "\0 \u0301")
    assert [fault.field for fault in refused.value.faults] == ["name"]
    with pytest.raises(NotUsable) as refused:
        await update(store, genres["Rap"], aliases=["x", " "])
    assert [fault.field for fault in refused.value.faults] == ["aliases"]
    with pytest.raises(NotFound):
        await update(store, new_id(), "Rap")
