"""How names are compared, sorted and searched. No database collation takes part, so that every PostgreSQL agrees."""

import re
import unicodedata

from appliance.core.transliteration import is_foreign, latin


def _bare_letters() -> dict[str, str]:
    """Letters that Unicode does not decompose, though people type them without their strokes, hooks and ligatures."""
    blocks = (range(0x100, 0x2B0), range(0x1D00, 0x1D80), range(0x2C60, 0x2C80), range(0xA720, 0xA800))
    one_letter = re.compile("LATIN (?:SMALL LETTER|LETTER SMALL CAPITAL) ([A-Z])(?: WITH .*| BAR)?")
    bare = {}
    for letter in (chr(point) for block in blocks for point in block):
        if named := one_letter.fullmatch(unicodedata.name(letter, "")):
            bare[letter] = named[1].lower()
    return bare


_LETTERS = str.maketrans(
    _bare_letters()
    | dict(zip("øđðłıħŋəǝɛɔɑɪʊʒĸɵ", "oddlihneeeoaiuzko", strict=True))
    | {"æ": "ae", "œ": "oe", "þ": "th", "ȣ": "ou"}  # noqa: RUF001
)
_WORD = re.compile(r"\w+")
#: Within a word, as people write it or leave it out: O'Brien, rock'n'roll.
_APOSTROPHE = re.compile("['\u2018\u2019\u02b9-\u02bf`\u00b4\uff07]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

# Characters. An index of PostgreSQL takes 2,704 bytes a row and 2,046 a word.
_LONGEST_KEY = 200
_LONGEST_WORD = 200
#: Of a name, what search looks at.
_LONGEST_SEARCHED = 2_000

#: Leading words that do not count when names are sorted; the Subsonic API shows this list to its clients.
IGNORED_ARTICLES = ("The", "El", "La", "Los", "Las", "Le", "Les")
_ARTICLES = tuple(f"{article.casefold()} " for article in IGNORED_ARTICLES)


def clean(text: str) -> str:
    """``text`` fit for storage and for XML: control characters (NUL included) become spaces, ends stripped, NFC."""
    return unicodedata.normalize("NFC", _CONTROL.sub(" ", text)).strip()


def fold(text: str) -> str:
    """The form in which two spellings of one name are equal: no case, accents, width or ligatures.

    NFKD, marks dropped, casefolded: ``Sigur Rós`` and ``SIGUR ROS`` fold to the same. Text in scripts
    without case or marks stays as it is. Control characters count as spaces.
    """
    folded = _CONTROL.sub(" ", text).casefold()
    if not folded.isascii():
        # Letter by letter: a normalisation of the whole sorts its marks, which takes hours for a megabyte of them.
        letters = "".join(unicodedata.normalize("NFKD", letter) for letter in folded)
        bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
        folded = unicodedata.normalize("NFC", bare.casefold().translate(_LETTERS))
    return " ".join(folded.split())


def words(text: str) -> list[str]:
    """The folded words of ``text``, as search sees them; of a very long one (a sentence in Japanese) its beginning."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(fold(text))]


def spelled(text: str) -> list[tuple[str, ...]]:
    """The words of ``text``, each in every spelling by which it is found: folded, and in Latin letters.

    Of a long text, its beginning.
    """
    text = _APOSTROPHE.sub(" ", text[:_LONGEST_SEARCHED])
    if not is_foreign(text):
        return [(word,) for word in words(text)]
    found: list[tuple[str, ...]] = []
    for part in text.split():
        folded, in_latin = words(part), words(latin(part))
        if len(in_latin) != len(folded):  # a sign that has no sound of its own stands alone
            in_latin = folded
        found += [tuple(dict.fromkeys(spellings)) for spellings in zip(folded, in_latin, strict=True)]
    return found


def searched(*names: str) -> str:
    """What is stored of something's names for search: each word once, in every spelling, between blanks.

    Words that an apostrophe divides are there in one piece as well.
    """
    text = " ".join(names)[:_LONGEST_SEARCHED]
    whole = _APOSTROPHE.sub("", text)
    found = spelled(text) if whole == text else spelled(text) + spelled(whole)
    return " ".join(dict.fromkeys(spelling for word in found for spelling in word))


def sort_key(name: str, sort_name: str | None = None) -> str:
    """The folded string by which ``name`` is sorted: its own sort name, or itself without a leading article.

    Cut where it tells nothing any more, so that it fits into an index.
    """
    return fold(sort_name or _without_article(name))[:_LONGEST_KEY]


def genre_key(name: str) -> str:
    """The form in which two spellings of one genre are equal."""
    return fold(name)[:_LONGEST_KEY]


def _without_article(name: str) -> str:
    if not name.casefold().startswith(_ARTICLES):
        return name
    return name.partition(" ")[2] or name


def index_letter(key: str) -> str:
    """The heading under which a sort key is listed: a capital letter, or ``#`` for anything that is not one."""
    return key[0].upper() if key and key[0].isalpha() else "#"
