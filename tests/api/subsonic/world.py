"""What the house holds: two small libraries, made to be awkward."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from appliance.core.accounts import Account
from appliance.core.catalogue import (
    Album,
    Artist,
    ArtistRef,
    Artwork,
    Item,
    Library,
    MediaFile,
    Track,
)
from appliance.core.listening import LikeEvent, PlayEvent, RatingEvent
from appliance.core.scanning import Scan
from appliance.core.text import sort_key

WHEN = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)


class World(msgspec.Struct, kw_only=True):
    """Everything that the store would keep."""

    libraries: list[Library] = []
    artists: list[Artist] = []
    albums: list[Album] = []
    tracks: list[Track] = []
    artworks: list[Artwork] = []
    covers: dict[tuple[Item, UUID], UUID] = {}
    accounts: list[Account] = []
    likes: list[LikeEvent] = []
    ratings: list[RatingEvent] = []
    plays: list[PlayEvent] = []
    scans: list[Scan] = []
    marks_asked: int = 0

    def artist(self, name: str) -> Artist:
        return next(artist for artist in self.artists if artist.name == name)

    def album(self, title: str) -> Album:
        return next(album for album in self.albums if album.title == title)

    def track(self, title: str) -> Track:
        return next(track for track in self.tracks if track.title == title)


class _Numbers:
    """Identifiers that are the same on every run."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> UUID:
        self._last += 1
        return UUID(int=self._last)


def furnish() -> World:
    """Two libraries: albums of several discs, several artists, no cover, other scripts, hostile names."""
    new_id = _Numbers()
    world = World()
    for number, name in ((1, "Music"), (2, "Vinyl & Tape")):
        world.libraries.append(Library(id=new_id(), number=number, name=name, root=f"/srv/{number}".encode()))
    picture = Artwork(
        id=new_id(), identity=b"p" * 16, source="folder", root=b"/srv/1", path=b"c.jpg", media_type="image/jpeg", size=9
    )
    world.artworks.append(picture)

    def artist(name: str, cover: bool = True) -> ArtistRef:  # noqa: FBT001, FBT002
        entity = Artist(
            id=new_id(),
            name=name,
            sort_name=sort_key(name),
            album_count=0,
            track_count=0,
            cover_id=picture.id if cover else None,
            musicbrainz_id="b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d" if name.startswith("The") else None,
            created_at=WHEN,
        )
        world.artists.append(entity)
        return ArtistRef(entity.id, name)

    def album(
        title: str,
        artists: tuple[ArtistRef, ...],
        titles: Sequence[str],
        *,
        genres: tuple[str, ...] = ("Rock",),
        original: str | None = None,
        release: str | None = None,
        library: int = 1,
        discs: dict[int, str] | None = None,
        suffix: str = "flac",
        performers: tuple[ArtistRef, ...] | None = None,
        cover: UUID | None = picture.id,
    ) -> None:
        year = int((original or release or "0")[:4]) or None
        entity = Album(
            id=new_id(),
            title=title,
            sort_title=sort_key(title),
            artists=artists,
            artist_display=" & ".join(ref.name for ref in artists),
            track_count=len(titles),
            duration_ms=61_900 * len(titles),
            genres=genres,
            compilation=artists[0].name == "Various Artists",
            release_date=release,
            original_date=original,
            year=year,
            disc_titles=discs or {},
            cover_id=cover,
            musicbrainz_release_id=None,
            musicbrainz_release_group_id=None,
            created_at=WHEN + timedelta(days=len(world.albums)),
        )
        world.albums.append(entity)
        for number, track_title in enumerate(titles, 1):
            by = performers or artists
            file = MediaFile(
                id=new_id(),
                library_number=library,
                root=f"/srv/{library}".encode(),
                path=f"{number}.{suffix}".encode(),
                size=1234 + number,
                mtime_ns=1,
                suffix=suffix,
                codec="flac" if suffix == "flac" else "mp3",
                bit_rate=900 if suffix == "flac" else 192,
                sample_rate=44_100,
                channels=2,
                bit_depth=16 if suffix == "flac" else None,
            )
            track = Track(
                id=new_id(),
                title=track_title,
                sort_title=sort_key(track_title),
                album_id=entity.id,
                album_title=title,
                artists=by,
                artist_display=" feat. ".join(ref.name for ref in by),
                album_artists=artists,
                album_artist_display=entity.artist_display,
                disc_number=2 if discs and number == len(titles) else 1,
                track_number=number,
                duration_ms=61_900,
                genres=genres,
                moods=("calm",) if number == 1 else (),
                release_date=release,
                original_date=original,
                year=year,
                cover_id=cover,
                musicbrainz_recording_id=None,
                track_gain=-7.25 if number == 1 else None,
                track_peak=0.98 if number == 1 else None,
                album_gain=float("nan"),
                album_peak=None,
                bpm=120,
                isrc="USSM18300073" if number == 1 else None,
                comment=None,
                created_at=WHEN,
                file=file,
            )
            world.tracks.append(track)
            for item, item_id in ((Item.TRACK, track.id), (Item.ALBUM, entity.id), (Item.ARTIST, artists[0].id)):
                if cover:
                    world.covers[item, item_id] = cover

    needles = artist("The Needles")
    sigur = artist("Sigur Rós")
    hisaishi = artist("久石譲", cover=False)
    various = artist("Various Artists")
    hostile = artist('<Ampersand & "Sons">', cover=False)
    album("Groove", (needles,), ["Alpha", "Beta", "Gamma/Delta"], original="1969-09-26", release="2019")
    album("Run-out", (needles, sigur), ["Omega"], genres=("Jazz", "Soul"), release="2001-05", suffix="mp3")
    album("Heima", (sigur,), ["Hafsól", "Von"], original="2007", discs={1: "Heim", 2: "Hvarf"})
    album("となりのトトロ", (hisaishi,), ["さんぽ"], genres=(), library=2, cover=None)
    album("Sampler", (various,), ["One", "Two"], genres=("Pop",), original="1984", performers=(needles, hisaishi))
    album("a\x0bb ]]> <c>", (hostile,), ["d\x00e\ufffe & 'f' \"g\"\n"], genres=('R&B <"',), cover=None)
    world.artists = [
        msgspec.structs.replace(
            entity,
            album_count=sum(entity.id in {ref.id for ref in each.artists} for each in world.albums),
            track_count=sum(entity.id in {ref.id for ref in each.artists} for each in world.tracks),
        )
        for entity in world.artists
    ]
    return world
