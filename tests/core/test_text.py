"""Names in every script: compared, sorted, searched, and fit for storage."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.text import (
    IGNORED_ARTICLES,
    clean,
    fold,
    genre_key,
    index_letter,
    searched,
    sort_key,
    spelled,
    words,
)

# Whatever a tag may hold, lone surrogates and unassigned characters included; and much of what people really write.
anything = st.text(st.characters()) | st.text(
    st.characters(
        min_codepoint=0x20,
        max_codepoint=0x1FFFF,
        categories=["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Zs", "Pd"],
    )
)
# The characters of XML 1.0, section 2.2.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@given(anything)
def test_clean_text_is_fit_for_xml_and_for_postgresql(text: str) -> None:
    cleaned = clean(text)
    assert not NOT_XML.search(cleaned)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in cleaned)
    assert cleaned.encode().decode() == cleaned == cleaned.strip()


@given(anything)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(anything)
def test_composed_and_decomposed_spellings_are_stored_alike(text: str) -> None:
    assert clean(unicodedata.normalize("NFD", clean(text))) == clean(text)


def test_what_separates_words_still_separates_them_when_it_is_no_character() -> None:
    assert clean(" Ana\0Bo\nCy\x7f\ud800\ufffe ") == "Ana Bo Cy"


@given(anything)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(anything)
def test_spellings_in_other_forms_and_cases_fold_alike(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)
    assert fold(text.casefold()) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sigur Rós", "SIGUR ROS"),
        ("Björk", "bjork"),
        ("Straße", "STRASSE"),
        ("Røyksopp", "royksopp"),
        ("Ǿǽ", "oæ"),
        ("Łódź", "lodz"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),  # noqa: RUF001
        ("ﬁne", "fine"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ёлка", "елка"),
        ("Þeyr", "theyr"),
        ("Ŧøn Ɓa Ƙano", "ton ba kano"),
        ("Əli İsmayıl", "eli ismayil"),  # noqa: RUF001
        ("Đorđe Ĺ Ħal", "dorde l hal"),
        ("ᴀʀᴛɪꜱᴛ", "artist"),
        ("ﾃﾚｻ", "テレサ"),
        ("Ǆ ǈ", "dz lj"),
        ("Œuvre Ærø", "oeuvre aero"),
        ("STRAẞE", "strasse"),
        ("Ⅷ ²", "viii 2"),
        ("  two\t words ", "two words"),
    ],
)
def test_two_spellings_of_one_name_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("name", ["坂本龍一", "방탄소년단", "فيروز", "लता मंगेशकर", "ไททานิก"])
def test_scripts_without_case_keep_their_letters(name: str) -> None:
    assert fold(name)
    assert words(name)


def test_different_names_stay_different() -> None:
    names = ["坂本龍一", "坂本九", "Ана", "Ana", "A", "Ae", "か", "き"]
    assert len({fold(name) for name in names}) == len(names)


@given(anything)
def test_words_are_found_again_by_their_own_folding(text: str) -> None:
    assert [found for word in words(text) for found in words(word)] == words(text)


def test_words_end_where_punctuation_begins() -> None:
    assert words("AC/DC: Who's “Róck”?") == ["ac", "dc", "who", "s", "rock"]
    assert words("…") == []


@pytest.mark.parametrize("article", IGNORED_ARTICLES)
def test_a_leading_article_does_not_count(article: str) -> None:
    assert sort_key(f"{article} Band") == sort_key(f"{article.upper()} Band") == "band"


@pytest.mark.parametrize("name", ["The", "Theatre", "Lesser", "The "])
def test_what_only_begins_like_an_article_counts(name: str) -> None:
    assert sort_key(name) == fold(name)


def test_a_sort_name_of_its_own_wins() -> None:
    assert sort_key("The Beatles", "Beatles, The") == "beatles, the"
    assert sort_key("The Beatles", "") == "beatles"


@given(anything)
def test_every_name_has_one_heading_of_one_letter(text: str) -> None:
    letter = index_letter(sort_key(clean(text)))
    assert letter == "#" or letter.isalpha()
    assert len(letter) == 1


def test_headings() -> None:
    assert [index_letter(sort_key(name)) for name in ("Édith", "2Pac", "", "!!!", "Ёлка", "坂本")] == list("E###Е坂")


def test_spellings_of_one_genre_are_one() -> None:
    assert genre_key("Drum & Bass") == genre_key("DRUM  & bass")
    assert genre_key("Jazz") != genre_key("Soul")


@given(anything, st.integers(1, 1000))
def test_what_is_indexed_fits_into_an_index(text: str, times: int) -> None:
    for indexed in (genre_key(text * times), sort_key(text * times), *words(text * times)):
        assert len(indexed) <= 200


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Чайковский", "чайк"),
        ("Чайковский", "chayk"),
        ("Пётр", "петр"),
        ("Пётр", "pyotr"),
        ("Щука на ёлке", "shchuka"),
        ("Νύχτα στην Αθήνα", "nychta"),
        ("Νύχτα στην Αθήνα", "αθηνα"),
        ("Μπουζούκι", "bouzouki"),
        ("O’Brien", "obrien"),
        ("O’Brien", "brien"),
        ("Rock'n'Roll", "rocknroll"),
        ("Hawai\u02bbi", "hawaii"),
        ("Hawai\u02bbi", "hawai'i"),
    ],
)
def test_a_name_is_found_in_each_of_its_spellings(name: str, typed: str) -> None:
    stored = searched(name).split()
    for word in spelled(typed):
        assert any(found.startswith(spelling) for found in stored for spelling in word)


def test_what_is_searched_holds_each_word_once_and_both_scripts() -> None:
    assert searched("Кино", "Кино", "Kino, live") == "кино kino live"
    assert searched("ъ") == "ъ"
    assert searched("…", "") == ""


@given(anything)
def test_every_name_is_found_by_itself(text: str) -> None:
    stored = set(searched(text).split())
    assert all(stored.issuperset(word) for word in spelled(text))


@pytest.mark.parametrize(
    "text", ["й" * 100_000, "я\u0301" * 100_000, "a" + "\u0301" * 200_000, "ﷺ" * 100_000, "'" * 100_000]
)
def test_an_endless_name_is_searched_by_its_beginning_and_soon(text: str) -> None:
    assert len(searched(text)) <= 40_000
