"""What each tag says, in each container, and what is made of junk."""

from typing import TYPE_CHECKING, Any

import msgspec
import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import (
    COMM,
    ID3,
    RVA2,
    SYLT,
    TALB,
    TCMP,
    TCON,
    TDAT,
    TDOR,
    TDRC,
    TIT2,
    TORY,
    TPE1,
    TPE2,
    TPOS,
    TRCK,
    TSOP,
    TSST,
    TXXX,
    TYER,
    UFID,
    USLT,
)
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggopus import OggOpus

from appliance.core.sheet import Tags
from appliance.ingest.families import Family
from appliance.ingest.reading import read_batch
from appliance.ingest.tags import as_date, tags_of

if TYPE_CHECKING:
    from tests.ingest.conftest import Recorder

_A = "0383dadf-2a4e-4d10-a46a-e9e041da8eb3"
_B = "5b11f4ce-a62d-471e-81fc-a69a8278c7da"

#: The fields of a fully tagged track, as Picard names them in Vorbis comments and APEv2.
_PICARD = {
    "TITLE": ["The Song"],
    "ARTIST": ["Ana feat. Bo"],
    "ARTISTS": ["Ana", "Bo"],
    "ALBUM": ["The Album"],
    "ALBUMARTIST": ["Ana"],
    "DISCNUMBER": ["2"],
    "DISCTOTAL": ["3"],
    "DISCSUBTITLE": ["Night"],
    "TRACKNUMBER": ["04"],
    "TRACKTOTAL": ["12"],
    "GENRE": ["Jazz", "Soul"],
    "MOOD": ["Calm"],
    "DATE": ["2010-05-06"],
    "ORIGINALDATE": ["1999-12"],
    "COMPILATION": ["1"],
    "TITLESORT": ["Song, The"],
    "ALBUMSORT": ["Album, The"],
    "ARTISTSORT": ["Ana, A.", "Bo, B."],
    "ALBUMARTISTSORT": ["Ana, A."],
    "MUSICBRAINZ_TRACKID": [_A],
    "MUSICBRAINZ_RELEASETRACKID": [_B],
    "MUSICBRAINZ_ALBUMID": [_A],
    "MUSICBRAINZ_RELEASEGROUPID": [_B],
    "MUSICBRAINZ_ARTISTID": [_A, _B],
    "MUSICBRAINZ_ALBUMARTISTID": [_A],
    "REPLAYGAIN_TRACK_GAIN": ["-6.54 dB"],
    "REPLAYGAIN_TRACK_PEAK": ["0.988"],
    "REPLAYGAIN_ALBUM_GAIN": ["-7 dB"],
    "REPLAYGAIN_ALBUM_PEAK": ["1.0"],
    "BPM": ["120"],
    "ISRC": ["USRC17607839"],
    "LABEL": ["Home"],
    "COMMENT": ["Nice"],
    "LYRICS": ["One\nTwo"],
}
_TAGS = Tags(
    title="The Song",
    artists=("Ana", "Bo"),
    artist_display="Ana feat. Bo",
    album="The Album",
    album_artists=("Ana",),
    album_artist_display="Ana",
    disc_number=2,
    disc_total=3,
    disc_title="Night",
    track_number=4,
    track_total=12,
    genres=("Jazz", "Soul"),
    moods=("Calm",),
    release_date="2010-05-06",
    original_date="1999-12",
    compilation=True,
    title_sort="Song, The",
    album_sort="Album, The",
    artist_sorts=("Ana, A.", "Bo, B."),
    album_artist_sorts=("Ana, A.",),
    musicbrainz_recording_id=_A,
    musicbrainz_track_id=_B,
    musicbrainz_release_id=_A,
    musicbrainz_release_group_id=_B,
    musicbrainz_artist_ids=(_A, _B),
    musicbrainz_album_artist_ids=(_A,),
    track_gain=-6.54,
    track_peak=0.988,
    album_gain=-7.0,
    album_peak=1.0,
    bpm=120,
    isrc="USRC17607839",
    label="Home",
    comment="Nice",
    lyrics="One\nTwo",
)


@pytest.mark.parametrize("name", ["sound.flac", "sound.ogg", "sound.opus", "sound.oga"])
def test_vorbis_comments(recorder: "Recorder", name: str) -> None:
    path = recorder.put(name)
    media: Any = mutagen.File(path)
    media.update(_PICARD)
    media.save()
    assert recorder.sheet(path).tags == _TAGS


