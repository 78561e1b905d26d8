"""Who had a part in a track beside its performing artists: composers, conductors, engineers and so on."""

from enum import StrEnum

import msgspec

from appliance.core.catalogue import ArtistRef


class Part(StrEnum):
    """What somebody did, as MusicBrainz Picard has it."""

    COMPOSER = "composer"
    LYRICIST = "lyricist"
    CONDUCTOR = "conductor"
    ARRANGER = "arranger"
    REMIXER = "remixer"
    PRODUCER = "producer"
    ENGINEER = "engineer"
    MIXER = "mixer"
    DJ_MIXER = "dj_mixer"
    PERFORMER = "performer"


class TrackCredit(msgspec.Struct, frozen=True):
    """One part in one track."""

    role: Part
    artist: ArtistRef
    detail: str | None = None
    """Of a performer the instrument or voice; None where it is not told."""
