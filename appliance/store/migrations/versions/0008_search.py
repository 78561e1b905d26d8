"""The vocabulary of search: words and their trigrams, and the triggers that keep them. Playlists found by name.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: What has a digit in it means itself, and is never mended; nor is what is too short to tell, or no language's word.
_LEARN = """
    WITH told AS (
        SELECT DISTINCT word COLLATE "C" AS word
        FROM ({texts}) AS told, unnest(string_to_array(told.search, ' ')) AS word
        WHERE length(word) BETWEEN 3 AND 40 AND word !~ '[0-9]'
    ),
    learnt AS (
        INSERT INTO search_words (word)
        SELECT word FROM told WHERE NOT EXISTS (SELECT FROM search_words AS known WHERE known.word = told.word)
        ORDER BY word
        ON CONFLICT DO NOTHING
        RETURNING word
    )
    INSERT INTO search_trigrams (trigram, word)
    SELECT DISTINCT substr('^' || word || '$', place, 3) AS trigram, word
    FROM learnt, generate_series(1, length(word)) AS place
    ORDER BY trigram, word
"""
_LEARN_ADDED = _LEARN.format(texts="SELECT search FROM fresh")
_LEARN_CHANGED = _LEARN.format(
    texts="SELECT fresh.search FROM fresh JOIN earlier ON earlier.id = fresh.id WHERE fresh.search <> earlier.search"
)
_LEARN_ALL = _LEARN.format(
    texts="SELECT search FROM artists UNION ALL SELECT search FROM albums UNION ALL SELECT search FROM tracks"
)


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_words")),
    )
    op.create_table(
        "search_trigrams",
        sa.Column("trigram", sa.Text(collation="C"), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("trigram", "word", name=op.f("pk_search_trigrams")),
    )
    op.add_column("playlists", sa.Column("search", sa.Text(), server_default="", nullable=False))
    op.create_index(
        op.f("ix_playlists_search"),
        "playlists",
        [sa.literal_column("array_to_tsvector(string_to_array(search, ' '))")],
        unique=False,
        postgresql_using="gin",
    )
    op.execute(_LEARN_ALL)
    for event, learn, seen in (
        ("INSERT", _LEARN_ADDED, "NEW TABLE AS fresh"),
        ("UPDATE", _LEARN_CHANGED, "OLD TABLE AS earlier NEW TABLE AS fresh"),
    ):
        function = f"learn_search_words_on_{event.lower()}"
        op.execute(
            f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $learn$ BEGIN {learn}; RETURN NULL; END $learn$"
        )
        for table in ("artists", "albums", "tracks"):
            op.execute(
                f"CREATE TRIGGER {function} AFTER {event} ON {table} REFERENCING {seen} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            )
