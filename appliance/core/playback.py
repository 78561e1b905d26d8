"""A listener presses play: from a wish to a plan."""

from enum import StrEnum

import msgspec

from appliance.core.catalogue import MediaFile, Track
from appliance.core.errors import BadRequest


class Codec(StrEnum):
    """What the transcoder makes."""

    OPUS = "opus"
    MP3 = "mp3"
    AAC = "aac"
    FLAC = "flac"


class Profile(msgspec.Struct, frozen=True):
    """One way to encode. Equal profiles of one file give equal bytes."""

    codec: Codec
    bit_rate: int
    """kbit/s; 0 for FLAC, whose rate follows from the music."""

    @property
    def suffix(self) -> str:
        """File extension without the dot."""
        return self.codec.value

    @property
    def content_type(self) -> str:
        return _CONTENT_TYPES[self.codec]


_CONTENT_TYPES = {
    Codec.OPUS: "audio/ogg",
    Codec.MP3: "audio/mpeg",
    Codec.AAC: "audio/aac",
    Codec.FLAC: "audio/flac",
}
#: kbit/s where a client names a format and no rate: transparent for nearly all ears.
_DEFAULT_RATES = {Codec.OPUS: 128, Codec.MP3: 192, Codec.AAC: 192, Codec.FLAC: 0}
#: The rates, in kbit/s, that are made; a wish is rounded down to one, so that the cache is shared.
RATES = {
    Codec.OPUS: (32, 48, 64, 96, 112, 128, 160, 192, 256, 320),
    Codec.MP3: (32, 48, 64, 96, 112, 128, 160, 192, 224, 256, 320),
    Codec.AAC: (32, 48, 64, 96, 112, 128, 160, 192, 256, 320),
    Codec.FLAC: (0,),
}
_FORMATS = {
    "opus": Codec.OPUS,
    "ogg": Codec.OPUS,
    "oga": Codec.OPUS,
    "mp3": Codec.MP3,
    "aac": Codec.AAC,
    "m4a": Codec.AAC,
    "flac": Codec.FLAC,
}
_LOSSLESS = {"flac", "alac", "pcm", "wavpack", "ape"}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an app asks for."""

    format: str | None = None
    """A suffix such as ``mp3``; ``raw`` forbids transcoding; None leaves it to the server."""
    max_bit_rate: int | None = None
    """kbit/s; None or 0 is no limit."""
    offset_ms: int = 0
    """Where to begin."""


class RawPlan(msgspec.Struct, frozen=True):
    """Send the file as it is."""

    track: Track


class TranscodePlan(msgspec.Struct, frozen=True):
    """Send it encoded as ``profile``, from ``offset_ms`` on."""

    track: Track
    profile: Profile
    offset_ms: int = 0


Plan = RawPlan | TranscodePlan


def plan(track: Track, wish: Wish) -> Plan:
    """How to answer ``wish``. Only a named format, a rate that is too high, or an offset makes it transcode.

    An offset into a raw file cannot be cut without decoding: it is encoded anew in the file's own codec where that
    is made here, else as Opus (lossless sources: FLAC). ``raw`` wins over a ceiling; a ceiling below the lowest rate
    that is made gives that. Raises ``BadRequest`` for an unknown format or negative numbers.
    """
    ceiling = wish.max_bit_rate or 0
    if ceiling < 0 or wish.offset_ms < 0:
        raise BadRequest("A bit rate and an offset cannot be negative.")
    wanted = (wish.format or "").lower()
    if wanted and wanted != "raw" and wanted not in _FORMATS and wanted != track.file.suffix:
        raise BadRequest(f"Tonearm does not make {wanted!r}. It makes: {', '.join(sorted(_FORMATS))}, or 'raw'.")
    fits = not ceiling or track.file.bit_rate <= ceiling
    if wanted == "raw" or (fits and wanted in {"", track.file.suffix}):
        if not wish.offset_ms:
            return RawPlan(track)
        profile = _profile(_own_codec(track.file), 0, track.file)
    else:
        codec = _FORMATS.get(wanted, Codec.OPUS)
        # A ceiling on FLAC cannot be meant: its rate follows from the music.
        profile = _profile(Codec.OPUS if ceiling and codec is Codec.FLAC else codec, ceiling, track.file)
    return TranscodePlan(track, profile, wish.offset_ms)


def _own_codec(file: MediaFile) -> Codec:
    return _FORMATS.get(file.codec, Codec.FLAC if file.codec in _LOSSLESS else Codec.OPUS)


def _profile(codec: Codec, ceiling: int, source: MediaFile) -> Profile:
    """With the highest rate made that exceeds neither the ceiling nor a lossy source's own; the lowest if all do."""
    bound = ceiling or _DEFAULT_RATES[codec]
    if source.codec not in _LOSSLESS:
        bound = min(bound, source.bit_rate)
    return Profile(codec, max((rate for rate in RATES[codec] if rate <= bound), default=RATES[codec][0]))
