"""What was meant by a word that is not there: the known words that it comes nearest to."""

from collections.abc import Iterable

#: Letters. A shorter word may mean anything; a longer one is no word of a language.
SHORTEST, LONGEST = 4, 40
_MOST_MEANT = 3


def can_be_mended(word: str) -> bool:
    """Whether ``word`` may be taken for another. What has a digit in it, a year or a number, means itself."""
    return SHORTEST <= len(word) <= LONGEST and not any(letter.isdecimal() for letter in word)


def trigrams(word: str) -> list[str]:
    """Each three letters that follow one another, with ``^`` before the first and ``$`` behind the last."""
    framed = f"^{word}$"
    return sorted({framed[place : place + 3] for place in range(len(word))})


def nearest(typed: str, known: Iterable[str]) -> list[str]:
    """Of the ``known`` words, likeliest first, the three first of those with the fewest slips.

    None beyond what one does by mistake.

    One slip in a word of up to five letters, two in a longer one. What is typed may still be going on: only the
    beginning of a known word is compared.
    """
    most = 1 if len(typed) <= 5 else 2
    told = [(slips(typed, word), word) for word in known if len(word) >= len(typed) - most]
    least = min((count for count, _ in told), default=0)
    return [word for count, word in told if count == least <= most][:_MOST_MEANT]


def slips(typed: str, word: str) -> int:
    """How many letters are wrong, missing, too many or swapped with their neighbour, up to the end of ``typed``.

    Optimal string alignment (a Damerau-Levenshtein distance where nothing is edited twice) to the beginning of
    ``word`` that is nearest.
    """
    before: list[int] = []
    above = list(range(len(word) + 1))
    for row, letter in enumerate(typed, start=1):
        here = [row]
        for column, other in enumerate(word, start=1):
            cost = min(above[column] + 1, here[-1] + 1, above[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == word[column - 2] and typed[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, above = above, here
    return min(above)
