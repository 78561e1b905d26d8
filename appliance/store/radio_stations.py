"""Radio stations."""

from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, bindparam, delete, func, insert, or_, select, update

from appliance.core.catalogue import Window
from appliance.core.errors import NotFound
from appliance.core.radio_stations import RadioStation
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import radio_stations
from appliance.store.turns import Turn, take_turns

_COLUMNS = (
    radio_stations.c.id,
    radio_stations.c.name,
    radio_stations.c.stream_url,
    radio_stations.c.home_page_url,
    radio_stations.c.created_by,
    radio_stations.c.created_at,
)
_ID = bindparam("id", type_=Uuid)
_KEY = bindparam("key", type_=Text)
_STREAM_URL = bindparam("stream_url", type_=Text)

_TWIN = Statement(
    select(*_COLUMNS)
    .where(
        or_(radio_stations.c.key == _KEY, radio_stations.c.stream_url == _STREAM_URL),
        radio_stations.c.id != _ID,
    )
    .limit(1)
)
_ADD = Statement(
    insert(radio_stations).values(
        {column.name: bindparam(column.name, type_=column.type) for column in radio_stations.c}
    )
)
_CHANGE = Statement(
    update(radio_stations)
    .where(radio_stations.c.id == bindparam("station", type_=Uuid))
    .values(
        name=bindparam("name", type_=Text),
        key=_KEY,
        stream_url=_STREAM_URL,
        home_page_url=bindparam("home_page_url", type_=Text),
    )
)
_REMOVE = Statement(delete(radio_stations).where(radio_stations.c.id == _ID).returning(radio_stations.c.id))
_GET = Statement(select(*_COLUMNS).where(radio_stations.c.id == _ID))
_PAGE = Statement(
    select(*_COLUMNS)
    .order_by(radio_stations.c.key)
    .limit(bindparam("limit", type_=Integer))
    .offset(bindparam("offset", type_=Integer))
)
_COUNT = Statement(select(func.count()).select_from(radio_stations))


def _station(row: Any) -> RadioStation:
    return RadioStation(
        id=row[0], name=row[1], stream_url=row[2], home_page_url=row[3], created_by=row[4], created_at=row[5]
    )


def _absent(station_id: UUID) -> NotFound:
    return NotFound(f"There is no radio station {station_id}.")


class RadioStations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self) -> None:
        await take_turns(self._connection, Turn.RADIO_STATIONS)

    async def twin(self, station: RadioStation) -> RadioStation | None:
        row = await self._connection.fetch_row(_TWIN, id=station.id, key=station.key, stream_url=station.stream_url)
        return None if row is None else _station(row)

    async def add(self, station: RadioStation) -> None:
        await self._connection.execute(
            _ADD,
            id=station.id,
            name=station.name,
            key=station.key,
            stream_url=station.stream_url,
            home_page_url=station.home_page_url,
            created_by=station.created_by,
            created_at=station.created_at,
        )

    async def change(self, station: RadioStation) -> None:
        await self._connection.execute(
            _CHANGE,
            station=station.id,
            name=station.name,
            key=station.key,
            stream_url=station.stream_url,
            home_page_url=station.home_page_url,
        )

    async def remove(self, station_id: UUID) -> None:
        if await self._connection.fetch_value(_REMOVE, id=station_id) is None:
            raise _absent(station_id)

    async def get(self, station_id: UUID) -> RadioStation:
        row = await self._connection.fetch_row(_GET, id=station_id)
        if row is None:
            raise _absent(station_id)
        return _station(row)

    async def page(self, window: Window) -> tuple[list[RadioStation], int]:
        rows = await self._connection.fetch(_PAGE, limit=window.limit, offset=window.offset)
        return [_station(row) for row in rows], await self._connection.fetch_value(_COUNT)
