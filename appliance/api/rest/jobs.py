"""``/jobs``: work that goes on by itself."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core import jobs
from appliance.core.accounts import Role
from appliance.core.jobs import Job, JobFilter, JobOrder, JobState

KindName = Annotated[
    str, Meta(max_length=64, description="What is to be done: `scan`, `maintain`, `forget`.", examples=["scan"])
]
Payload = Annotated[
    dict[str, Any],
    Meta(
        description='What it is told. `scan` takes `{"kind": "quick"}` or `{"kind": "full"}`, the others nothing.',
        examples=[{"kind": "full"}],
    ),
]


class JobProgressRead(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is, in what it counts itself."""

    done: Annotated[int, Meta(description="So many are done.", examples=[12])]
    total: Annotated[int | None, Meta(description="Of so many; null while it does not know.", examples=[40])]
    words: Annotated[str | None, Meta(description="What it is at.", examples=["Reading the feed"])]


class JobRead(msgspec.Struct, frozen=True, kw_only=True):
    """A job."""

    id: Id
    kind: Annotated[str, Meta(description="What is done.", examples=["scan"])]
    lane: Annotated[str, Meta(description="Jobs of one lane share its places.", examples=["light"])]
    priority: Annotated[int, Meta(description="Higher goes first.", examples=[0])]
    state: Annotated[
        JobState,
        Meta(description="What has become of it; `dead`: it failed as often as it may.", examples=["running"]),
    ]
    payload: Annotated[dict[str, Any], Meta(description="What it was told.", examples=[{"kind": "full"}])]
    attempts: Annotated[int, Meta(description="How often it was begun.", examples=[1])]
    most_attempts: Annotated[int, Meta(description="How often it is begun at most.", examples=[5])]
    run_at: Annotated[datetime, Meta(description="It does not begin before (UTC).", examples=["2026-03-01T18:20:00Z"])]
    progress: Annotated[
        JobProgressRead,
        Meta(description="How far it is.", examples=[{"done": 12, "total": 40, "words": "Reading the feed"}]),
    ]
    message: Annotated[
        str | None, Meta(description="Why it failed last, or what it came to.", examples=["The disk is full."])
    ]
    requested_by: Annotated[
        UUID | None,
        Meta(
            description="The user who asked for it; null where the server did.",
            examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"],
        ),
    ]
    created_at: Annotated[datetime, Meta(description="When it was asked for (UTC).", examples=["2026-03-01T18:20:00Z"])]
    started_at: Annotated[
        datetime | None, Meta(description="When it was last begun; null before.", examples=["2026-03-01T18:20:01Z"])
    ]
    finished_at: Annotated[
        datetime | None, Meta(description="When it ended; null until then.", examples=["2026-03-01T18:21:10Z"])
    ]

    @classmethod
    def of(cls, job: Job) -> "JobRead":
        return msgspec.convert(job, cls, from_attributes=True)


class JobPage(Page[JobRead], frozen=True):
    """One page of jobs."""


class JobCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wish for a job."""

    kind: KindName
    payload: Payload = {}


class Wanted(StrEnum):
    """What somebody may turn a job into."""

    QUEUED = "queued"
    CANCELLED = "cancelled"


class JobUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to become of a job."""

    state: Annotated[
        Wanted,
        Meta(
            description="`queued` tries a dead or cancelled job again; `cancelled` stops one that waits or runs.",
            examples=["queued"],
        ),
    ]


class JobList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs."""

    state: Annotated[
        tuple[JobState, ...], Meta(max_length=5, description="Only in any of these states.", examples=[["dead"]])
    ] = ()
    kind: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...],
        Meta(max_length=20, description="Only of any of these kinds.", examples=[["scan"]]),
    ] = ()
    lane: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...],
        Meta(max_length=20, description="Only of any of these lanes.", examples=[["light"]]),
    ] = ()
    sorting: Annotated[
        tuple[JobOrder, ...],
        Meta(min_length=1, max_length=1, description="By what they are sorted.", examples=[["-created_at"]]),
    ] = (JobOrder.LATEST,)


async def listing(call: Call[JobList, Nothing]) -> Reply:
    """One page of the jobs that the caller may know of."""
    user, wanted = call.caller.user, call.query
    found, total = await call.work.jobs.page(
        JobFilter(states=wanted.state, kinds=wanted.kind, lanes=wanted.lane),
        wanted.sorting[0],
        wanted.window(),
        None if user.role is Role.ADMIN else user.id,
    )
    return Reply(wanted.of([JobRead.of(job) for job in found], total))


async def create(call: Call[Nothing, JobCreate]) -> Reply:
    """Start a job by hand."""
    kind = call.services.timetable.kinds.by_hand(call.body.kind, call.body.payload)
    return Reply(JobRead.of(await jobs.enqueue(call.work, kind, call.body.payload, user=call.caller.user)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One job."""
    return Reply(JobRead.of(await jobs.visible(call.work, call.caller.user, call.item)))


async def update(call: Call[Nothing, JobUpdate]) -> Reply:
    """Stop a job, or try one again."""
    change = jobs.retry if call.body.state is Wanted.QUEUED else jobs.cancel
    return Reply(JobRead.of(await change(call.work, call.caller.user, call.item)))


async def cancel(call: Call[Nothing, Nothing]) -> Reply:
    """Stop a job."""
    await jobs.cancel(call.work, call.caller.user, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_jobs",
        method="GET",
        path="/jobs/",
        tag="Jobs",
        summary="List jobs",
        description="All of them for administrators, one's own for everybody else. Old ones are forgotten.",
        handle=listing,
        query=JobList,
        answer=JobPage,
    ),
    Operation(
        name="create_job",
        method="POST",
        path="/jobs/",
        tag="Jobs",
        summary="Start a job",
        handle=create,
        body=JobCreate,
        status=201,
        answer=JobRead,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="read_job",
        method="GET",
        path="/jobs/{id}",
        tag="Jobs",
        summary="Read a job",
        description="The event stream tells when it changes.",
        handle=read,
        answer=JobRead,
    ),
    Operation(
        name="update_job",
        method="PATCH",
        path="/jobs/{id}",
        tag="Jobs",
        summary="Stop a job, or try it again",
        description="For administrators, and for who asked for it.",
        handle=update,
        body=JobUpdate,
        answer=JobRead,
        access=Access.MEMBERS,
        refusals=(409,),
    ),
    Operation(
        name="cancel_job",
        method="DELETE",
        path="/jobs/{id}",
        tag="Jobs",
        summary="Cancel a job",
        description="A job that has ended stays as it is. For administrators, and for who asked for it.",
        handle=cancel,
        status=204,
        access=Access.MEMBERS,
    ),
)
