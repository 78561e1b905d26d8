"""``/scans``: reading the folders of music."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core.scanning import Scan, ScanCounts, ScanFault, ScanKind, ScanState

_COUNTS = {
    "found": "Files that the walk has seen.",
    "to_read": "New or changed files, to be read.",
    "read": "Files read so far.",
    "added": "New tracks.",
    "changed": "Files whose tags or audio changed.",
    "moved": "Files recognised at another place.",
    "missing": "Files that are gone.",
    "returned": "Files that were gone and are there again.",
    "faulty": "Files that could not be read.",
}


class CountsRead(msgspec.Struct, frozen=True, kw_only=True):
    """How far a scan is. All are files, over all libraries."""

    found: Annotated[int, Meta(description=_COUNTS["found"], examples=[1200])]
    to_read: Annotated[int, Meta(description=_COUNTS["to_read"], examples=[1200])]
    read: Annotated[int, Meta(description=_COUNTS["read"], examples=[450])]
    added: Annotated[int, Meta(description=_COUNTS["added"], examples=[448])]
    changed: Annotated[int, Meta(description=_COUNTS["changed"], examples=[0])]
    moved: Annotated[int, Meta(description=_COUNTS["moved"], examples=[0])]
    missing: Annotated[int, Meta(description=_COUNTS["missing"], examples=[0])]
    returned: Annotated[int, Meta(description=_COUNTS["returned"], examples=[0])]
    faulty: Annotated[int, Meta(description=_COUNTS["faulty"], examples=[2])]


class ScanRead(msgspec.Struct, frozen=True, kw_only=True):
    """A scan."""

    id: Id
    kind: Annotated[
        ScanKind,
        Meta(description="`quick` reads what is new or changed, `full` every file again.", examples=["quick"]),
    ]
    state: Annotated[ScanState, Meta(description="What has become of it.", examples=["running"])]
    counts: Annotated[CountsRead, Meta(description="How far it is.", examples=[dict.fromkeys(_COUNTS, 0)])]
    requested_at: Annotated[
        datetime, Meta(description="When it was asked for (UTC).", examples=["2026-03-01T18:20:00Z"])
    ]
    started_at: Annotated[
        datetime | None, Meta(description="When it began; null while it is queued.", examples=["2026-03-01T18:20:01Z"])
    ]
    finished_at: Annotated[
        datetime | None, Meta(description="When it ended; null until then.", examples=["2026-03-01T18:21:10Z"])
    ]
    message: Annotated[
        str | None, Meta(description="Why it failed, or what else to know.", examples=["The disk is not there."])
    ]

    @classmethod
    def of(cls, scan: Scan) -> "ScanRead":
        return cls(
            id=scan.id,
            kind=scan.kind,
            state=scan.state,
            counts=_counts(scan.counts),
            requested_at=scan.requested_at,
            started_at=scan.started_at,
            finished_at=scan.finished_at,
            message=scan.message,
        )


class ScanPage(Page[ScanRead], frozen=True):
    """One page of scans."""


def _counts(counts: ScanCounts) -> CountsRead:
    return msgspec.convert(counts, CountsRead, from_attributes=True)


class ScanCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wish for a scan."""

    kind: Annotated[
        ScanKind,
        Meta(description="`quick` reads what is new or changed, `full` every file again.", examples=["quick"]),
    ] = ScanKind.QUICK


class FaultRead(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that could not be read, until it can be or is gone."""

    library: Annotated[int, Meta(description="Number of the library.", examples=[1])]
    path: Annotated[
        str,
        Meta(
            description="Relative to the library's folder; bytes that are not UTF-8 are shown as U+FFFD.",
            examples=["Broken/01.mp3"],
        ),
    ]
    reason: Annotated[str, Meta(description="What is wrong with it.", examples=["No audio was found in it."])]
    seen_at: Annotated[datetime, Meta(description="When it was last tried (UTC).", examples=["2026-03-01T18:20:31Z"])]

    @classmethod
    def of(cls, fault: ScanFault) -> "FaultRead":
        return cls(library=fault.library, path=fault.path, reason=fault.reason, seen_at=fault.seen_at)


class FaultPage(Page[FaultRead], frozen=True):
    """One page of what could not be read."""


class ScanList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which scans."""


async def listing(call: Call[ScanList, Nothing]) -> Reply:
    """One page of the scans, latest first."""
    scans, total = await call.work.scans.page(call.query.window())
    return Reply(call.query.of([ScanRead.of(scan) for scan in scans], total))


async def create(call: Call[Nothing, ScanCreate]) -> Reply:
    """Ask for a scan."""
    return Reply(ScanRead.of(await call.work.scans.request(call.body.kind)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One scan."""
    return Reply(ScanRead.of(await call.work.scans.get(call.item)))


async def cancel(call: Call[Nothing, Nothing]) -> Reply:
    """Stop a scan."""
    await call.work.scans.cancel(call.item)
    return Reply()


async def faults(call: Call[ScanList, Nothing]) -> Reply:
    """One page of what could not be read."""
    found, total = await call.work.scans.faults(call.query.window())
    return Reply(call.query.of([FaultRead.of(fault) for fault in found], total))


OPERATIONS = (
    Operation(
        name="list_scans",
        method="GET",
        path="/scans/",
        tag="Scans",
        summary="List scans",
        description="Latest first.",
        handle=listing,
        query=ScanList,
        answer=ScanPage,
    ),
    Operation(
        name="create_scan",
        method="POST",
        path="/scans/",
        tag="Scans",
        summary="Ask for a scan",
        description="The scan is queued. One that is queued already and covers this wish is answered instead.",
        handle=create,
        body=ScanCreate,
        status=201,
        answer=ScanRead,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="list_scan_faults",
        method="GET",
        path="/scans/faults/",
        tag="Scans",
        summary="List what could not be read",
        description="Files and folders that the last scans had to skip, with the reason.",
        handle=faults,
        query=ScanList,
        answer=FaultPage,
    ),
    Operation(
        name="read_scan",
        method="GET",
        path="/scans/{id}",
        tag="Scans",
        summary="Read a scan",
        description="Ask again to follow its progress.",
        handle=read,
        answer=ScanRead,
    ),
    Operation(
        name="cancel_scan",
        method="DELETE",
        path="/scans/{id}",
        tag="Scans",
        summary="Cancel a scan",
        description="A scan that has ended stays as it is.",
        handle=cancel,
        status=204,
        access=Access.ADMINISTRATORS,
    ),
)
