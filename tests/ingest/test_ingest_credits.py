"""Who else had a part in a track, which edition it is of, and its words, in each container."""

from typing import TYPE_CHECKING, Any

import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, SYLT, TCOM, TEXT, TIPL, TMCL, TPE3, TPE4, TSOC, TXXX, USLT
from mutagen.mp4 import MP4, MP4FreeForm

from appliance.core.sheet import Credit, Tags
from appliance.ingest.families import Family
from appliance.ingest.tags import tags_of

if TYPE_CHECKING:
    from tests.ingest.conftest import Recorder

_CREDITS = (
    Credit("composer", "Cy"),
    Credit("composer", "Di"),
    Credit("lyricist", "Lo"),
    Credit("conductor", "Co"),
    Credit("arranger", "Ar"),
    Credit("remixer", "Re"),
    Credit("producer", "Pro"),
    Credit("engineer", "En"),
    Credit("mixer", "Mix"),
    Credit("dj_mixer", "Dj"),
    Credit("performer", "Flo", "flute"),
    Credit("performer", "Vi", "viola da gamba"),
)
#: As Picard names them in Vorbis comments.
_VORBIS = {
    "COMPOSER": ["Cy", "Di"],
    "COMPOSERSORT": ["Y, C", "I, D"],
    "LYRICIST": ["Lo"],
    "CONDUCTOR": ["Co"],
    "ARRANGER": ["Ar"],
    "REMIXER": ["Re"],
    "PRODUCER": ["Pro"],
    "ENGINEER": ["En"],
    "MIXER": ["Mix"],
    "DJMIXER": ["Dj"],
    "PERFORMER": ["Flo (flute)", "Vi (viola da gamba)"],
    "CATALOGNUMBER": ["CAT 1"],
    "RELEASETYPE": ["album", "live"],
    "RELEASECOUNTRY": ["xe"],
    "MUSICBRAINZ_ALBUMCOMMENT": ["mono"],
}
_TAGS = Tags(
    credits=_CREDITS,
    composer_sorts=("Y, C", "I, D"),
    catalog_number="CAT 1",
    release_types=("album", "live"),
    release_country="XE",
    edition="mono",
)


def of_release(types: str) -> list[Any]:
    """The frames of ID3 that tell of the release; its types joined, as ID3v2.3 has them."""
    return [
        TXXX(desc="CATALOGNUMBER", text="CAT 1"),
        TXXX(desc="MusicBrainz Album Type", text=types),
        TXXX(desc="MusicBrainz Album Release Country", text="XE"),
        TXXX(desc="MusicBrainz Album Comment", text="mono"),
    ]


@pytest.mark.parametrize("name", ["sound.flac", "sound.ogg", "sound.opus"])
def test_vorbis_comments(recorder: "Recorder", name: str) -> None:
    path = recorder.put(name)
    media: Any = mutagen.File(path)
    media.delete()
    media.update(_VORBIS)
    media.save()
    assert recorder.sheet(path).tags == _TAGS


def test_apev2(recorder: "Recorder") -> None:
    path = recorder.put("sound.wv")
    tags: Any = APEv2()
    renamed = {"REMIXER": "MixArtist", "RELEASETYPE": "MUSICBRAINZ_ALBUMTYPE"}
    for field, values in _VORBIS.items():
        tags[renamed.get(field, field)] = values
    tags.save(path)
    assert recorder.sheet(path).tags == _TAGS


@pytest.mark.parametrize("version", [3, 4])
def test_id3(recorder: "Recorder", version: int) -> None:
    path = recorder.put("sound.mp3")
    tags: Any = ID3()
    involved = [["arranger", "Ar"], ["producer", "Pro"], ["engineer", "En"], ["mix", "Mix"], ["DJ-mix", "Dj"]]
    playing = [["flute", "Flo"], ["viola da gamba", "Vi"]]
    frames = [
        TCOM(text=["Cy", "Di"]),
        TSOC(text=["Y, C", "I, D"]),
        TEXT(text="Lo"),
        TPE3(text="Co"),
        TPE4(text="Re"),
        # ID3v2.3 has one list for both.
        *([TIPL(people=involved), TMCL(people=playing)] if version == 4 else [TIPL(people=involved + playing)]),
        *of_release("album/live"),
    ]
    for frame in frames:
        tags.add(frame)
    tags.save(path, v2_version=version, v23_sep=None)
    assert recorder.sheet(path).tags == _TAGS


