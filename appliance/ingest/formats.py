"""Which files are audio, and what a file is: by its content where that says so, else by its name."""

from enum import StrEnum
from typing import Final

from appliance.core.errors import MediaFault


class Format(StrEnum):
    """A container together with the family of tags that it carries."""

    AAC = "ADTS AAC"
    AIFF = "AIFF"
    APE = "Monkey's Audio"
    ASF = "WMA"
    DSDIFF = "DSDIFF"
    DSF = "DSF"
    FLAC = "FLAC"
    MP3 = "MP3"
    MP4 = "MP4"
    MUSEPACK = "Musepack"
    OGG_FLAC = "Ogg FLAC"
    OPUS = "Opus"
    SPEEX = "Speex"
    TRUE_AUDIO = "True Audio"
    VORBIS = "Ogg Vorbis"
    WAV = "WAV"
    WAVPACK = "WavPack"


#: What a name's suffix promises. The walk knows audio by it; files with other suffixes are never opened.
BY_SUFFIX: Final = {
    "aac": Format.AAC,
    "adts": Format.AAC,
    "aif": Format.AIFF,
    "aifc": Format.AIFF,
    "aiff": Format.AIFF,
    "ape": Format.APE,
    "dff": Format.DSDIFF,
    "dsf": Format.DSF,
    "flac": Format.FLAC,
    "m4a": Format.MP4,
    "m4b": Format.MP4,
    "mp2": Format.MP3,
    "mp3": Format.MP3,
    "mpc": Format.MUSEPACK,
    "oga": Format.VORBIS,
    "ogg": Format.VORBIS,
    "opus": Format.OPUS,
    "spx": Format.SPEEX,
    "tta": Format.TRUE_AUDIO,
    "wav": Format.WAV,
    "wave": Format.WAV,
    "wma": Format.ASF,
    "wv": Format.WAVPACK,
}

_MAGIC: Final = (
    (0, b"fLaC", Format.FLAC),
    (4, b"ftyp", Format.MP4),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Format.ASF),
    (0, b"wvpk", Format.WAVPACK),
    (0, b"MAC ", Format.APE),
    (0, b"MPCK", Format.MUSEPACK),
    (0, b"MP+", Format.MUSEPACK),
    (0, b"TTA", Format.TRUE_AUDIO),
    (0, b"DSD ", Format.DSF),
    (0, b"FRM8", Format.DSDIFF),
    (8, b"WAVE", Format.WAV),
    (8, b"AIFF", Format.AIFF),
    (8, b"AIFC", Format.AIFF),
)
_OGG_MAGIC: Final = (
    (b"\x01vorbis", Format.VORBIS),
    (b"OpusHead", Format.OPUS),
    (b"\x7fFLAC", Format.OGG_FLAC),
    (b"Speex   ", Format.SPEEX),
)
#: Contents that no audio file has, and what its owner is told.
_STRANGERS: Final = (
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (b"#EXTM3U", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"<", "a text or web page"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"\x7fELF", "a program"),
)
#: Bytes of a file's beginning (after an ID3 tag) that ``recognise`` looks at.
HEAD_BYTES: Final = 64


def suffix_of(name: bytes) -> str:
    """The lower-case suffix without its dot; empty when there is none."""
    return name.rpartition(b".")[2].decode("ascii", "replace").lower() if b"." in name else ""


def recognise(head: bytes, suffix: str) -> Format:
    """The format of a file that begins with ``head`` (an ID3 tag in front of it left out).

    Raises ``MediaFault`` for what is plainly no audio, whatever it is called.
    """
    if head.startswith(b"OggS"):
        return _ogg(head)
    for offset, magic, kind in _MAGIC:
        if head.startswith(magic, offset):
            return kind
    for magic, name in _STRANGERS:
        if head.startswith(magic):
            raise MediaFault(f"It is {name}, and not audio.")
    promised = BY_SUFFIX.get(suffix)
    mpeg = _mpeg(head)
    if promised is None or (mpeg is not None and promised in _HEADED):
        promised = mpeg
    if promised is None:
        raise MediaFault("It is no audio file that Tonearm knows.")
    return promised


#: Formats whose files cannot begin with anything but their magic, so that an MPEG frame's sync may overrule them.
_HEADED: Final = frozenset(Format) - {Format.MP3}


def _ogg(head: bytes) -> Format:
    # One page: 27 bytes of header, one byte per segment, then the first packet (RFC 3533 section 6).
    packet = head[27 + head[26] :] if len(head) > 26 else b""
    for magic, kind in _OGG_MAGIC:
        if packet.startswith(magic):
            return kind
    raise MediaFault("It is an Ogg file without a sound that Tonearm knows.")


def _mpeg(head: bytes) -> Format | None:
    """MPEG audio and ADTS share a sync word of eleven bits; the layer (0 in ADTS) tells them apart."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    return Format.AAC if head[1] & 0xF6 == 0xF0 else Format.MP3
