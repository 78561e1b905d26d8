"""Ratings, one at a time. Whole sets are read and appended in ``listening.py``."""

from appliance.core.catalogue import Item
from appliance.core.listening import RatingEvent
from appliance.store.database import Connection, Row
from appliance.store.standing import Log, Standing
from appliance.store.tables import ratings


def _event(row: Row) -> RatingEvent:
    values = dict(row.items())
    return RatingEvent(**values | {"item": Item(values["item"])})


_LOG = Log(ratings, ratings.c.rating > 0, _event)


class Ratings(Standing[RatingEvent]):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _LOG)
