"""``/settings/``: what the household has decided for all."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Reply
from appliance.core import household

_Name = Annotated[
    str, Meta(min_length=1, max_length=64, description="What apps call this server.", examples=["Tonearm"])
]
_AuditDays = Annotated[int, Meta(ge=7, le=3650, description="For how many days the audit log is kept.", examples=[365])]
_InvitationDays = Annotated[
    int,
    Meta(ge=1, le=30, description="For how many days an invitation is good that does not say it.", examples=[7]),
]
_JobsDays = Annotated[
    int, Meta(ge=1, le=365, description="For how many days jobs that have ended are kept.", examples=[14])
]


class SettingsRead(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all."""

    name: _Name
    audit_days: _AuditDays
    invitation_days: _InvitationDays
    jobs_days: _JobsDays


class SettingsUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays."""

    name: _Name | UnsetType = UNSET
    audit_days: _AuditDays | UnsetType = UNSET
    invitation_days: _InvitationDays | UnsetType = UNSET
    jobs_days: _JobsDays | UnsetType = UNSET


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """The settings."""
    return Reply(SettingsRead(**msgspec.structs.asdict(await call.work.household.read())))


async def update(call: Call[Nothing, SettingsUpdate]) -> Reply:
    """Change settings."""
    asked = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    settled = await household.change(call.work, call.actor, asked)
    return Reply(SettingsRead(**msgspec.structs.asdict(settled)))


OPERATIONS = (
    Operation(
        name="read_settings",
        method="GET",
        path="/settings/",
        tag="Household",
        summary="Read the settings",
        description="Those that hold for the whole household and may change at any time.",
        handle=read,
        answer=SettingsRead,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="update_settings",
        method="PATCH",
        path="/settings/",
        tag="Household",
        summary="Change the settings",
        description="They hold from the next request on.",
        handle=update,
        body=SettingsUpdate,
        answer=SettingsRead,
        access=Access.ADMINISTRATORS,
    ),
)
