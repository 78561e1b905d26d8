"""Sheets as a worker process would have read them, and the way of one batch of them into the store."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Literal

import msgspec

from appliance.core.catalogue import Library
from appliance.core.library import Batch, Decision
from appliance.core.ports import Store, UnitOfWork
from appliance.core.sheet import AudioFacts, Fault, Picture, Sheet, Tags

TAGS = Tags(title="One", artists=("Ana",), album="First", album_artists=("Ana",), track_number=1)


def sound(name: str) -> bytes:
    """The identity of some audio, or of some picture."""
    return blake2b(name.encode(), digest_size=16).digest()


def sheet(
    path: str,
    audio: str,
    tags: Tags = TAGS,
    *,
    picture: Picture | None = None,
    mtime_ns: int = 1,
    lossless: bool = False,
) -> Sheet:
    """One file that sounds as ``audio``."""
    return Sheet(
        path=path.encode(),
        size=1000 + len(audio),
        mtime_ns=mtime_ns,
        audio=AudioFacts(
            identity=sound(audio),
            suffix="flac" if lossless else "mp3",
            codec="flac" if lossless else "mp3",
            duration_ms=1000 * len(audio),
            bit_rate=900 if lossless else 192,
            sample_rate=44100,
            channels=2,
            bit_depth=16 if lossless else None,
        ),
        tags=tags,
        picture=picture,
    )


def tagged(base: Tags = TAGS, /, **changes: object) -> Tags:
    return msgspec.structs.replace(base, **changes)


def retagged(sheet: Sheet, **changes: object) -> Sheet:
    """The same file after its tags were edited."""
    return msgspec.structs.replace(sheet, tags=tagged(sheet.tags, **changes), mtime_ns=sheet.mtime_ns + 1)


def moved(sheet: Sheet, path: str) -> Sheet:
    return msgspec.structs.replace(sheet, path=path.encode())


def picture(name: str, path: str, source: Literal["embedded", "folder"] = "folder") -> Picture:
    return Picture(identity=sound(name), source=source, path=path.encode(), media_type="image/png", size=len(name))


def album_of(count: int, album: str = "First", artist: str = "Ana") -> list[Sheet]:
    """An album in a folder of its name, its tracks numbered from 1."""
    tags = tagged(album=album, artists=(artist,), album_artists=(artist,))
    return [
        sheet(
            f"{album}/{number}.mp3", f"{artist} {album} {number}", tagged(tags, title=f"{number}", track_number=number)
        )
        for number in range(1, count + 1)
    ]


async def bring_in(
    store: Store,
    library: Library,
    sheets: Sequence[Sheet],
    *,
    faults: Sequence[Fault] = (),
    unsettled: Iterable[str] = (),
) -> list[Decision]:
    """One batch in one transaction, counted. ``unsettled``: paths that vanished or changed."""
    async with store.begin() as work:
        decisions = await bring(work, library, sheets, faults, [path.encode() for path in unsettled])
        await work.catalogue.tidy()
    return decisions


async def bring(
    work: UnitOfWork,
    library: Library,
    sheets: Sequence[Sheet],
    faults: Sequence[Fault] = (),
    unsettled: Iterable[bytes] = (),
) -> list[Decision]:
    """One batch: recognised, decided, merged."""
    paths = [sheet.path for sheet in sheets]
    known = await work.catalogue.recognise(library, paths, [sheet.audio.identity for sheet in sheets])
    decisions = Batch(library.id, set(unsettled)).decide_rest(sheets, known)
    await work.catalogue.merge(library, decisions, faults)
    return decisions
