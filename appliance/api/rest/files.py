"""``/files``: what lies on the disks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import CreatedAt, Duration, Id, LibraryFilter
from appliance.core.files import FileFilter, HeldFile


class HeldFileRead(msgspec.Struct, frozen=True, kw_only=True):
    """A file, as the last scan saw it."""

    id: Id
    track_id: Annotated[
        UUID, Meta(description="The track that it holds.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"])
    ]
    library: Annotated[int, Meta(description="Number of the library that it lies in.", examples=[1])]
    path: Annotated[
        str,
        Meta(
            description="Relative to the library's folder; bytes that are not UTF-8 are shown as U+FFFD.",
            examples=["Miles Davis/Kind of Blue (1959)/01 So What.flac"],
        ),
    ]
    size: Annotated[int, Meta(description="Bytes.", examples=[60_221_403])]
    modified_ns: Annotated[
        int,
        Meta(description="When it was written last: Unix time in nanoseconds.", examples=[1_700_000_000_000_000_000]),
    ]
    audio_identity: Annotated[
        str,
        Meta(
            description="Of the encoded sound, tags excluded: equal for equal sound.",
            examples=["5f3c9e6b1f0190c3f27d1a7b3e8a4f5d"],
        ),
    ]
    suffix: Annotated[str, Meta(description="Of its name, without the dot.", examples=["flac"])]
    codec: Annotated[str, Meta(description="How it is encoded.", examples=["flac"])]
    duration_ms: Duration
    bit_rate: Annotated[int, Meta(description="kbit/s", examples=[857])]
    sample_rate: Annotated[int, Meta(description="Hz", examples=[44_100])]
    channels: Annotated[int, Meta(description="2 is stereo.", examples=[2])]
    bit_depth: Annotated[int | None, Meta(description="Bits of a sample; null where lossy.", examples=[16])]
    missing_since: Annotated[
        datetime | None,
        Meta(
            description="When a scan did not find it any more (UTC); null while it is there.",
            examples=["2026-03-01T18:20:00Z"],
        ),
    ]
    created_at: CreatedAt

    @classmethod
    def of(cls, file: HeldFile) -> "HeldFileRead":
        return cls(
            id=file.id,
            track_id=file.track_id,
            library=file.library_number,
            path=file.path.decode("utf-8", "replace"),
            size=file.size,
            modified_ns=file.mtime_ns,
            audio_identity=file.identity.hex(),
            suffix=file.suffix,
            codec=file.codec,
            duration_ms=file.duration_ms,
            bit_rate=file.bit_rate,
            sample_rate=file.sample_rate,
            channels=file.channels,
            bit_depth=file.bit_depth,
            missing_since=file.missing_since,
            created_at=file.created_at,
        )


class HeldFilePage(Page[HeldFileRead], frozen=True):
    """One page of files."""


class FileList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which files."""

    track: Annotated[
        UUID | None, Meta(description="Only of this track.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f00"])
    ] = None
    library: LibraryFilter = None
    missing: Annotated[
        bool | None, Meta(description="Only those that are missing, or only those that are there.", examples=[True])
    ] = None


async def listing(call: Call[FileList, Nothing]) -> Reply:
    """One page of the files, in the order in which they came."""
    wanted = call.query
    narrow = FileFilter(track=wanted.track, library=wanted.library, missing=wanted.missing)
    files, total = await call.work.files.page(narrow, wanted.window())
    return Reply(wanted.of([HeldFileRead.of(file) for file in files], total))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One file."""
    return Reply(HeldFileRead.of(await call.work.files.get(call.item)))


OPERATIONS = (
    Operation(
        name="list_files",
        method="GET",
        path="/files/",
        tag="Library",
        summary="List files",
        description=(
            "Those that are there and those that are missing, of the libraries in use, first arrival first. Several "
            "may hold one track: copies, and other qualities."
        ),
        handle=listing,
        query=FileList,
        answer=HeldFilePage,
    ),
    Operation(
        name="read_file",
        method="GET",
        path="/files/{id}",
        tag="Library",
        summary="Read a file's description",
        handle=read,
        answer=HeldFileRead,
    ),
)
