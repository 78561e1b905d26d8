"""From a wish to a plan: a table of wishes, and what holds for every wish and every file."""

from datetime import UTC, datetime
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given

from appliance.core.catalogue import MediaFile, Track
from appliance.core.errors import BadRequest
from appliance.core.playback import RATES, Codec, Profile, RawPlan, TranscodePlan, Wish, plan

LOSSLESS = {"flac", "alac", "pcm", "wavpack", "ape"}
LOWEST = 32


def track(suffix: str, codec: str, bit_rate: int) -> Track:
    file = MediaFile(
        id=UUID(int=2),
        library_number=1,
        root=b"/music",
        path=b"song",
        size=1,
        mtime_ns=1,
        suffix=suffix,
        codec=codec,
        bit_rate=bit_rate,
        sample_rate=44100,
        channels=2,
        bit_depth=16 if codec in LOSSLESS else None,
    )
    return Track(
        id=UUID(int=1),
        title="Song",
        sort_title="song",
        album_id=UUID(int=3),
        album_title="Album",
        artists=(),
        artist_display="Ana",
        album_artists=(),
        album_artist_display="Ana",
        disc_number=None,
        track_number=None,
        duration_ms=1000,
        genres=(),
        moods=(),
        release_date=None,
        original_date=None,
        year=None,
        cover_id=None,
        musicbrainz_recording_id=None,
        track_gain=None,
        track_peak=None,
        album_gain=None,
        album_peak=None,
        bpm=None,
        isrc=None,
        comment=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        file=file,
    )


FLAC = track("flac", "flac", 900)
ALAC = track("m4a", "alac", 900)
WAV = track("wav", "pcm", 1411)
MP3 = track("mp3", "mp3", 320)
POOR_MP3 = track("mp3", "mp3", 64)
AAC = track("m4a", "aac", 256)
OPUS = track("opus", "opus", 128)
VORBIS = track("ogg", "vorbis", 500)
SPEECH = track("wma", "wma", 20)
sources = st.sampled_from([FLAC, ALAC, WAV, MP3, POOR_MP3, AAC, OPUS, VORBIS, SPEECH])
wishes = st.builds(
    Wish,
    format=st.sampled_from([None, "", "raw", "mp3", "MP3", "opus", "ogg", "oga", "aac", "m4a", "flac"]),
    max_bit_rate=st.none() | st.integers(0, 2000),
    offset_ms=st.sampled_from([0, 1, 90_000]),
)


def offset(milliseconds: int, format: str | None = None, max_bit_rate: int | None = None) -> Wish:  # noqa: A002
    return Wish(format=format, max_bit_rate=max_bit_rate, offset_ms=milliseconds)