def test_mp4(recorder: "Recorder") -> None:
    path = recorder.put("sound.m4a")
    media: Any = MP4(path)
    media.delete()
    media.update({"\xa9wrt": ["Cy", "Di"], "soco": ["Y, C", "I, D"]})
    renamed = {
        "RELEASETYPE": "MusicBrainz Album Type",
        "RELEASECOUNTRY": "MusicBrainz Album Release Country",
        "MUSICBRAINZ_ALBUMCOMMENT": "MusicBrainz Album Comment",
    }
    for field, values in _VORBIS.items():
        if not field.startswith("COMPOSER"):
            atom = f"----:com.apple.iTunes:{renamed.get(field, field)}"
            media[atom] = [MP4FreeForm(value.encode()) for value in values]
    media.save()
    assert recorder.sheet(path).tags == _TAGS


def test_windows_media(recorder: "Recorder") -> None:
    path = recorder.put("sound.wma")
    media: Any = mutagen.File(path)
    media.delete()
    media.update(
        {
            "WM/Composer": ["Cy", "Di"],
            "WM/ComposerSortOrder": ["Y, C", "I, D"],
            "WM/Writer": ["Lo"],
            "WM/Conductor": ["Co"],
            "Arranger": ["Ar"],
            "WM/ModifiedBy": ["Re"],
            "WM/Producer": ["Pro"],
            "WM/Engineer": ["En"],
            "WM/Mixer": ["Mix"],
            "WM/DJMixer": ["Dj"],
            "Performer": ["Flo (flute)", "Vi (viola da gamba)"],
            "WM/CatalogNo": ["CAT 1"],
            "MusicBrainz/Album Type": ["album", "live"],
            "MusicBrainz/Album Release Country": ["XE"],
            "MusicBrainz/Album Comment": ["mono"],
        }
    )
    media.save()
    assert recorder.sheet(path).tags == _TAGS


def test_a_performer_without_an_instrument_has_none() -> None:
    tags = tags_of(Family(fields={"performer": ["Flo", "Vi (guest) (viola)", "(flute)", "Flo"]}))
    assert tags.credits == (
        Credit("performer", "Flo"),
        Credit("performer", "Vi (guest)", "viola"),
        Credit("performer", "(flute)"),
    )


def test_sort_names_count_only_where_there_are_as_many_as_composers() -> None:
    assert tags_of(Family(fields={"composer": ["Cy", "Di"], "composersort": ["Y, C"]})).composer_sorts == ()


def test_credits_are_bounded_and_clean() -> None:
    tags = tags_of(
        Family(
            fields={
                "composer": [f"Composer {number}" for number in range(10_000)],
                "performer": ["\0\x1f", "x" * 1_000_000, "(" * 100_000, "Nul\0 (lu\0te)"],
                "releasetype": ["/".join(map(str, range(10_000))), "x" * 1000],
                "releasecountry": ["Atlantis", "\0gb"],
            }
        )
    )
    composers = [credit for credit in tags.credits if credit.role == "composer"]
    assert [credit.name for credit in composers] == [f"Composer {number}" for number in range(32)]
    others = tags.credits[32:]
    assert all(len(credit.name) <= 512 and "\0" not in credit.name for credit in others)
    assert others[-1] == Credit("performer", "Nul", "lu te")
    assert (len(tags.release_types), tags.release_country) == (8, "GB")


def test_a_list_of_ten_thousand_people_is_cut(recorder: "Recorder") -> None:
    path = recorder.put("sound.mp3")
    tags: Any = ID3()
    tags.add(TMCL(people=[["flute", f"Flo {number}"] for number in range(10_000)]))
    tags.save(path)
    assert len(recorder.sheet(path).tags.credits) == 32


def test_timed_lyrics_win_over_plain_ones_and_say_their_language(recorder: "Recorder") -> None:
    path = recorder.put("sound.mp3")
    tags: Any = ID3()
    tags.add(USLT(lang="XXX", text="One"))
    tags.add(SYLT(lang="deu", format=2, type=1, text=[("Eins", 1_500)]))
    tags.save(path)
    found = recorder.sheet(path).tags
    assert (found.lyrics, found.lyrics_language) == ("[00:01.50]Eins", "deu")


@pytest.mark.parametrize("field", ["LYRICS", "UNSYNCEDLYRICS", "SYNCEDLYRICS"])
def test_a_megabyte_of_lyrics_is_cut(recorder: "Recorder", field: str) -> None:
    path = recorder.put("sound.flac")
    media: Any = mutagen.File(path)
    media[field] = ["é\0" * 500_000]
    media.save()
    lyrics = recorder.sheet(path).tags.lyrics
    assert lyrics is not None
    assert 0 < len(lyrics.encode()) <= 64 * 1024
    assert "\0" not in lyrics
