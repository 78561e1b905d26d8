"""Likes, one at a time. Whole sets are read and appended in ``listening.py``."""

from appliance.core.catalogue import Item
from appliance.core.listening import LikeEvent
from appliance.store.database import Connection, Row
from appliance.store.standing import Log, Standing
from appliance.store.tables import likes


def _event(row: Row) -> LikeEvent:
    values = dict(row.items())
    return LikeEvent(**values | {"item": Item(values["item"])})


_LOG = Log(likes, likes.c.liked, _event)


class Likes(Standing[LikeEvent]):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _LOG)
