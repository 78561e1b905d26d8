"""A folder of music as people have it: grown over years, from many sources, by several hands."""

import io
import os
import random
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import mutagen
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TALB, TCMP, TCON, TIT2, TPE1, TPE2, TPOS, TRCK
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.wave import WAVE
from PIL import Image

from tests.journeys.recordings import record

#: What the music of ``furnish`` comes to.
SONGS = 33
#: Files that no player could play, and what must be said of each.
BAD_FILES = {
    "Downloads/broken.mp3": "MPEG",
    "Downloads/empty.flac": "empty",
    "Downloads/page.mp3": "web page",
}
#: The names of one song twice, as a Mac and as everybody else writes it.
NFC = unicodedata.normalize("NFC", "Björk Guð – Á.mp3")
NFD = unicodedata.normalize("NFD", NFC)
LONG = "x" * 196 + ".mp3"
NOT_UTF8 = b"Caf\xe9 del Mar \xff.mp3"


def furnish(root: Path) -> None:
    """Lay it out."""
    _formats(root / "Formats")
    _names(root / "Names")
    _discs(root / "Ann Example" / "Twice (2001)")
    _compilation(root / "Various" / "Summer Hits")
    _covers(root / "Covers")
    _untidy(root)


def tag(path: Path, *, title: str, artist: str, album: str, track: int = 1, **more: str) -> Path:
    """Write tags the way each container has them; ``more``: in Vorbis comments and ID3, ``disc``, ``album_artist``."""
    match path.suffix:
        case ".mp3" | ".wav" | ".aiff":
            _id3(path, title=title, artist=artist, album=album, track=track, **more)
        case ".m4a":
            mp4: Any = MP4(path)
            mp4["\xa9nam"], mp4["\xa9ART"], mp4["\xa9alb"], mp4["trkn"] = title, artist, album, [(track, 0)]
            mp4.save()
        case ".wma":
            asf: Any = ASF(path)
            asf["Title"], asf["Author"], asf["WM/AlbumTitle"], asf["WM/TrackNumber"] = title, artist, album, str(track)
            asf.save()
        case ".wv":
            ape: Any = APEv2()
            ape["Title"], ape["Artist"], ape["Album"], ape["Track"] = title, artist, album, str(track)
            ape.save(path)
        case _:
            file: Any = mutagen.File(path)
            file["title"], file["artist"], file["album"], file["tracknumber"] = title, artist, album, str(track)
            for name, value in more.items():
                file[{"disc": "discnumber", "album_artist": "albumartist"}.get(name, name)] = value
            file.save()
    return path


def _id3(path: Path, *, title: str, artist: str, album: str, track: int, **more: str) -> None:
    kinds: dict[str, Any] = {".mp3": MP3, ".wav": WAVE, ".aiff": AIFF}
    file = kinds[path.suffix](path)
    if file.tags is None:
        file.add_tags()
    frames = [TIT2(text=title), TPE1(text=artist), TALB(text=album), TRCK(text=str(track))]
    kind: dict[str, Any] = {"disc": TPOS, "album_artist": TPE2, "genre": TCON, "compilation": TCMP}
    for frame in frames + [kind[name](text=value) for name, value in more.items()]:
        file.tags.add(frame)
    file.save()


