"""Cyrillic and Greek in Latin letters, as people who have no such keyboard type them, and as many sleeves print them.

Cyrillic follows BGN/PCGN 1947 (the American and British committees on geographical names) without its marks and
apostrophes: ``е`` is always ``e``, ``ё`` is ``yo``. Letters that Russian has not are taken from the same
committees' tables for Ukrainian, Belarusian, Serbian and Macedonian, as long as one table for all allows it: ``г`` is
``g``, ``и`` is ``i``. Greek follows ISO 843:1997, transcription (ELOT 743), without its marks.
"""
# ruff: noqa: RUF001, RUF002 - the letters of three alphabets look alike, which is what this is about

import re
import unicodedata

_CYRILLIC = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i",
        "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
        "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e",
        "ю": "yu", "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "w", "ѐ": "e", "ѝ": "i",
        "ђ": "dj", "ѓ": "gj", "ѕ": "dz", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ќ": "kj", "џ": "dz",
    }
)  # fmt: skip
_GREEK = str.maketrans(
    {
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k",
        "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t",
        "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
    }
)  # fmt: skip
#: Letters that sound otherwise together, in the order in which they are looked for.
_TOGETHER = (
    (re.compile("ου"), "ou"),
    (re.compile("([αεη])υ(?=[αεηιουωβγδζλμνρ])"), r"\1v"),
    (re.compile("([αεη])υ"), r"\1f"),
    (re.compile("γ(?=[γξχ])"), "n"),
    (re.compile(r"\bμπ|μπ\b"), "b"),
)
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u1f00-\u1fff]")


def is_foreign(text: str) -> bool:
    """Whether anything in ``text`` would be spelled otherwise."""
    return _FOREIGN.search(text) is not None


def latin(text: str) -> str:
    """``text`` with its Cyrillic and Greek letters spelled in Latin ones, in lower case; all else stays as it is.

    Takes time by the square of many marks on one letter: give it words, not books.
    """
    composed = unicodedata.normalize("NFC", text.casefold()).translate(_CYRILLIC)
    if not is_foreign(composed):
        return composed
    bare = "".join(letter for letter in unicodedata.normalize("NFD", composed) if not unicodedata.combining(letter))
    for letters, sound in _TOGETHER:
        bare = letters.sub(sound, bare)
    return bare.translate(_GREEK | _CYRILLIC)
