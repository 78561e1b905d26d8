"""The tags of each container, spelled as MusicBrainz Picard spells them (its manual's appendix B)."""

import base64
import math
from pathlib import Path

import msgspec
from mutagen.flac import FLAC, Picture
from mutagen.id3 import (
    APIC,
    ID3,
    TALB,
    TBPM,
    TCMP,
    TCOM,
    TCON,
    TDOR,
    TDRC,
    TIT2,
    TMOO,
    TPE1,
    TPE2,
    TPOS,
    TPUB,
    TRCK,
    TSO2,
    TSOA,
    TSOP,
    TSOT,
    TSST,
    TXXX,
    USLT,
)
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus

from appliance.demo.render import CEILING, Recording
from appliance.demo.scores import Album, Track

# ReplayGain 2.0 aims at -18 LUFS, RFC 7845's R128 gains at -23.
_REPLAYGAIN_LUFS = -18.0
_OPUS_LUFS = -23.0
_COVER_TYPE = "image/jpeg"
_FRONT = 3


class Levels(msgspec.Struct, frozen=True):
    """What the gains follow from. Loudness in LUFS, peaks as parts of full scale."""

    track_loudness: float
    track_peak: float
    album_loudness: float
    album_peak: float

    def lines(self) -> dict[str, str]:
        """ReplayGain's four tags."""
        return {
            "REPLAYGAIN_TRACK_GAIN": f"{_REPLAYGAIN_LUFS - self.track_loudness:+.2f} dB",
            "REPLAYGAIN_TRACK_PEAK": f"{self.track_peak:.6f}",
            "REPLAYGAIN_ALBUM_GAIN": f"{_REPLAYGAIN_LUFS - self.album_loudness:+.2f} dB",
            "REPLAYGAIN_ALBUM_PEAK": f"{self.album_peak:.6f}",
        }


def levels(album: Album, recording: Recording) -> Levels:
    """What a track's tags say of it and of its album.

    The album's loudness is the mean power that its pieces are mastered to, and its peak the ceiling that they keep,
    so that one track can be labelled while the others are not played yet.
    """
    powers = [10.0 ** (track.piece.loudness / 10.0) for track in album.tracks()]
    mean = 10.0 * math.log10(sum(powers) / len(powers))
    return Levels(recording.loudness, recording.peak, mean, CEILING)


def label(path: Path, track: Track, levels: Levels, cover: bytes | None) -> None:
    """Tag the file at ``path``, which is in the format of the track's album. ``cover``: a JPEG to embed, or none."""
    match track.album.suffix:
        case "flac":
            flac = FLAC(path)
            flac.update(_comments(track) | {key: [value] for key, value in levels.lines().items()})
            if cover is not None:
                flac.add_picture(_picture(cover))
            flac.save()
        case "opus":
            opus = OggOpus(path)
            opus.update(_comments(track) | _opus_gains(levels))
            if cover is not None:
                opus["METADATA_BLOCK_PICTURE"] = [base64.b64encode(_picture(cover).write()).decode("ascii")]
            opus.save()
        case "mp3":
            _id3(track, levels, cover).save(path, v2_version=4)
        case "m4a":
            mp4 = MP4(path)
            mp4.update(_atoms(track, levels, cover))
            mp4.save()


def _comments(track: Track) -> dict[str, list[str]]:
    """Vorbis comments, of FLAC and Opus alike."""
    album, piece = track.album, track.piece
    comments: dict[str, list[str | None]] = {
        "TITLE": [piece.title],
        "TITLESORT": [piece.title_sort],
        "ARTIST": [piece.credit],
        "ARTISTS": [artist.name for artist in piece.artists],
        "ARTISTSORT": [artist.sort_name for artist in piece.artists],
        "ALBUM": [album.title],
        "ALBUMSORT": [album.title_sort],
        "ALBUMARTIST": [album.artist.name],
        "ALBUMARTISTSORT": [album.artist.sort_name],
        "TRACKNUMBER": [str(track.number)],
        "TRACKTOTAL": [str(len(track.disc.pieces))],
        "DISCNUMBER": [str(track.disc_number)],
        "DISCTOTAL": [str(len(album.discs))],
        "DISCSUBTITLE": [track.disc.title],
        "GENRE": [*album.genres],
        "DATE": [album.release_date],
        "ORIGINALDATE": [album.original_date],
        "COMPILATION": ["1" if album.compilation else None],
        "COMPOSER": [piece.composer],
        "LABEL": [album.label],
        "BPM": [str(piece.bpm)],
        "MOOD": [piece.mood],
        "LYRICS": [piece.lyrics],
    }
    return {key: kept for key, values in comments.items() if (kept := [value for value in values if value])}