def _formats(folder: Path) -> None:
    for number, suffix in enumerate(("mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "wma", "wv"), 1):
        path = record(folder / f"{number:02} {suffix}.{suffix}", seconds=2.5, pitch=300 + 10 * number)
        tag(path, title=f"In {suffix}", artist="The Formats", album="All of Them", track=number)
    path = record(folder / "10 alac.m4a", seconds=2.5, pitch=400, kind="alac")
    tag(path, title="In alac", artist="The Formats", album="All of Them", track=10)


def _names(folder: Path) -> None:
    seed = record(folder / "seed.mp3", seconds=0.5, pitch=500)
    names = [
        NFC,
        NFD,
        LONG,
        "-rf leading dash.mp3",
        "two\nlines.mp3",
        " spaces .mp3",
        "100% & <b>#?;.mp3",
        "日本語.MP3",
    ]
    for number, name in enumerate(names, 1):
        sound = record(folder / f"{number}.mp3", seconds=0.5, pitch=500 + 10 * number)
        tag(sound, title=f"Name {number}", artist="Odd & <Names>", album='Quotes " and \\', track=number)
        sound.rename(folder / name)
    sound = record(folder / "9.mp3", seconds=0.5, pitch=590)
    tag(sound, title="Name 9", artist="Odd & <Names>", album='Quotes " and \\', track=9)
    os.rename(os.fsencode(sound), os.fsencode(folder) + b"/" + NOT_UTF8)
    seed.unlink()


def _discs(folder: Path) -> None:
    for disc in (1, 2):
        for track in (1, 2):
            path = record(folder / f"CD{disc}" / f"{track:02}.flac", seconds=1, pitch=600 + 100 * disc + 10 * track)
            tag(path, title=f"Part {disc}.{track}", artist="Ann Example", album="Twice", track=track, disc=str(disc))
    Image.new("RGB", (600, 600), "teal").save(folder / "cover.jpg")


def _compilation(folder: Path) -> None:
    for track, artist in enumerate(("Bo", "Cy", "Di"), 1):
        path = record(folder / f"{track}.mp3", seconds=0.5, pitch=900 + 10 * track)
        tag(path, title=f"Hit {track}", artist=artist, album="Summer Hits", track=track, compilation="1", genre="Pop")


def _covers(folder: Path) -> None:
    """A cover from a scanner: 30 megapixels, several megabytes of it."""
    picture = Image.frombytes("RGB", (300, 300), random.Random(1).randbytes(270_000)).resize((5500, 5500))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=80)
    path = tag(record(folder / "huge.flac", seconds=1, pitch=1000), title="Huge", artist="Eve", album="Large Print")
    file = FLAC(path)
    front = Picture()
    front.type, front.mime, front.data = 3, "image/jpeg", content.getvalue()
    file.add_picture(front)
    file.save()
    path = tag(record(folder / "torn.mp3", seconds=1, pitch=1010), title="Torn", artist="Eve", album="Torn")
    tags = ID3(path)
    tags.add(APIC(type=3, mime="image/jpeg", data=content.getvalue()[:2000]))
    tags.save(path)
    small: Any = MP4(
        tag(record(folder / "small.m4a", seconds=1, pitch=1020), title="Small", artist="Eve", album="Small")
    )
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(content, "PNG")
    small["covr"] = [MP4Cover(content.getvalue(), MP4Cover.FORMAT_PNG)]
    small.save()


def _untidy(root: Path) -> None:
    downloads = root / "Downloads"
    record(downloads / "untitled.mp3", seconds=0.5, pitch=1100)
    record(downloads / "no tags either.wav", seconds=0.5, pitch=1110)
    # The same song twice, one of them renamed: two files, one track.
    once = tag(record(downloads / "song.mp3", pitch=1120, seconds=0.5), title="Song", artist="Fay", album="Copies")
    shutil.copy(once, downloads / "song (1).mp3")
    (downloads / "broken.mp3").write_bytes(random.Random(2).randbytes(30_000))
    (downloads / "empty.flac").touch()
    (downloads / "page.mp3").write_text("<!DOCTYPE html><html><body>404</body></html>", encoding="ascii")
    (downloads / "notes.txt").write_text("not music", encoding="ascii")
    # What is hidden stays hidden; a link to what is here already, or away from here, is no music of ours.
    shutil.copytree(root / "Various", root / ".Trash-1000" / "Various")
    (root / "Loop").symlink_to(root)
    (downloads / "Best of").symlink_to("../Various")
    outside = root.parent / "outside"
    outside.mkdir()
    tag(record(outside / "secret.mp3", seconds=0.5, pitch=1200), title="Secret", artist="Gus", album="Elsewhere")
    (root / "Elsewhere").symlink_to(outside)
    # A file of another disk, under a second name that the walk would otherwise not see.
    (root / ".archive").mkdir()
    kept = tag(
        record(root / ".archive" / "kept.mp3", seconds=0.5, pitch=1210), title="Kept", artist="Hal", album="Kept"
    )
    (root / "Kept.mp3").symlink_to(kept.relative_to(root))
