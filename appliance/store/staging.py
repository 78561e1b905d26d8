"""Updating many rows at once: COPY into a temporary table, and one UPDATE from there of what differs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, text

from appliance.store.database import Connection
from appliance.store.statement import Statement


class Staging:
    """Writes rows over those of a table that have the same ``id``, where anything differs."""

    def __init__(self, table: Table, columns: Sequence[str], *, also: str = "") -> None:
        """``columns``: what the rows hold, ``id`` among them. ``also``: further assignments."""
        name = table.name
        changing = [column for column in columns if column != "id"]
        ours, theirs = (", ".join(f"{source}.{column}" for column in changing) for source in (name, "staged"))
        assignments = ", ".join([*(f"{column} = staged.{column}" for column in changing), *([also] if also else [])])
        differing = f"{name}.id = staged.id AND ({ours}) IS DISTINCT FROM ({theirs})"
        self._columns = columns
        self._staged = f"staged_{name}"
        # Names of our own tables and columns, no values.
        self._create = Statement(
            text(
                f"CREATE TEMPORARY TABLE {self._staged} ON COMMIT DROP AS "
                f"SELECT {', '.join(columns)} FROM {name} WITH NO DATA"
            )
        )
        self._differing = Statement(text(f"SELECT {name}.id FROM {name} JOIN {self._staged} AS staged ON {differing}"))
        self._update = Statement(
            text(f"UPDATE {name} SET {assignments} FROM {self._staged} AS staged WHERE {differing}")
        )
        self._drop = Statement(text(f"DROP TABLE {self._staged}"))

    async def stage(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> list[UUID]:
        """Take the rows, each in the order of the columns; returns the ids of those that differ. Then ``write``."""
        if not rows:
            return []
        await connection.execute(self._create)
        await connection.copy(self._staged, self._columns, rows)
        differing = [id_ for (id_,) in await connection.fetch(self._differing)]
        if not differing:
            await connection.execute(self._drop)
        return differing

    async def write(self, connection: Connection) -> None:
        """Write what ``stage`` found to differ; only to be called when it found any."""
        await connection.execute(self._update)
        await connection.execute(self._drop)