@pytest.mark.parametrize("name", ["sound.wv", "sound.ape"])
def test_apev2(recorder: "Recorder", name: str) -> None:
    path = recorder.put(name)
    tags: Any = APEv2()
    others = {"ALBUMARTIST": "Album Artist", "DISCNUMBER": "Disc", "TRACKNUMBER": "Track", "DATE": "Year"}
    for field, values in _PICARD.items():
        tags[others.get(field, field)] = values
    tags.save(path)
    assert recorder.sheet(path).tags == _TAGS


_ID3_FRAMES = [
    TIT2(text="The Song"),
    TPE1(text="Ana feat. Bo"),
    TXXX(desc="ARTISTS", text=["Ana", "Bo"]),
    TALB(text="The Album"),
    TPE2(text="Ana"),
    TPOS(text="2/3"),
    TSST(text="Night"),
    TRCK(text="04/12"),
    TCON(text=["(8)", "Soul"]),
    TDRC(text="2010-05-06"),
    TDOR(text="1999-12"),
    TCMP(text="1"),
    TSOP(text=["Ana, A.", "Bo, B."]),
    TXXX(desc="ALBUMARTISTSORT", text="Ana, A."),
    UFID(owner="http://musicbrainz.org", data=_A.encode()),
    TXXX(desc="MusicBrainz Release Track Id", text=_B),
    TXXX(desc="MusicBrainz Album Id", text=_A),
    TXXX(desc="MusicBrainz Release Group Id", text=_B),
    TXXX(desc="MusicBrainz Artist Id", text=[_A, _B]),
    TXXX(desc="MusicBrainz Album Artist Id", text=_A),
    TXXX(desc="replaygain_track_gain", text="-6.54 dB"),
    TXXX(desc="REPLAYGAIN_TRACK_PEAK", text="0.988"),
    TXXX(desc="REPLAYGAIN_ALBUM_GAIN", text="-7 dB"),
    TXXX(desc="REPLAYGAIN_ALBUM_PEAK", text="1.0"),
    COMM(lang="eng", desc="iTunNORM", text="0000"),
    COMM(lang="eng", text="Nice"),
    USLT(lang="eng", text="One\nTwo"),
    mutagen.id3.TBPM(text="120"),
    mutagen.id3.TSRC(text="USRC17607839"),
    mutagen.id3.TPUB(text="Home"),
    mutagen.id3.TMOO(text="Calm"),
    mutagen.id3.TSOT(text="Song, The"),
    mutagen.id3.TSOA(text="Album, The"),
]


@pytest.mark.parametrize("name", ["sound.mp3", "sound.aiff", "sound.wav", "sound.aac", "sound.tta"])
def test_id3(recorder: "Recorder", name: str) -> None:
    path = recorder.put(name)
    media: Any = mutagen.File(path) if name in {"sound.aiff", "sound.wav"} else None
    if media is not None:
        media.add_tags()
    tags: Any = media.tags if media is not None else ID3()
    for frame in _ID3_FRAMES:
        tags.add(frame)
    media.save() if media is not None else tags.save(path)
    assert recorder.sheet(path).tags == msgspec.structs.replace(_TAGS, lyrics_language="eng")


def test_mp4(recorder: "Recorder") -> None:
    path = recorder.put("lossless.m4a")
    media: Any = MP4(path)
    media.update(
        {
            "\xa9nam": "The Song",
            "\xa9ART": "Ana feat. Bo",
            "\xa9alb": "The Album",
            "aART": "Ana",
            "disk": [(2, 3)],
            "trkn": [(4, 12)],
            "\xa9gen": ["Jazz", "Soul"],
            "\xa9day": "2010-05-06",
            "cpil": True,
            "sonm": "Song, The",
            "soal": "Album, The",
            "soar": ["Ana, A.", "Bo, B."],
            "soaa": "Ana, A.",
            "tmpo": [120],
            "\xa9cmt": "Nice",
            "\xa9lyr": "One\nTwo",
        }
    )
    free = {
        "ARTISTS": ["Ana", "Bo"],
        "DISCSUBTITLE": ["Night"],
        "MOOD": ["Calm"],
        "ORIGINALDATE": ["1999-12"],
        "ISRC": ["USRC17607839"],
        "LABEL": ["Home"],
        "MusicBrainz Track Id": [_A],
        "MusicBrainz Release Track Id": [_B],
        "MusicBrainz Album Id": [_A],
        "MusicBrainz Release Group Id": [_B],
        "MusicBrainz Artist Id": [_A, _B],
        "MusicBrainz Album Artist Id": [_A],
        "replaygain_track_gain": ["-6.54 dB"],
        "replaygain_track_peak": ["0.988"],
        "replaygain_album_gain": ["-7 dB"],
        "replaygain_album_peak": ["1.0"],
    }
    for field, values in free.items():
        media[f"----:com.apple.iTunes:{field}"] = [MP4FreeForm(value.encode()) for value in values]
    media.save()
    sheet = recorder.sheet(path)
    assert sheet.tags == _TAGS
    assert (sheet.audio.codec, sheet.audio.suffix) == ("alac", "m4a")


