"""Updating many rows at once: COPY into a temporary table, one UPDATE from there."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, text

from appliance.store.database import Connection
from appliance.store.statement import Statement


class Staging:
    """Writes rows over those of a table that have the same ``id``, where anything differs."""

    def __init__(self, table: Table, columns: Sequence[str], *, also: str = "", condition: str = "TRUE") -> None:
        """``columns``: what the rows hold, ``id`` among them. ``also``: further assignments; ``condition``: which rows."""
        name = table.name
        changing = [column for column in columns if column != "id"]
        ours, theirs = (", ".join(f"{source}.{column}" for column in changing) for source in (name, "staged"))
        assignments = ", ".join([*(f"{column} = staged.{column}" for column in changing), *([also] if also else [])])
        self._columns = columns
        self._staged = f"staged_{name}"
        # Names of our own tables and columns, no values.
        self._create = Statement(
            text(
                f"CREATE TEMPORARY TABLE {self._staged} ON COMMIT DROP AS "
                f"SELECT {', '.join(columns)} FROM {name} WITH NO DATA"  # noqa: S608
            )
        )
        self._update = Statement(
            text(
                f"UPDATE {name} SET {assignments} FROM {self._staged} AS staged "  # noqa: S608
                f"WHERE {name}.id = staged.id AND {condition} AND ({ours}) IS DISTINCT FROM ({theirs})"
            )
        )
        self._drop = Statement(text(f"DROP TABLE {self._staged}"))

    async def write(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """``rows``: each in the order of the columns."""
        if not rows:
            return
        await connection.execute(self._create)
        await connection.copy(self._staged, self._columns, rows)
        await connection.execute(self._update)
        await connection.execute(self._drop)
