"""Bring the database to the schema of this release.

Migrations are numbered files, ``migrations/versions/0001_….py``, each with its number as its revision. One transaction
under one lock applies what is missing. Alembic is loaded only when something is: an idle server has no need of it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio_asyncio
from sqlalchemy import text

from appliance.store.database import open_database
from appliance.store.driver import connect
from appliance.store.errors import NewerSchema
from appliance.store.plainly import plainly
from appliance.store.statement import Statement

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = text("SELECT pg_advisory_xact_lock(8663276)")  # t-o-n-e-a-r-m on a telephone
_TAKE_TIME = text("SET LOCAL statement_timeout = 0")
_VERSIONED = Statement(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
_REVISION = Statement(text("SELECT version_num FROM alembic_version"))


def revisions(migrations: Path = MIGRATIONS) -> list[str]:
    """All revisions that this release knows, oldest first: the numbers of the files."""
    return sorted(file.name.partition("_")[0] for file in migrations.glob("versions/[0-9]*_*.py"))


async def migrate(url: str, *, migrations: Path = MIGRATIONS, say: Callable[[str], None] | None = None) -> None:
    """Apply the migrations that the database lacks: all or none, once, however many processes start together.

    Raises ``NewerSchema`` when the database is ahead of this release, and what ``open_database`` raises.
    """
    known = revisions(migrations)
    async with open_database(url, connections=1) as database, database.begin() as connection:
        stored = await connection.fetch_value(_REVISION) if await connection.fetch_value(_VERSIONED) else None
    _check(stored, known)
    if not known or stored == known[-1]:
        return
    if say is not None:
        say("Bringing the database up to date…")
    async with plainly(trio_asyncio.open_loop()) as loop:
        await trio_asyncio.aio_as_trio(_upgrade, loop=loop)(url, migrations, known)


def _check(stored: str | None, known: list[str]) -> None:
    if stored is not None and stored not in known:
        raise NewerSchema(
            f"The database has schema {stored}, which this Tonearm does not know (its newest is "
            f"{known[-1] if known else 'none'}): a newer Tonearm has used it. Install that one again, or restore the "
            "backup made before the update."
        )


async def _upgrade(url: str, migrations: Path, known: list[str]) -> None:
    """On asyncio: the way of Alembic's async template, with our connection."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - 15 MB, see above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    async def dial() -> Any:
        return await connect(url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=dial, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_apply, migrations, known)
    finally:
        await engine.dispose()


def _apply(connection: "Connection", migrations: Path, known: list[str]) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    connection.execute(_TAKE_TIME)
    connection.execute(_LOCK)
    # Somebody else may have held the lock before us.
    _check(MigrationContext.configure(connection).get_current_revision(), known)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    command.upgrade(config, "head")