@pytest.mark.parametrize(
    ("source", "wish", "profile"),
    [
        # Nothing asked for, or nothing that the file is not: as it is.
        (FLAC, Wish(), None),
        (FLAC, Wish(max_bit_rate=0), None),
        (FLAC, Wish(format="flac"), None),
        (FLAC, Wish(format="FLAC", max_bit_rate=900), None),
        (MP3, Wish(max_bit_rate=320), None),
        (MP3, Wish(format="mp3", max_bit_rate=320), None),
        (AAC, Wish(format="m4a"), None),
        (ALAC, Wish(format="m4a"), None),
        (VORBIS, Wish(format="ogg"), None),
        (WAV, Wish(format="wav"), None),
        # Raw wins.
        (FLAC, Wish(format="raw"), None),
        (FLAC, Wish(format="RAW", max_bit_rate=64), None),
        # A rate that is too high.
        (FLAC, Wish(max_bit_rate=128), Profile(Codec.OPUS, 128)),
        (MP3, Wish(max_bit_rate=319), Profile(Codec.OPUS, 256)),
        (MP3, Wish(max_bit_rate=100), Profile(Codec.OPUS, 96)),
        (WAV, Wish(format="wav", max_bit_rate=1000), Profile(Codec.OPUS, 320)),
        (MP3, Wish(max_bit_rate=8), Profile(Codec.OPUS, LOWEST)),
        # The file's own format at a lower rate.
        (MP3, Wish(format="mp3", max_bit_rate=128), Profile(Codec.MP3, 128)),
        (MP3, Wish(format="mp3", max_bit_rate=230), Profile(Codec.MP3, 224)),
        (VORBIS, Wish(format="ogg", max_bit_rate=96), Profile(Codec.OPUS, 96)),
        # Another format.
        (FLAC, Wish(format="mp3"), Profile(Codec.MP3, 192)),
        (FLAC, Wish(format="opus"), Profile(Codec.OPUS, 128)),
        (FLAC, Wish(format="oga"), Profile(Codec.OPUS, 128)),
        (FLAC, Wish(format="aac"), Profile(Codec.AAC, 192)),
        (FLAC, Wish(format="m4a"), Profile(Codec.AAC, 192)),
        (FLAC, Wish(format="mp3", max_bit_rate=320), Profile(Codec.MP3, 320)),
        (FLAC, Wish(format="mp3", max_bit_rate=5000), Profile(Codec.MP3, 320)),
        # A lossy source is not blown up.
        (POOR_MP3, Wish(format="opus"), Profile(Codec.OPUS, 64)),
        (POOR_MP3, Wish(format="aac", max_bit_rate=320), Profile(Codec.AAC, 64)),
        (SPEECH, Wish(format="mp3"), Profile(Codec.MP3, LOWEST)),
        # FLAC has no rate of its own; under a ceiling it cannot be meant.
        (WAV, Wish(format="flac"), Profile(Codec.FLAC, 0)),
        (MP3, Wish(format="flac"), Profile(Codec.FLAC, 0)),
        (FLAC, Wish(format="flac", max_bit_rate=320), Profile(Codec.OPUS, 320)),
        (WAV, Wish(format="flac", max_bit_rate=2000), Profile(Codec.OPUS, 320)),
        (MP3, Wish(format="flac", max_bit_rate=128), Profile(Codec.OPUS, 128)),
        # From the middle: the file's own codec where that is made here.
        (FLAC, offset(1000), Profile(Codec.FLAC, 0)),
        (ALAC, offset(1000), Profile(Codec.FLAC, 0)),
        (WAV, offset(1000, "raw"), Profile(Codec.FLAC, 0)),
        (MP3, offset(1000), Profile(Codec.MP3, 192)),
        (POOR_MP3, offset(1000, "mp3"), Profile(Codec.MP3, 64)),
        (POOR_MP3, offset(1000, "raw"), Profile(Codec.MP3, 64)),
        (AAC, offset(1000, "m4a"), Profile(Codec.AAC, 192)),
        (OPUS, offset(1000), Profile(Codec.OPUS, 128)),
        (VORBIS, offset(1000), Profile(Codec.OPUS, 128)),
        (MP3, offset(1000, None, 320), Profile(Codec.MP3, 192)),
        (MP3, offset(1000, "raw", 64), Profile(Codec.MP3, 192)),
        # From the middle of another format, or under a ceiling.
        (MP3, offset(1000, "opus"), Profile(Codec.OPUS, 128)),
        (FLAC, offset(1000, None, 128), Profile(Codec.OPUS, 128)),
    ],
)
def test_a_wish_has_its_plan(source: Track, wish: Wish, profile: Profile | None) -> None:
    expected = RawPlan(source) if profile is None else TranscodePlan(source, profile, wish.offset_ms)
    assert plan(source, wish) == expected


@given(sources, wishes)
def test_a_file_that_is_what_was_asked_for_is_sent_as_it_is(source: Track, wish: Wish) -> None:
    named = (wish.format or "").lower() not in {"", "raw", source.file.suffix}
    too_high = (wish.format or "").lower() != "raw" and 0 < (wish.max_bit_rate or 0) < source.file.bit_rate
    as_it_is = isinstance(plan(source, wish), RawPlan)
    assert as_it_is is not bool(named or too_high or wish.offset_ms)


@given(sources, wishes)
def test_a_transcode_is_of_a_rate_that_is_made_and_within_every_bound(source: Track, wish: Wish) -> None:
    planned = plan(source, wish)
    if isinstance(planned, RawPlan):
        return
    profile = planned.profile
    assert planned.offset_ms == wish.offset_ms
    assert profile.bit_rate in RATES[profile.codec]
    if source.file.codec not in LOSSLESS:
        assert profile.bit_rate <= max(source.file.bit_rate, LOWEST)
    if wish.max_bit_rate and wish.format != "raw":
        assert profile.bit_rate <= max(wish.max_bit_rate, LOWEST)
        # FLAC's rate follows from the music: only where the file itself is within the ceiling.
        assert profile.codec is not Codec.FLAC or source.file.bit_rate <= wish.max_bit_rate


@pytest.mark.parametrize(
    "wish", [Wish(format="exe"), Wish(format="mp4"), Wish(max_bit_rate=-1), Wish(offset_ms=-1, format="raw")]
)
def test_a_wish_that_cannot_be_meant_is_refused(wish: Wish) -> None:
    with pytest.raises(BadRequest):
        plan(MP3, wish)


def test_the_refusal_of_a_format_says_what_is_made() -> None:
    with pytest.raises(BadRequest, match=r"'exe'.*aac, flac, m4a, mp3, oga, ogg, opus, or 'raw'"):
        plan(MP3, Wish(format="exe"))


@pytest.mark.parametrize(
    ("codec", "suffix", "content_type"),
    [
        (Codec.OPUS, "opus", "audio/ogg"),
        (Codec.MP3, "mp3", "audio/mpeg"),
        (Codec.AAC, "aac", "audio/aac"),
        (Codec.FLAC, "flac", "audio/flac"),
    ],
)
def test_a_profile_tells_how_its_files_are_named_and_sent(codec: Codec, suffix: str, content_type: str) -> None:
    profile = Profile(codec, 0)
    assert (profile.suffix, profile.content_type) == (suffix, content_type)
