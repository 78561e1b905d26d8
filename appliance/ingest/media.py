"""Each format's own way to say what it holds: mutagen's classes, brought to one form."""

import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

from mutagen import MutagenError
from mutagen.aac import AAC
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2
from mutagen.asf import ASF
from mutagen.dsdiff import DSDIFF
from mutagen.dsf import DSF
from mutagen.flac import FLAC
from mutagen.id3 import ID3
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.musepack import Musepack
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from appliance.core.errors import MediaFault
from appliance.ingest.families import Family, of_apev2, of_asf, of_id3, of_mp4, of_vorbis
from appliance.ingest.formats import Format

_SKETCHY_BYTES: Final = 8 * 1024


class Media(NamedTuple):
    """A file as mutagen sees it.

    ``info`` has, as far as the format says: length (s), bitrate (bit/s), sample_rate, channels, bits_per_sample.
    """

    info: Any
    family: Family
    codec: str
    suffix: str
    """The name's suffix for files of this format."""
    also: tuple[str, ...] = ()
    """Other suffixes that say the same."""
    lossless: bool = False


def open_media(file: BinaryIO, kind: Format) -> Media:
    """What ``file`` holds. Raises ``MediaFault``, ``MutagenError``, or whatever its parser comes to."""
    return _READERS[kind](file)


def _flac(file: BinaryIO) -> Media:
    media = FLAC(file)
    return Media(media.info, of_vorbis(media.tags, media.pictures), "flac", "flac", lossless=True)


def _mp3(file: BinaryIO) -> Media:
    media: Any = MP3(file)
    info = media.info
    size = os.fstat(file.fileno()).st_size
    if info.sketchy and size - info.frame_offset > _SKETCHY_BYTES:
        # A few bytes that look like a frame's header are found in anything.
        raise MediaFault("It holds no MPEG audio.")
    family = of_id3(media.tags) if media.tags is not None else _apev2_behind(file)
    if info.track_gain is not None:
        family.fields.setdefault("replaygain_track_gain", [str(info.track_gain)])
        if info.track_peak is not None:
            family.fields.setdefault("replaygain_track_peak", [str(info.track_peak)])
    layer = f"mp{info.layer}"
    return Media(info, family, layer, layer)


def _aac(file: BinaryIO) -> Media:
    return Media(AAC(file).info, _id3_in_front(file), "aac", "aac", ("adts",))


def _id3_in_front(file: BinaryIO) -> Family:
    file.seek(0)
    try:
        return of_id3(ID3(file))
    except MutagenError:
        return _apev2_behind(file)


def _apev2_behind(file: BinaryIO) -> Family:
    file.seek(0)
    try:
        return of_apev2(APEv2(file))
    except MutagenError:
        return Family()


def _mp4(file: BinaryIO) -> Media:
    media: Any = MP4(file)
    codec: str = media.info.codec
    if codec.startswith("drm"):
        raise MediaFault("It is protected by DRM.")
    names = {"alac": "alac", "ac-3": "ac3", "ec-3": "eac3", "fLaC": "flac", "Opus": "opus"}
    name = names.get(codec, "mp3" if codec in {"mp4a.6B", "mp4a.69"} else "aac")
    return Media(media.info, of_mp4(media.tags), name, "m4a", ("m4b",), lossless=name in {"alac", "flac"})


def _ogg(reader: Callable[[BinaryIO], Any], codec: str, suffix: str) -> Callable[[BinaryIO], Media]:
    def read(file: BinaryIO) -> Media:
        media = reader(file)
        family = of_vorbis(media.tags)
        return Media(media.info, family, codec, suffix, ("ogg", "oga"), lossless=codec == "flac")

    return read


def _id3(reader: Callable[[BinaryIO], Any], codec: str, suffix: str, *also: str) -> Callable[[BinaryIO], Media]:
    """Lossless containers that carry an ID3 tag."""

    def read(file: BinaryIO) -> Media:
        media = reader(file)
        family = of_id3(media.tags) if media.tags is not None else Family()
        return Media(media.info, family, codec, suffix, also, lossless=True)

    return read


def _ape(reader: Callable[[BinaryIO], Any], codec: str, suffix: str) -> Callable[[BinaryIO], Media]:
    def read(file: BinaryIO) -> Media:
        media = reader(file)
        return Media(media.info, of_apev2(media.tags), codec, suffix, lossless=codec != "musepack")

    return read


def _asf(file: BinaryIO) -> Media:
    media = ASF(file)
    return Media(media.info, of_asf(media.tags), "wma", "wma")


_READERS: Final[Mapping[Format, Callable[[BinaryIO], Media]]] = {
    Format.AAC: _aac,
    Format.AIFF: _id3(AIFF, "pcm", "aiff", "aif", "aifc"),
    Format.APE: _ape(MonkeysAudio, "ape", "ape"),
    Format.ASF: _asf,
    Format.DSDIFF: _id3(DSDIFF, "dsd", "dff"),
    Format.DSF: _id3(DSF, "dsd", "dsf"),
    Format.FLAC: _flac,
    Format.MP3: _mp3,
    Format.MP4: _mp4,
    Format.MUSEPACK: _ape(Musepack, "musepack", "mpc"),
    Format.OGG_FLAC: _ogg(OggFLAC, "flac", "oga"),
    Format.OPUS: _ogg(OggOpus, "opus", "opus"),
    Format.SPEEX: _ogg(OggSpeex, "speex", "spx"),
    Format.TRUE_AUDIO: _id3(TrueAudio, "tta", "tta"),
    Format.VORBIS: _ogg(OggVorbis, "vorbis", "ogg"),
    Format.WAV: _id3(WAVE, "pcm", "wav", "wave"),
    Format.WAVPACK: _ape(WavPack, "wavpack", "wv"),
}
