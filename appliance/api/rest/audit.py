"""``/audit``: who did what to whose account."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.audit import Action, AuditFilter, Entry
from appliance.core.errors import BadRequest

_USER = "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"
_Action = Annotated[Action, Meta(description="What was done.", examples=["device_created"])]
_Moment = Annotated[datetime, Meta(tz=True)]


class EntryRead(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done. Names are as they were then."""

    id: Id
    happened_at: Annotated[datetime, Meta(description="When (UTC).", examples=["2026-03-01T18:20:00Z"])]
    action: _Action
    network: Annotated[
        str,
        Meta(description="The address that it came from; `terminal` for a command.", examples=["192.168.1.20"]),
    ]
    actor_id: Annotated[UUID | None, Meta(description="Who did it; null for nobody signed in.", examples=[_USER])]
    actor_name: Annotated[str | None, Meta(description="Their name.", examples=["ada"])]
    subject_id: Annotated[
        UUID | None, Meta(description="The user, device or invitation that it was done to.", examples=[_USER])
    ]
    subject_name: Annotated[str | None, Meta(description="Its name.", examples=["Kitchen speaker"])]
    fields: Annotated[list[str], Meta(description="What was changed, by name.", examples=[["role"]])]

    @classmethod
    def of(cls, entry: Entry) -> "EntryRead":
        return cls(**msgspec.structs.asdict(entry) | {"fields": list(entry.fields)})


class EntryPage(Page[EntryRead], frozen=True):
    """One page of the log."""


class EntryList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the log."""

    action: Annotated[Action | None, Meta(description="Only this.", examples=["sign_in_refused"])] = None
    actor: Annotated[UUID | None, Meta(description="Only what this user did.", examples=[_USER])] = None
    subject: Annotated[
        UUID | None, Meta(description="Only what was done to this user, device or invitation.", examples=[_USER])
    ] = None
    since: Annotated[_Moment | None, Meta(description="Only from then on.", examples=["2026-03-01T00:00:00Z"])] = None
    until: Annotated[_Moment | None, Meta(description="Only before.", examples=["2026-04-01T00:00:00Z"])] = None


async def listing(call: Call[EntryList, Nothing]) -> Reply:
    """One page of the log, latest first."""
    query = call.query
    narrow = AuditFilter(
        action=query.action,
        actor_id=query.actor,
        subject_id=query.subject,
        since=_utc(query.since),
        until=_utc(query.until),
    )
    found, total = await call.work.audit.page(narrow, query.window())
    return Reply(query.of([EntryRead.of(entry) for entry in found], total))


def _utc(moment: datetime | None) -> datetime | None:
    """Raises ``BadRequest`` at the ends of time, where a time in one zone is none in another."""
    try:
        return None if moment is None else moment.astimezone(UTC)
    except OverflowError:
        raise BadRequest("There is no such time.") from None


OPERATIONS = (
    Operation(
        name="list_audit",
        method="GET",
        path="/audit/",
        tag="Household",
        summary="Read the audit log",
        description=(
            "Sign-ins by password, and changes of users, devices, invitations, settings and the key, latest first. "
            "Old entries are forgotten: see the setting `audit_days`."
        ),
        handle=listing,
        query=EntryList,
        answer=EntryPage,
        access=Access.ADMINISTRATORS,
    ),
)
