"""Internet radio: stations that administrators name and everybody may play. The server itself never asks a station."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from appliance.core.accounts import User
from appliance.core.addresses import fault_of_address, normal_address
from appliance.core.errors import Conflict, FieldFault, NotUsable
from appliance.core.ids import new_id
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean, fold

LONGEST_NAME = 200
#: Characters of a folded name, which may be longer than the name, that tell stations apart.
_LONGEST_KEY = 400


class RadioStation(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    stream_url: str
    home_page_url: str | None
    created_by: UUID | None
    """None when they are gone."""
    created_at: datetime

    @property
    def key(self) -> str:
        """The form in which names are compared; lists are ordered by it."""
        return fold(self.name)[:_LONGEST_KEY]


class StationChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a station; what is unset stays."""

    name: str | UnsetType = UNSET
    stream_url: str | UnsetType = UNSET
    home_page_url: str | UnsetType | None = UNSET


async def add_station(
    work: UnitOfWork, user: User, *, name: str, stream_url: str, home_page_url: str | None, now: datetime
) -> RadioStation:
    """Name a station. Raises ``NotUsable`` with every fault, ``Conflict`` when its name or address is there already."""
    station = _checked(
        RadioStation(
            id=new_id(),
            name=name,
            stream_url=stream_url,
            home_page_url=home_page_url,
            created_by=user.id,
            created_at=now,
        )
    )
    await work.radio_stations.lock()
    await _must_be_alone(work, station)
    await work.radio_stations.add(station)
    return station


async def change_station(work: UnitOfWork, station_id: UUID, changes: StationChanges) -> RadioStation:
    """Change a station. Raises as ``add_station`` does, and ``NotFound``."""
    await work.radio_stations.lock()
    given = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    station = _checked(msgspec.structs.replace(await work.radio_stations.get(station_id), **given))
    await _must_be_alone(work, station)
    await work.radio_stations.change(station)
    return station


async def _must_be_alone(work: UnitOfWork, station: RadioStation) -> None:
    twin = await work.radio_stations.twin(station)
    if twin is not None:
        raise Conflict(f"There is already a station of this name or address: {twin.name}.")


def _checked(station: RadioStation) -> RadioStation:
    """The station as it is kept. Raises ``NotUsable``."""
    faults: list[FieldFault] = []
    # Its length first: to clean a megabyte of accents takes minutes.
    name = clean(station.name) if len(station.name) <= LONGEST_NAME else ""
    if not fold(name):
        faults.append(FieldFault("name", f"A station's name has 1 to {LONGEST_NAME} characters.", "invalid"))
    addresses = {"stream_url": station.stream_url}
    if station.home_page_url is not None:
        addresses["home_page_url"] = station.home_page_url
    for field, address in addresses.items():
        if fault := fault_of_address(address):
            faults.append(FieldFault(field, fault, "invalid"))
    if faults:
        raise NotUsable(faults)
    kept = {field: normal_address(address) for field, address in addresses.items()}
    return msgspec.structs.replace(station, name=name, **kept)
