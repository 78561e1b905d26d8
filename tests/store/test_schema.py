"""The tables of the code are the tables of the database."""

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from appliance.store.migrate import migrate, revisions
from appliance.store.tables import metadata


def test_the_migrations_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_every_index_of_the_code_is_there_with_its_condition(database_url: str) -> None:
    """Alembic does not compare the conditions, expressions and collations that our indexes and columns live by."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE SCHEMA fresh")
        connection.execute("SET search_path TO fresh")
        connection.commit()
        engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=NullPool)
        metadata.create_all(engine, checkfirst=False)
    with psycopg.connect(database_url) as connection:
        assert _definitions(connection, "fresh") == _definitions(connection, "public")


async def test_an_empty_database_is_migrated_once_and_then_left_alone(empty_database_url: str) -> None:
    said: list[str] = []
    await migrate(empty_database_url, say=said.append)
    await migrate(empty_database_url, say=said.append)
    assert len(said) == 1
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(revisions()[-1],)]


def _definitions(connection: psycopg.Connection[tuple[object, ...]], schema: str) -> list[tuple[object, ...]]:
    """Indexes, constraints and collations as PostgreSQL spells them, without the schema's name."""
    connection.execute("SELECT set_config('search_path', %s, true)", [schema])
    return connection.execute(
        """
        SELECT tablename, replace(indexdef, schemaname || '.', '') FROM pg_indexes
        WHERE schemaname = %(schema)s AND tablename <> 'alembic_version'
        UNION ALL
        SELECT relname, conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = %(schema)s::regnamespace AND relname <> 'alembic_version'
        UNION ALL
        SELECT table_name, column_name || ' ' || coalesce(collation_name, '')
        FROM information_schema.columns
        WHERE table_schema = %(schema)s AND table_name <> 'alembic_version'
        ORDER BY 1, 2
        """,
        {"schema": schema},
    ).fetchall()