def _opus_gains(levels: Levels) -> dict[str, list[str]]:
    """RFC 7845, section 5.2.1: Q7.8 fixed point in decibels."""
    return {
        "R128_TRACK_GAIN": [str(round((_OPUS_LUFS - levels.track_loudness) * 256))],
        "R128_ALBUM_GAIN": [str(round((_OPUS_LUFS - levels.album_loudness) * 256))],
    }


def _id3(track: Track, levels: Levels, cover: bytes | None) -> ID3:
    album, piece = track.album, track.piece
    tags = ID3()
    for frame, text in (
        (TIT2, piece.title),
        (TSOT, piece.title_sort),
        (TPE1, piece.credit),
        (TSOP, [artist.sort_name for artist in piece.artists]),
        (TALB, album.title),
        (TSOA, album.title_sort),
        (TPE2, album.artist.name),
        (TSO2, album.artist.sort_name),
        (TRCK, f"{track.number}/{len(track.disc.pieces)}"),
        (TPOS, f"{track.disc_number}/{len(album.discs)}"),
        (TSST, track.disc.title),
        (TCON, list(album.genres)),
        (TDRC, album.release_date),
        (TDOR, album.original_date),
        (TCMP, "1" if album.compilation else None),
        (TCOM, piece.composer),
        (TPUB, album.label),
        (TBPM, str(piece.bpm)),
        (TMOO, piece.mood),
    ):
        if text:
            tags.add(frame(encoding=3, text=text))
    tags.add(TXXX(encoding=3, desc="ARTISTS", text=[artist.name for artist in piece.artists]))
    for name, value in levels.lines().items():
        tags.add(TXXX(encoding=3, desc=name, text=value))
    if piece.lyrics:
        tags.add(USLT(encoding=3, lang="eng", desc="", text=piece.lyrics))
    if cover is not None:
        tags.add(APIC(encoding=3, mime=_COVER_TYPE, type=_FRONT, desc="", data=cover))
    return tags


def _atoms(track: Track, levels: Levels, cover: bytes | None) -> dict[str, object]:
    album, piece = track.album, track.piece
    atoms: dict[str, object] = {
        "\xa9nam": piece.title,
        "sonm": piece.title_sort,
        "\xa9ART": piece.credit,
        "soar": [artist.sort_name for artist in piece.artists],
        "\xa9alb": album.title,
        "soal": album.title_sort,
        "aART": album.artist.name,
        "soaa": album.artist.sort_name,
        "trkn": [(track.number, len(track.disc.pieces))],
        "disk": [(track.disc_number, len(album.discs))],
        "\xa9gen": list(album.genres),
        "\xa9day": album.release_date,
        "cpil": album.compilation,
        "\xa9wrt": piece.composer,
        "tmpo": [piece.bpm],
        "\xa9lyr": piece.lyrics,
        "covr": [MP4Cover(cover, MP4Cover.FORMAT_JPEG)] if cover is not None else None,
    }
    free: dict[str, list[str | None]] = {
        "ARTISTS": [artist.name for artist in piece.artists],
        "ORIGINALDATE": [album.original_date],
        "DISCSUBTITLE": [track.disc.title],
        "LABEL": [album.label],
        "MOOD": [piece.mood],
        **{key.lower(): [value] for key, value in levels.lines().items()},
    }
    for name, values in free.items():
        atoms[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(value.encode()) for value in values if value]
    return {key: value for key, value in atoms.items() if value}


def _picture(cover: bytes) -> Picture:
    picture = Picture()
    picture.type = _FRONT
    picture.mime = _COVER_TYPE
    picture.width = picture.height = 600
    picture.depth = 24
    picture.data = cover
    return picture
