"""Those who change the catalogue take turns, whatever process they are in."""

from sqlalchemy import text

from appliance.store.database import Connection
from appliance.store.statement import Statement

#: The number is ours and arbitrary.
_TAKE_TURNS = Statement(text("SELECT pg_advisory_xact_lock(7066010001)"))


async def take_turns(connection: Connection) -> None:
    """Wait for the others; from here to the end of the transaction, what is looked up in the catalogue stays true."""
    await connection.execute(_TAKE_TURNS)
