"""A song's tags, as each container has them: what MusicBrainz Picard would write."""

import io
from typing import Any, Final

from mutagen.flac import FLAC
from mutagen.id3 import ID3, TALB, TCMP, TCON, TDRC, TIT2, TPE1, TPE2, TRCK, TXXX, UFID
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggopus import OggOpus

from bench.songs import TRACKS_ON_AN_ALBUM, Song

_UTF8: Final = 3
"""ID3v2.4's number of the encoding."""


def tagged(sound: bytes, song: Song) -> bytes:
    """The file: ``sound`` in the container of ``song``'s suffix, with its tags."""
    file = io.BytesIO(sound)
    match song.album.suffix:
        case "mp3":
            _id3(song).save(file, padding=_no_padding)
        case "m4a":
            _atoms(file, song)
        case "flac":
            _comment(FLAC(file), file, song)
        case _:
            _comment(OggOpus(file), file, song)
    return file.getvalue()


def _no_padding(_info: object) -> int:
    return 0


def _texts(song: Song) -> dict[str, list[str]]:
    """By the names of Vorbis comments."""
    album = song.album
    texts = {
        "title": [song.title],
        "artist": [" feat. ".join(artist.name for artist in song.artists)],
        "artists": [artist.name for artist in song.artists],
        "album": [album.title],
        "albumartist": [album.artist.name],
        "date": [str(album.year)],
        "genre": [album.genre],
        "tracknumber": [str(song.number)],
        "tracktotal": [str(TRACKS_ON_AN_ALBUM)],
        "discnumber": ["1"],
    }
    if album.compilation:
        texts["compilation"] = ["1"]
    return texts | _musicbrainz(song)


def _musicbrainz(song: Song) -> dict[str, list[str]]:
    if song.recording_id is None:
        return {}
    return {
        "musicbrainz_trackid": [str(song.recording_id)],
        "musicbrainz_albumid": [str(song.album.musicbrainz_id)],
        "musicbrainz_releasegroupid": [str(song.album.release_group_id)],
        "musicbrainz_artistid": [str(artist.musicbrainz_id) for artist in song.artists],
        "musicbrainz_albumartistid": [str(song.album.artist.musicbrainz_id)],
    }


def _comment(media: Any, file: io.BytesIO, song: Song) -> None:
    media.update(_texts(song))
    file.seek(0)
    media.save(file, padding=_no_padding)


_ID3_NAMES: Final = {
    "musicbrainz_albumid": "MusicBrainz Album Id",
    "musicbrainz_releasegroupid": "MusicBrainz Release Group Id",
    "musicbrainz_artistid": "MusicBrainz Artist Id",
    "musicbrainz_albumartistid": "MusicBrainz Album Artist Id",
}


def _id3(song: Song) -> Any:
    texts = _texts(song)
    tags: Any = ID3()
    tags.add(TIT2(_UTF8, texts["title"]))
    tags.add(TPE1(_UTF8, texts["artist"]))
    tags.add(TPE2(_UTF8, texts["albumartist"]))
    tags.add(TALB(_UTF8, texts["album"]))
    tags.add(TDRC(_UTF8, texts["date"]))
    tags.add(TCON(_UTF8, texts["genre"]))
    tags.add(TRCK(_UTF8, [f"{song.number}/{TRACKS_ON_AN_ALBUM}"]))
    tags.add(TXXX(_UTF8, "ARTISTS", texts["artists"]))
    if song.album.compilation:
        tags.add(TCMP(_UTF8, ["1"]))
    if song.recording_id is not None:
        tags.add(UFID("http://musicbrainz.org", str(song.recording_id).encode()))
        for name, described in _ID3_NAMES.items():
            tags.add(TXXX(_UTF8, described, texts[name]))
    return tags


def _atoms(file: io.BytesIO, song: Song) -> None:
    texts = _texts(song)
    media: Any = MP4(file)
    media.update(
        {
            "\xa9nam": texts["title"],
            "\xa9ART": texts["artist"],
            "aART": texts["albumartist"],
            "\xa9alb": texts["album"],
            "\xa9day": texts["date"],
            "\xa9gen": texts["genre"],
            "trkn": [(song.number, TRACKS_ON_AN_ALBUM)],
            "disk": [(1, 1)],
            "cpil": song.album.compilation,
            "----:com.apple.iTunes:ARTISTS": _free(texts["artists"]),
        }
    )
    if song.recording_id is not None:
        media["----:com.apple.iTunes:MusicBrainz Track Id"] = _free(texts["musicbrainz_trackid"])
        for name, described in _ID3_NAMES.items():
            media[f"----:com.apple.iTunes:{described}"] = _free(texts[name])
    file.seek(0)
    media.save(file, padding=_no_padding)


def _free(values: list[str]) -> list[MP4FreeForm]:
    return [MP4FreeForm(value.encode()) for value in values]