def test_windows_media(recorder: "Recorder") -> None:
    path = recorder.put("sound.wma")
    media: Any = mutagen.File(path)
    media.update(
        {
            "Title": ["The Song"],
            "Author": ["Ana feat. Bo"],
            "WM/ARTISTS": ["Ana", "Bo"],
            "WM/AlbumTitle": ["The Album"],
            "WM/AlbumArtist": ["Ana"],
            "WM/PartOfSet": ["2/3"],
            "WM/SetSubTitle": ["Night"],
            "WM/TrackNumber": ["4/12"],
            "WM/Genre": ["Jazz", "Soul"],
            "WM/Mood": ["Calm"],
            "WM/Year": ["2010-05-06"],
            "WM/OriginalReleaseTime": ["1999-12"],
            "WM/IsCompilation": ["1"],
            "WM/TitleSortOrder": ["Song, The"],
            "WM/AlbumSortOrder": ["Album, The"],
            "WM/ArtistSortOrder": ["Ana, A.", "Bo, B."],
            "WM/AlbumArtistSortOrder": ["Ana, A."],
            "MusicBrainz/Track Id": [_A],
            "MusicBrainz/Release Track Id": [_B],
            "MusicBrainz/Album Id": [_A],
            "MusicBrainz/Release Group Id": [_B],
            "MusicBrainz/Artist Id": [_A, _B],
            "MusicBrainz/Album Artist Id": [_A],
            "replaygain_track_gain": ["-6.54 dB"],
            "replaygain_track_peak": ["0.988"],
            "replaygain_album_gain": ["-7 dB"],
            "replaygain_album_peak": ["1.0"],
            "WM/BeatsPerMinute": ["120"],
            "WM/ISRC": ["USRC17607839"],
            "WM/Publisher": ["Home"],
            "Description": ["Nice"],
            "WM/Lyrics": ["One\nTwo"],
        }
    )
    media.save()
    assert recorder.sheet(path).tags == _TAGS


def _mp3(recorder: "Recorder", *frames: Any, version: int = 4) -> Tags:
    path = recorder.put("sound.mp3")
    tags: Any = ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(path, v2_version=version, v23_sep="/")
    return recorder.sheet(path).tags


def test_several_values_of_one_frame_are_several_artists(recorder: "Recorder") -> None:
    tags = _mp3(recorder, TPE1(text=["Ana", "Bo"]))
    assert (tags.artists, tags.artist_display) == (("Ana", "Bo"), None)


def test_a_band_with_a_slash_stays_whole(recorder: "Recorder") -> None:
    for version in (3, 4):
        tags = _mp3(recorder, TPE1(text="AC/DC"), TXXX(desc="ARTISTS", text="AC/DC"), version=version)
        assert (tags.artists, tags.artist_display) == (("AC/DC",), "AC/DC")


def test_names_that_id3v23_joined_are_taken_apart_where_ids_tell_how_many(recorder: "Recorder") -> None:
    tags = _mp3(
        recorder,
        TPE1(text="Ana feat. Bo"),
        TXXX(desc="ARTISTS", text=["Ana", "Bo"]),
        TXXX(desc="MusicBrainz Artist Id", text=[_A, _B]),
        TSOP(text=["A", "B"]),
        version=3,
    )
    assert (tags.artists, tags.artist_display) == (("Ana", "Bo"), "Ana feat. Bo")
    assert (tags.musicbrainz_artist_ids, tags.artist_sorts) == ((_A, _B), ("A", "B"))


