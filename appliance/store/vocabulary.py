"""The words that names hold: which begin as what was typed, and which come near to it."""

from collections.abc import Sequence

from sqlalchemy import Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from appliance.core import slips
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.turns import Turn, take_turns

#: Words of one query that are mended: each costs a few milliseconds.
_MOST_MENDED = 4

_BEGINNINGS = Statement(
    text(
        """
        SELECT typed FROM unnest(CAST(:words AS text[])) AS typed
        WHERE EXISTS (
            SELECT FROM search_words
            WHERE word >= typed COLLATE "C" AND word < (typed || chr(1114111)) COLLATE "C"
        )
        """
    )
)
_NEAR = Statement(
    text(
        """
        SELECT word FROM search_trigrams WHERE trigram = ANY(:trigrams)
        GROUP BY word
        ORDER BY count(*) / CAST(:many + length(word) - count(*) AS real) DESC, word
        LIMIT 50
        """
    ).bindparams(bindparam("trigrams", type_=ARRAY(Text)), bindparam("many", type_=Integer))
)
_FORGET = Statement(
    text(
        """
        WITH held AS (
            SELECT DISTINCT unnest(string_to_array(search, ' ')) AS word
            FROM (SELECT search FROM artists UNION ALL SELECT search FROM albums UNION ALL SELECT search FROM tracks)
                AS every
        ),
        forgotten AS (
            DELETE FROM search_words WHERE NOT EXISTS (SELECT FROM held WHERE held.word = search_words.word)
            RETURNING word
        )
        DELETE FROM search_trigrams USING forgotten
        WHERE search_trigrams.word = forgotten.word
          AND search_trigrams.trigram IN (
            SELECT substr('^' || forgotten.word || '$', place, 3)
            FROM generate_series(1, length(forgotten.word)) AS place
          )
        """
    )
)


class Vocabulary:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def mend(self, wanted: Sequence[tuple[str, ...]]) -> dict[int, list[str]]:
        """For each of the ``wanted`` words (in its spellings) that begins no known one, the known ones nearest to it.

        By its place in ``wanted``. Empty when nothing can be mended, or not everything that would have to be.
        """
        asked = {place: word for place, word in enumerate(wanted) if all(map(slips.can_be_mended, word))}
        spellings = [spelling for word in asked.values() for spelling in word]
        known = {spelling for (spelling,) in await self._connection.fetch(_BEGINNINGS, words=spellings)}
        unknown = [place for place, word in asked.items() if known.isdisjoint(word)]
        if len(unknown) > _MOST_MENDED:
            return {}
        meant = {place: await self._nearest(wanted[place]) for place in unknown}
        return meant if all(meant.values()) else {}

    async def _nearest(self, word: tuple[str, ...]) -> list[str]:
        near: dict[str, None] = {}
        for spelling in word:
            trigrams = slips.trigrams(spelling)
            rows = await self._connection.fetch(_NEAR, trigrams=trigrams, many=len(trigrams))
            near |= dict.fromkeys(slips.nearest(spelling, [known for (known,) in rows]))
        return list(near)

    async def forget(self) -> None:
        """Take out the words that no name holds any more. Reads every name: seconds, in a large catalogue."""
        # What is written meanwhile might hold a word that is just being taken out.
        await take_turns(self._connection, Turn.CATALOGUE)
        await self._connection.execute(_FORGET)
