"""Every number and repetition of the catalogue, counted again from the rows that they stand for, one by one."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from appliance.core.text import fold
from appliance.store.database import Database
from appliance.store.statement import Statement
from appliance.store.tables import (
    album_artists,
    albums,
    artists,
    artworks,
    files,
    genres,
    libraries,
    track_artists,
    track_credits,
    track_genres,
    tracks,
)

Rows = list[dict[str, Any]]


async def rows_of(database: Database, table: Table) -> Rows:
    async with database.begin() as connection:
        return [dict(row.items()) for row in await connection.fetch(Statement(select(table)))]


async def assert_counted(database: Database) -> None:
    """Hold what is stored against what ought to be."""
    rows = {
        table.name: await rows_of(database, table)
        for table in (
            album_artists, albums, artists, artworks, files, genres, libraries, track_artists, track_credits,
            track_genres, tracks,
        )
    }  # fmt: skip
    by_id = {name: {row["id"]: row for row in found} for name, found in rows.items() if found and "id" in found[0]}
    _tracks(rows, by_id)
    _albums(rows, by_id)
    _artists(rows, by_id)
    _genres(rows, by_id)
    _libraries(rows)


def _linked(rows: Rows, owner: str, other: str) -> defaultdict[UUID, list[UUID]]:
    """The ids that each owner is linked to, in order."""
    links: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["position"]):
        links[row[owner]].append(row[other])
    return links


def _best(present: Rows) -> UUID | None:
    def fitness(file: dict[str, Any]) -> tuple[int, int, int, int]:
        lossless = file["bit_depth"] is not None
        return (
            -file["bit_depth"] if lossless else 0,
            -file["sample_rate"] if lossless else 0,
            -file["bit_rate"],
            file["id"].int,
        )

    return min(present, key=fitness)["id"] if present else None


def _tracks(rows: dict[str, Rows], by_id: dict[str, dict[UUID, Any]]) -> None:
    credits_ = _linked(rows["track_artists"], "track_id", "artist_id")
    styles = _linked(rows["track_genres"], "track_id", "genre_id")
    present: defaultdict[UUID, Rows] = defaultdict(list)
    for file in rows["files"]:
        if file["missing_since"] is None:
            present[file["track_id"]].append(file)
    for track in rows["tracks"]:
        assert track["artist_ids"] == credits_[track["id"]]
        names = [by_id["artists"][id_]["key"] for id_ in credits_[track["id"]]]
        assert [fold(name) for name in track["artist_names"]] == names
        assert track["genres"] == [by_id["genres"][id_]["name"] for id_ in styles[track["id"]]]
        assert track["file_id"] == _best(present[track["id"]])
        homes = {by_id["libraries"][file["library_id"]]["number"] for file in present[track["id"]]}
        assert track["libraries"] == sorted(homes)
        assert track["artist_sort"] == by_id["artists"][track["artist_ids"][0]]["sort_name"]
        assert track["album_sort"] == by_id["albums"][track["album_id"]]["sort_title"]


def _albums(rows: dict[str, Rows], by_id: dict[str, dict[UUID, Any]]) -> None:
    credits_ = _linked(rows["album_artists"], "album_id", "artist_id")
    for album in rows["albums"]:
        playable = [row for row in rows["tracks"] if row["album_id"] == album["id"] and row["file_id"] is not None]
        times = Counter(genre for track in playable for genre in track["genres"])
        assert not album["stale"]
        assert album["artist_ids"] == credits_[album["id"]]
        names = [by_id["artists"][id_]["key"] for id_ in credits_[album["id"]]]
        assert [fold(name) for name in album["artist_names"]] == names
        assert album["artist_sort"] == by_id["artists"][album["artist_ids"][0]]["sort_name"]
        assert album["track_count"] == len(playable)
        assert album["duration_ms"] == sum(track["duration_ms"] for track in playable)
        assert album["libraries"] == sorted({number for track in playable for number in track["libraries"]})
        assert album["genres"] == sorted(times, key=lambda name: (-times[name], name.encode()))
        assert album["cover_id"] == _cover(playable, by_id)
        assert album["disc_titles"] == {
            str(track["disc_number"]): track["disc_title"]
            for track in sorted(playable, key=_standing)
            if track["disc_number"] is not None and track["disc_title"] is not None
        }


def _standing(track: dict[str, Any]) -> tuple[bool, int, bool, int, int]:
    """Its place on the album: by disc and number, those without one last."""
    disc, number = track["disc_number"], track["track_number"]
    return disc is None, disc or 0, number is None, number or 0, track["id"].int


def _cover(playable: Rows, by_id: dict[str, dict[UUID, Any]]) -> UUID | None:
    """A picture of the folder before an embedded one, then that of the first track."""
    covers = [
        (by_id["artworks"][track["cover_id"]]["source"] != "folder", _standing(track), track["cover_id"])
        for track in playable
        if track["cover_id"] is not None
    ]
    return min(covers)[2] if covers else None


def _artists(rows: dict[str, Rows], by_id: dict[str, dict[UUID, Any]]) -> None:
    for artist in rows["artists"]:
        heading = [
            by_id["albums"][row["album_id"]] for row in rows["album_artists"] if row["artist_id"] == artist["id"]
        ]
        shown = [album for album in heading if album["track_count"] > 0]
        performed = [
            by_id["tracks"][row["track_id"]] for row in rows["track_artists"] if row["artist_id"] == artist["id"]
        ]
        latest = sorted(shown, key=lambda album: (album["year"] is None, -(album["year"] or 0), album["id"].int))
        covers = [album["cover_id"] for album in latest if album["cover_id"] is not None]
        assert not artist["stale"]
        assert artist["album_count"] == len(shown)
        assert artist["track_count"] == sum(track["file_id"] is not None for track in performed)
        assert artist["cover_id"] == (covers[0] if covers else None)
        parts = [row for row in rows["track_credits"] if row["artist_id"] == artist["id"]]
        credited = {row["track_id"]: by_id["tracks"][row["track_id"]] for row in parts}
        here = {id_ for id_, track in credited.items() if track["file_id"] is not None}
        assert artist["credit_count"] == len(here)
        assert artist["roles"] == sorted({row["role"] for row in parts if row["track_id"] in here})
        homes = {number for row in [*heading, *performed, *credited.values()] for number in row["libraries"]}
        assert artist["libraries"] == sorted(homes)


def _genres(rows: dict[str, Rows], by_id: dict[str, dict[UUID, Any]]) -> None:
    for genre in rows["genres"]:
        linked = [by_id["tracks"][row["track_id"]] for row in rows["track_genres"] if row["genre_id"] == genre["id"]]
        playable = [track for track in linked if track["file_id"] is not None]
        assert genre["track_count"] == len(playable)
        assert genre["album_count"] == len({track["album_id"] for track in playable})


def _libraries(rows: dict[str, Rows]) -> None:
    for library in rows["libraries"]:
        held = [file for file in rows["files"] if file["library_id"] == library["id"]]
        present = [file for file in held if file["missing_since"] is None]
        assert library["file_count"] == len(present)
        assert library["missing_count"] == len(held) - len(present)
        assert library["track_count"] == len({file["track_id"] for file in present})
        assert library["size"] == sum(file["size"] for file in present)