def test_names_that_id3v23_joined_are_taken_apart_where_the_credit_names_them(recorder: "Recorder") -> None:
    tags = _mp3(recorder, TPE1(text="Ana & Bo"), TXXX(desc="ARTISTS", text=["Ana", "Bo"]), version=3)
    assert tags.artists == ("Ana", "Bo")
    tags = _mp3(recorder, TPE1(text="AC/DC & Bo"), TXXX(desc="ARTISTS", text="AC/DC"), version=3)
    assert tags.artists == ("AC/DC",)


def test_old_dates_and_genres_of_id3(recorder: "Recorder") -> None:
    tags = _mp3(recorder, TYER(text="2001"), TDAT(text="0203"), TORY(text="1980"), TCON(text="17"), version=3)
    assert tags.release_date is not None
    assert tags.release_date.startswith("2001")
    assert (tags.original_date, tags.genres) == ("1980", ("Rock",))


def test_timed_lyrics_become_lrc(recorder: "Recorder") -> None:
    tags = _mp3(recorder, SYLT(lang="eng", format=2, type=1, text=[("One", 1_500), ("Two", 61_040)]))
    assert tags.lyrics == "[00:01.50]One\n[01:01.04]Two"


def test_gains_of_rva2_and_of_opus(recorder: "Recorder") -> None:
    tags = _mp3(recorder, RVA2(desc="track", channel=1, gain=-3.5, peak=0.5))
    assert (tags.track_gain, tags.track_peak) == pytest.approx((-3.5, 0.5))
    path = recorder.put("sound.opus")
    media: Any = OggOpus(path)
    media["R128_TRACK_GAIN"], media["R128_ALBUM_GAIN"] = "-512", "256"
    media.save()
    opus = recorder.sheet(path).tags
    assert (opus.track_gain, opus.album_gain) == (3.0, 6.0)


def test_the_front_cover_is_preferred_and_known_by_its_bytes(recorder: "Recorder") -> None:
    path = recorder.put("sound.flac")
    media: Any = FLAC(path)
    for kind, data in ((4, b"\xff\xd8\xffback"), (3, b"<svg onload=alert()>"), (3, b"GIF89afront")):
        picture = Picture()
        picture.type, picture.mime, picture.data = kind, "image/jpeg", data
        media.add_picture(picture)
    media.save()
    sheet = recorder.sheet(path)
    assert sheet.picture is not None
    assert (sheet.picture.media_type, sheet.picture.size) == ("image/gif", 11)
    assert (sheet.picture.source, sheet.picture.path) == ("embedded", b"sound.flac")


def test_a_picture_beside_the_file_serves_when_there_is_none_inside(recorder: "Recorder") -> None:
    path = recorder.put("sound.mp3", "album/one.mp3")
    (path.parent / "cover.jpg").write_bytes(b"RIFF\0\0\0\0WEBPVP8 ")
    (path.parent / "page.jpg").write_bytes(b"<html>")
    for picture, media_type in ((b"album/cover.jpg", "image/webp"), (b"album/page.jpg", None), (b"gone.png", None)):
        reading = read_batch(bytes(recorder.root), [b"album/one.mp3"], {b"album": picture})
        found = reading.sheets[0].picture
        assert (found.media_type if found else None) == media_type
    assert recorder.sheet(path).picture is None


def test_an_extension_that_lies_is_not_believed(recorder: "Recorder") -> None:
    for name, codec, suffix in (
        ("sound.flac", "flac", "flac"),
        ("sound.opus", "opus", "opus"),
        ("sound.m4a", "aac", "m4a"),
    ):
        sheet = recorder.sheet(recorder.put(name, "lie.mp3"))
        assert (sheet.audio.codec, sheet.audio.suffix) == (codec, suffix)
    assert recorder.sheet(recorder.put("sound.mp3", "lie.flac")).audio.codec == "mp3"
    assert recorder.sheet(recorder.put("sound.aac", "lie.wav")).audio.codec == "aac"
    assert recorder.sheet(recorder.put("sound.opus", "fine.ogg")).audio.suffix == "ogg"


