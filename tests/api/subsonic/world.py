"""What the house holds: two small libraries, made to be awkward, brought in as a scan would."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from appliance.core.accounts import Accounts, Role, User
from appliance.core.catalogue import Album, AlbumFilter, AlbumOrder, Artist, Artwork, Library, Track, Window
from appliance.core.ports import Store, UnitOfWork
from appliance.core.sheet import AudioFacts, Credit, Picture, Sheet, Tags
from tests.store.sheets import bring_in, sound

#: When the first album came; each of the others came a day after the one before.
WHEN = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
#: Sets the clock back to then, which the database itself has only as now.
CAME = f"""
    UPDATE artists SET created_at = '{WHEN}';
    UPDATE tracks SET created_at = '{WHEN}';
    UPDATE albums SET created_at = TIMESTAMPTZ '{WHEN}' + days.number * INTERVAL '1 day'
    FROM (SELECT id, row_number() OVER (ORDER BY created_at) - 1 AS number FROM albums) AS days
    WHERE days.id = albums.id
"""  # noqa: S608 - a constant of ours
LAST = WHEN + timedelta(days=5)
PASSWORD = "sesame & coriander"
_EVERYTHING = Window(1000)


class World(msgspec.Struct, kw_only=True):
    """What the store says that it holds."""

    libraries: list[Library]
    artists: list[Artist]
    """By sort name."""
    albums: list[Album]
    """The latest arrival first."""
    tracks: list[Track]
    """By sort title."""
    picture: Artwork
    """The only one."""
    users: list[User]

    def artist(self, name: str) -> Artist:
        return next(artist for artist in self.artists if artist.name == name)

    def album(self, title: str) -> Album:
        return next(album for album in self.albums if album.title == title)

    def track(self, title: str) -> Track:
        return next(track for track in self.tracks if track.title == title)


async def furnish(store: Store, accounts: Accounts) -> None:
    """Two libraries: albums of several discs, several artists, no cover, other scripts, hostile names.

    Ada is the administrator, Bob a member, Guy a guest; all have one password.
    """
    async with store.begin() as work:
        music, vinyl = await work.libraries.settle([b"/srv/Music", b"/srv/Vinyl & Tape"])
        for name, role in (("ada", Role.ADMIN), ("Bob", Role.MEMBER), ("guy", Role.GUEST)):
            await accounts.create(work, name, PASSWORD, role)
    for library, sheets in (
        (music, _album("Groove", ["The Needles"], ["Alpha", "Beta", "Gamma/Delta"], "1969-09-26", "2019")),
        (
            music,
            _album(
                "Run-out", ["The Needles", "Sigur Rós"], ["Omega"], None, "2001-05", genres=("Jazz", "Soul"), lossy=True
            ),
        ),
        (music, _album("Heima", ["Sigur Rós"], ["Hafsól", "Von"], "2007", discs=("Heim", "Hvarf"))),
        (vinyl, _album("となりのトトロ", ["久石譲"], ["さんぽ"], genres=(), cover=False)),
        (
            music,
            _album(
                "Sampler",
                ["Various Artists"],
                ["One", "Two"],
                "1984",
                genres=("Pop",),
                performers=("The Needles", "久石譲"),
            ),
        ),
        (
            music,
            # A tag reader would have cleaned these. What is written by hand, or was by an older release, may not be.
            _album(
                "a\x0bb ]]> <c>",
                ['<Ampersand & "Sons">'],
                ["d\x01e\ufffe & 'f' \"g\"\n"],
                genres=('R&B <"',),
                cover=False,
            ),
        ),
    ):
        await bring_in(store, library, sheets)


async def look_around(work: UnitOfWork) -> World:
    """The house as it is now."""
    users = await work.users.all()
    albums = await work.albums.list(AlbumOrder.NEWEST, AlbumFilter(), _EVERYTHING, users[0].id)
    (cover,) = {album.cover_id for album in albums if album.cover_id}
    return World(
        libraries=await work.libraries.all(),
        artists=(await work.artists.page(_EVERYTHING))[0],
        albums=albums,
        tracks=(await work.search.find("", artists=Window(0), albums=Window(0), tracks=_EVERYTHING)).tracks,
        picture=await work.artworks.get(cover),
        users=users,
    )


def _album(
    title: str,
    artists: Sequence[str],
    titles: Sequence[str],
    original: str | None = None,
    release: str | None = None,
    *,
    genres: tuple[str, ...] = ("Rock",),
    discs: tuple[str, str] | None = None,
    lossy: bool = False,
    performers: Sequence[str] | None = None,
    cover: bool = True,
) -> list[Sheet]:
    """Its files. ``discs``: two, of which the second holds the last track."""
    by = tuple(performers or artists)
    tags = Tags(
        artists=by,
        artist_display=" feat. ".join(by),
        album=title,
        album_artists=tuple(artists),
        album_artist_display=" & ".join(artists),
        genres=genres,
        original_date=original,
        release_date=release,
        compilation=artists[0] == "Various Artists",
        bpm=120,
        musicbrainz_album_artist_ids=("b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d",) if artists == ["The Needles"] else (),
    )
    return [
        _sheet(
            msgspec.structs.replace(
                tags,
                title=each,
                track_number=number,
                disc_number=2 if discs and number == len(titles) else 1,
                disc_title=discs[number == len(titles)] if discs else None,
                moods=("calm",) if number == 1 else (),
                track_gain=-7.25 if number == 1 else None,
                track_peak=0.98 if number == 1 else None,
                album_gain=float("inf") if number == 1 else float("nan"),
                isrc="USSM18300073" if number == 1 else None,
                credits=(Credit("composer", by[0]), Credit("performer", by[0], "lute")) if number == 1 else (),
            ),
            number,
            lossy=lossy,
            cover=cover,
        )
        for number, each in enumerate(titles, 1)
    ]


def _sheet(tags: Tags, number: int, *, lossy: bool, cover: bool) -> Sheet:
    suffix = "mp3" if lossy else "flac"
    path = f"{tags.album}/{number}.{suffix}".encode()
    return Sheet(
        path=path,
        size=1234 + number,
        mtime_ns=1,
        audio=AudioFacts(
            identity=sound(path.decode()),
            suffix=suffix,
            codec=suffix,
            duration_ms=61_900,
            bit_rate=192 if lossy else 900,
            sample_rate=44_100,
            channels=2,
            bit_depth=None if lossy else 16,
        ),
        tags=tags,
        picture=Picture(identity=sound("cover"), source="folder", path=b"c.jpg", media_type="image/jpeg", size=9)
        if cover
        else None,
    )
