"""Those who change the same thing take turns, whatever process they are in."""

from enum import IntEnum

from sqlalchemy import BigInteger, bindparam, func, select

from appliance.store.database import Connection
from appliance.store.statement import Statement

_TAKE_TURNS = Statement(select(func.pg_advisory_xact_lock(bindparam("turn", type_=BigInteger))))


class Turn(IntEnum):
    """What is taken in turns. The numbers are ours and arbitrary; nothing else on the database may use them."""

    CATALOGUE = 7066010001
    """What scans and imports change."""
    USERS = 7066010002
    """To create them."""
    SCANS = 7066010003
    """To ask for one, and to look for one to run."""
    SCHEDULES = 7066010031
    """To name them."""
    RADIO_STATIONS = 7066010071
    """To name them."""


async def take_turns(connection: Connection, turn: Turn) -> None:
    """Wait for the others; from here to the end of the transaction, what is looked up there stays true."""
    await connection.execute(_TAKE_TURNS, turn=turn.value)
