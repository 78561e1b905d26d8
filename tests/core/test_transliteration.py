"""Cyrillic and Greek in Latin letters, by the schemes that the module names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.transliteration import is_foreign, latin


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        # BGN/PCGN 1947, without its marks.
        ("Чайковский", "chaykovskiy"),
        ("Пётр Ильич", "pyotr ilich"),
        ("Хованщина", "khovanshchina"),
        ("Объезд", "obezd"),
        ("Эй, ямщик, гони-ка к Яру!", "ey, yamshchik, goni-ka k yaru!"),
        ("ЦОЙ ЖИВ", "tsoy zhiv"),
        ("Океан Ельзи", "okean elzi"),
        ("Київ", "kiyiv"),
        ("Його Ґанок", "yogo ganok"),
        ("Беларусь Ў", "belarus w"),
        ("Љубав и Његош", "ljubav i njegosh"),
        ("Ђорђе Џез", "djordje dzez"),
        # ISO 843, transcription, without its marks.
        ("Μίκης Θεοδωράκης", "mikis theodorakis"),
        ("Ελευθερία Αρβανιτάκη", "eleftheria arvanitaki"),
        ("Ευαγγελία", "evangelia"),
        ("ΨΥΧΗ", "psychi"),
        ("Ουρανός", "ouranos"),
        ("Μπάμπης", "bampis"),
        ("Άγχος", "anchos"),
        ("Σφίγξ", "sfinx"),
        ("ᾠδή ἀρχαῖος", "oidi archaios"),
        # Nothing to spell otherwise.
        ("Sigur Rós", "sigur rós"),
        ("坂本龍一", "坂本龍一"),
    ],
)
def test_names_are_spelled_by_the_scheme(name: str, spelled: str) -> None:
    assert latin(name) == spelled
    assert is_foreign(name) == (name.casefold() != spelled)


@given(st.text(st.characters(min_codepoint=0x370, max_codepoint=0x52F)))
def test_what_is_spelled_in_latin_stays_so(text: str) -> None:
    assert latin(latin(text)) == latin(text)
