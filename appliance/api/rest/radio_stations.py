"""``/radio-stations``: internet radio."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.addresses import LONGEST_ADDRESS
from appliance.core.radio_stations import (
    LONGEST_NAME,
    RadioStation,
    StationChanges,
    add_station,
    change_station,
)

_NAME = Meta(
    min_length=1,
    max_length=LONGEST_NAME,
    description="What it is called; no two stations share a name, whatever its case and accents.",
    examples=["Radio Paradise"],
)
_STREAM = Meta(
    max_length=LONGEST_ADDRESS,
    description="Where players hear it: `http` or `https`, without a user name or password. The server never asks it.",
    examples=["https://stream.radio.example/flac"],
)
_HOME_PAGE = Meta(
    description="Its page for people, an address as `stream_url` is; null without one.",
    examples=["https://radio.example/"],
)
_HomePage = Annotated[Annotated[str, Meta(max_length=LONGEST_ADDRESS)] | None, _HOME_PAGE]


class StationRead(msgspec.Struct, frozen=True, kw_only=True):
    """A radio station."""

    id: Id
    name: Annotated[str, _NAME]
    stream_url: Annotated[str, _STREAM]
    home_page_url: _HomePage
    created_by: Annotated[
        UUID | None,
        Meta(description="Who named it; null when they are gone.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"]),
    ]
    created_at: Annotated[datetime, Meta(description="When it was named (UTC).", examples=["2026-03-01T18:20:00Z"])]

    @classmethod
    def of(cls, station: RadioStation) -> "StationRead":
        return cls(**msgspec.structs.asdict(station))


class StationPage(Page[StationRead], frozen=True):
    """One page of radio stations."""


class StationCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new radio station."""

    name: Annotated[str, _NAME]
    stream_url: Annotated[str, _STREAM]
    home_page_url: _HomePage = None


class StationUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed; what is left out stays."""

    name: Annotated[str, _NAME] | UnsetType = UNSET
    stream_url: Annotated[str, _STREAM] | UnsetType = UNSET
    home_page_url: _HomePage | UnsetType = UNSET


class StationList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which radio stations."""


async def listing(call: Call[StationList, Nothing]) -> Reply:
    """One page of the stations, by name."""
    stations, total = await call.work.radio_stations.page(call.query.window())
    return Reply(call.query.of([StationRead.of(station) for station in stations], total))


async def create(call: Call[Nothing, StationCreate]) -> Reply:
    """Name a station."""
    wanted = msgspec.structs.asdict(call.body)
    station = await add_station(call.work, call.caller.user, **wanted, now=datetime.now(UTC))
    return Reply(StationRead.of(station))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One station."""
    return Reply(StationRead.of(await call.work.radio_stations.get(call.item)))


async def change(call: Call[Nothing, StationUpdate]) -> Reply:
    """Change a station."""
    changes = StationChanges(**msgspec.structs.asdict(call.body))
    return Reply(StationRead.of(await change_station(call.work, call.item, changes)))


async def remove(call: Call[Nothing, Nothing]) -> Reply:
    """Forget a station."""
    await call.work.radio_stations.remove(call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_radio_stations",
        method="GET",
        path="/radio-stations/",
        tag="Radio",
        summary="List radio stations",
        description="By name.",
        handle=listing,
        query=StationList,
        answer=StationPage,
    ),
    Operation(
        name="create_radio_station",
        method="POST",
        path="/radio-stations/",
        tag="Radio",
        summary="Add a radio station",
        description="409 when there is one of this name or with this stream.",
        handle=create,
        body=StationCreate,
        status=201,
        answer=StationRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
    Operation(
        name="read_radio_station",
        method="GET",
        path="/radio-stations/{id}",
        tag="Radio",
        summary="Read a radio station",
        handle=read,
        answer=StationRead,
    ),
    Operation(
        name="update_radio_station",
        method="PATCH",
        path="/radio-stations/{id}",
        tag="Radio",
        summary="Change a radio station",
        handle=change,
        body=StationUpdate,
        answer=StationRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
    Operation(
        name="delete_radio_station",
        method="DELETE",
        path="/radio-stations/{id}",
        tag="Radio",
        summary="Forget a radio station",
        handle=remove,
        status=204,
        access=Access.ADMINISTRATORS,
    ),
)
