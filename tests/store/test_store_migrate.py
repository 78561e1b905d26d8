"""Migrations against a real server, with a small history of their own."""

import shutil
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
import trio
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from appliance.store.errors import NewerSchema
from appliance.store.migrate import MIGRATIONS, migrate, revisions
from appliance.store.tables import metadata

REVISION = '''"""One more table."""

from alembic import op

revision = "{revision}"
down_revision = {down!r}


def upgrade() -> None:
    op.execute("CREATE TABLE table_{revision} (id int)")
    op.execute("{more}")
'''


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A folder of migrations, one in it, and an odd name above it."""
    folder = tmp_path / "100 % odd" / "migrations"
    (folder / "versions").mkdir(parents=True)
    shutil.copy(MIGRATIONS / "env.py", folder)
    shutil.copy(MIGRATIONS / "script.py.mako", folder)
    add(folder, "0001", None)
    return folder


def add(folder: Path, revision: str, down: str | None, more: str = "SELECT 1") -> None:
    file = folder / "versions" / f"{revision}_more.py"
    file.write_text(REVISION.format(revision=revision, down=down, more=more))


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def stored(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert row is not None
        return str(row[0])


async def test_an_empty_database_gets_everything_and_a_second_run_changes_nothing(
    empty_database_url: str, migrations: Path
) -> None:
    said: list[str] = []
    await migrate(empty_database_url, migrations=migrations, say=said.append)
    await migrate(empty_database_url, migrations=migrations, say=said.append)
    assert tables(empty_database_url) == {"alembic_version", "table_0001"}
    assert said == ["Bringing the database up to date…"]


async def test_an_older_database_gets_what_it_lacks(empty_database_url: str, migrations: Path) -> None:
    await migrate(empty_database_url, migrations=migrations)
    add(migrations, "0002", "0001")
    add(migrations, "0003", "0002")
    await migrate(empty_database_url, migrations=migrations)
    assert tables(empty_database_url) == {"alembic_version", "table_0001", "table_0002", "table_0003"}
    assert stored(empty_database_url) == "0003"


async def test_when_one_fails_none_is_applied(empty_database_url: str, migrations: Path) -> None:
    await migrate(empty_database_url, migrations=migrations)
    add(migrations, "0002", "0001")
    add(migrations, "0003", "0002", more="SELECT 1 / 0")
    with pytest.raises(sa.exc.DBAPIError, match="division by zero"):
        await migrate(empty_database_url, migrations=migrations)
    assert tables(empty_database_url) == {"alembic_version", "table_0001"}
    assert stored(empty_database_url) == "0001"


async def test_a_newer_schema_is_refused_with_the_way_out(empty_database_url: str, migrations: Path) -> None:
    add(migrations, "0002", "0001")
    await migrate(empty_database_url, migrations=migrations)
    (migrations / "versions" / "0002_more.py").unlink()
    with pytest.raises(NewerSchema, match=r"schema 0002.*newest is 0001.*restore the backup") as refusal:
        await migrate(empty_database_url, migrations=migrations)
    assert "\n" not in str(refusal.value)
    assert stored(empty_database_url) == "0002"


async def test_processes_that_start_together_migrate_once(empty_database_url: str, migrations: Path) -> None:
    add(migrations, "0002", "0001", more="SELECT pg_sleep(0.3)")
    program = (
        "import sys, trio, pathlib; from appliance.store.migrate import migrate;"
        "trio.run(lambda: migrate(sys.argv[1], migrations=pathlib.Path(sys.argv[2])))"
    )

    async def start() -> None:
        command = [sys.executable, "-c", program, empty_database_url, str(migrations)]
        await trio.run_process(command, cwd=MIGRATIONS.parents[2])

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(start)
    assert tables(empty_database_url) == {"alembic_version", "table_0001", "table_0002"}


async def test_nothing_to_apply_loads_no_alembic(database_url: str) -> None:
    program = (
        "import sys, trio; from appliance.store.migrate import migrate; trio.run(migrate, sys.argv[1]);"
        "print([name for name in ('alembic', 'sqlalchemy.ext.asyncio') if name in sys.modules])"
    )
    done = await trio.run_process(
        [sys.executable, "-c", program, database_url], capture_stdout=True, cwd=MIGRATIONS.parents[2]
    )
    assert done.stdout == b"[]\n"


def test_the_numbers_of_the_files_are_the_history_that_alembic_sees() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    history = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert revisions() == history[::-1]
    assert history


def test_a_migrated_database_has_the_tables_that_the_statements_are_built_from(database_url: str) -> None:
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
