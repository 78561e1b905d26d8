"""The words that names hold, so that a slip in what was typed can be mended.

Triggers on ``artists``, ``albums`` and ``tracks`` (migration 0008) add the words of whatever is written there, whoever
writes it, a set at a time; ``store.vocabulary`` reads them, and takes out those that nothing holds any more.
"""

from sqlalchemy import Column, Table, Text

from appliance.store.tables.base import metadata

search_words = Table("search_words", metadata, Column("word", Text(collation="C"), primary_key=True))

#: Each three letters that follow one another in a word, ``^`` before its first and ``$`` behind its last.
search_trigrams = Table(
    "search_trigrams",
    metadata,
    Column("trigram", Text(collation="C"), primary_key=True),
    Column("word", Text(collation="C"), primary_key=True),
)
