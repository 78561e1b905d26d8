"""``/schedules``: jobs that are asked for by the clock."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.jobs import KindName, Payload
from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.schedules import NewSchedule, Schedule

Name = Annotated[str, Meta(min_length=1, max_length=100, description="What it is called.", examples=["Every night"])]
Cron = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="Five fields, as cron has them: minute, hour, day of the month, month, day of the week.",
        examples=["30 3 * * *"],
    ),
]
ZoneName = Annotated[
    Annotated[str, Meta(min_length=1, max_length=200)] | None,
    Meta(
        description="In which time zone `cron` is meant; null is the machine's own, also when that changes.",
        examples=["Europe/Berlin"],
    ),
]
Enabled = Annotated[bool, Meta(description="Whether it runs.", examples=[True])]


class ScheduleRead(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule."""

    id: Id
    name: Annotated[str, Meta(description="What it is called.", examples=["Every night"])]
    kind: Annotated[str, Meta(description="What is done.", examples=["scan"])]
    payload: Annotated[dict[str, Any], Meta(description="What the job is told.", examples=[{"kind": "full"}])]
    cron: Annotated[str, Meta(description="When, as cron has it.", examples=["30 3 * * *"])]
    time_zone: Annotated[
        str | None, Meta(description="In which time zone; null is the machine's own.", examples=["Europe/Berlin"])
    ]
    enabled: Enabled
    origin: Annotated[
        str | None,
        Meta(description="Of one that came with Tonearm, and cannot be removed; else null.", examples=["maintain"]),
    ]
    next_run_at: Annotated[
        datetime | None, Meta(description="When it runs next (UTC); null for never.", examples=["2026-03-02T02:30:00Z"])
    ]
    last_run_at: Annotated[
        datetime | None, Meta(description="When it ran last (UTC); null before.", examples=["2026-03-01T02:30:00Z"])
    ]
    created_at: Annotated[datetime, Meta(description="When it was made (UTC).", examples=["2026-03-01T18:20:00Z"])]

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleRead":
        return msgspec.convert(schedule, cls, from_attributes=True)


class SchedulePage(Page[ScheduleRead], frozen=True):
    """One page of schedules."""


class ScheduleCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new schedule."""

    name: Name
    kind: KindName
    payload: Payload = {}
    cron: Cron
    time_zone: ZoneName = None
    enabled: Enabled = True


class ScheduleUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a schedule; what is left out stays."""

    name: Name | UnsetType = UNSET
    kind: KindName | UnsetType = UNSET
    payload: Payload | UnsetType = UNSET
    cron: Cron | UnsetType = UNSET
    time_zone: ZoneName | UnsetType = UNSET
    enabled: Enabled | UnsetType = UNSET


class ScheduleList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which schedules."""


async def listing(call: Call[ScheduleList, Nothing]) -> Reply:
    """One page of the schedules, by name."""
    found, total = await call.work.schedules.page(call.query.window())
    return Reply(call.query.of([ScheduleRead.of(schedule) for schedule in found], total))


async def create(call: Call[Nothing, ScheduleCreate]) -> Reply:
    """A new schedule."""
    wish = NewSchedule(**msgspec.structs.asdict(call.body))
    return Reply(ScheduleRead.of(await call.services.timetable.create(call.work, wish)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One schedule."""
    return Reply(ScheduleRead.of(await call.work.schedules.get(call.item)))


async def update(call: Call[Nothing, ScheduleUpdate]) -> Reply:
    """Change a schedule."""
    changes = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    return Reply(ScheduleRead.of(await call.services.timetable.update(call.work, call.item, changes)))


async def remove(call: Call[Nothing, Nothing]) -> Reply:
    """Remove a schedule."""
    await call.services.timetable.remove(call.work, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_schedules",
        method="GET",
        path="/schedules/",
        tag="Jobs",
        summary="List schedules",
        description="By name.",
        handle=listing,
        query=ScheduleList,
        answer=SchedulePage,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="create_schedule",
        method="POST",
        path="/schedules/",
        tag="Jobs",
        summary="Make a schedule",
        description="What was missed while the box was off is made up for once.",
        handle=create,
        body=ScheduleCreate,
        status=201,
        answer=ScheduleRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
    Operation(
        name="read_schedule",
        method="GET",
        path="/schedules/{id}",
        tag="Jobs",
        summary="Read a schedule",
        handle=read,
        answer=ScheduleRead,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="update_schedule",
        method="PATCH",
        path="/schedules/{id}",
        tag="Jobs",
        summary="Change a schedule",
        handle=update,
        body=ScheduleUpdate,
        answer=ScheduleRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
    Operation(
        name="delete_schedule",
        method="DELETE",
        path="/schedules/{id}",
        tag="Jobs",
        summary="Remove a schedule",
        description="One that came with Tonearm can be switched off, and not removed.",
        handle=remove,
        status=204,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
)