def test_facts_of_the_sound(recorder: "Recorder", name: str) -> None:
    audio = recorder.sheet(recorder.put(name)).audio
    assert audio.codec == {
        "sound.aac": "aac",
        "sound.aiff": "pcm",
        "sound.ape": "ape",
        "lossless.m4a": "alac",
        "sound.m4a": "aac",
        "sound.oga": "flac",
        "sound.ogg": "vorbis",
        "sound.wav": "pcm",
        "sound.wma": "wma",
        "sound.wv": "wavpack",
    }.get(name, audio.suffix)
    assert audio.suffix == name.rpartition(".")[2]
    assert audio.channels == 2
    assert audio.sample_rate == (48_000 if name == "sound.opus" else 44_100)
    assert 950 < audio.duration_ms < 1_150 or name == "sound.ape"
    assert audio.bit_rate >= 1
    lossless = audio.codec in {"flac", "alac", "pcm", "wavpack", "ape", "tta"}
    assert (audio.bit_depth is not None) == (lossless and audio.codec != "tta")


def _tags(**fields: list[str]) -> Tags:
    return tags_of(Family(fields=fields))


@pytest.mark.parametrize(
    ("text", "number", "total"),
    [
        ("3", 3, None),
        ("03/12", 3, 12),
        (" 3 / 12 ", 3, 12),
        ("3/x", 3, None),
        ("0", None, None),
        ("-1", None, None),
        ("A1", None, None),
        ("99999", None, None),
        ("3" * 5_000, None, None),
        ("٣", None, None),
        ("", None, None),
        ("3/0", 3, None),
    ],
)
def test_numbers(text: str, number: int | None, total: int | None) -> None:
    tags = _tags(tracknumber=[text], discnumber=[text])
    assert (tags.track_number, tags.track_total) == (number, total)
    assert (tags.disc_number, tags.disc_total) == (number, total)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2001", "2001"),
        ("2001-02", "2001-02"),
        ("2001-02-03", "2001-02-03"),
        ("2001-02-03T10:00:00", "2001-02-03"),
        ("2001-02-30", "2001-02"),
        ("2001-13-01", "2001"),
        ("20010203", "2001-02-03"),
        ("2001/2/3", "2001-02-03"),
        ("3.2.2001", "2001"),
        ("0000", None),
        ("0000-00-00", None),
        ("unknown", None),
        ("2001-00-00", "2001"),
        ("9" * 70, None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    assert as_date(text) == date


def test_the_year_of_origin_serves_where_no_date_is_given() -> None:
    assert _tags(originaldate=["?"], originalyear=["1971"]).original_date == "1971"


def test_junk_is_left_out() -> None:
    tags = _tags(
        musicbrainz_trackid=["not an id"],
        musicbrainz_artistid=[_A.upper() + "; " + _B],
        artist=["Ana", "Bo"],
        bpm=["fast", "nan"],
        isrc=["nonsense"],
        replaygain_track_gain=["loud", "1e999"],
        replaygain_track_peak=["-1"],
        r128_album_gain=["999999"],
        compilation=["0"],
        genre=["", " \0 ", "Rock", "Rock"],
        artistsort=["only one"],
    )
    assert tags == Tags(artists=("Ana", "Bo"), musicbrainz_artist_ids=(_A, _B), genres=("Rock",))


def test_values_are_cleaned_and_bounded() -> None:
    tags = _tags(
        title=["A\0B\ud800\x07"],
        comment=["x" * 10_000_000],
        lyrics=["é" * 10_000_000, "second"],
        artist=[f"Artist {number}" for number in range(10_000)],
        album=["A" * 100_000],
    )
    assert tags.title == "A B"
    assert tags.comment is not None
    assert len(tags.comment) <= 4_096
    assert tags.lyrics is not None
    assert len(tags.lyrics.encode()) <= 64 * 1024
    assert len(tags.artists) == 32
    assert tags.album is not None
    assert len(tags.album) <= 512


def test_lyrics_keep_their_lines() -> None:
    assert _tags(lyrics=["\r\nOne\r\n\r\nT\0wo\r"]).lyrics == "One\n\nT wo"


def test_a_broken_picture_in_a_comment_is_left_out(recorder: "Recorder") -> None:
    path = recorder.put("sound.opus")
    media: Any = OggOpus(path)
    media["metadata_block_picture"], media["coverart"], media["title"] = ["AAAA", "no base64"], "%%%", "Fine"
    media.save()
    sheet = recorder.sheet(path)
    assert (sheet.tags.title, sheet.picture) == ("Fine", None)


def test_apev2_serves_where_an_mp3_has_no_id3(recorder: "Recorder") -> None:
    path = recorder.put("sound.mp3")
    ID3(path).delete()
    tags: Any = APEv2()
    tags["Title"] = "From the end"
    tags.save(path)
    assert recorder.sheet(path).tags.title == "From the end"
