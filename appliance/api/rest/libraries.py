"""``/libraries``: the folders of music."""

from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import CreatedAt, Id
from appliance.core.accounts import Role
from appliance.core.libraries import LONGEST_NAME, LibraryState, add_library, rename_library

_Name = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_NAME, description="What people call it.", examples=["Music"])
]


class LibraryRead(msgspec.Struct, frozen=True, kw_only=True):
    """A library: a folder of music."""

    id: Id
    number: Annotated[int, Meta(description="Short, and its own for ever; other resources name it so.", examples=[1])]
    name: Annotated[str, Meta(description="What people call it.", examples=["Music"])]
    root: Annotated[
        str | None,
        Meta(
            description="The folder, an absolute path; null unless an administrator asks.",
            examples=["/srv/tonearm/music"],
        ),
    ]
    file_count: Annotated[int, Meta(description="Files that were there at the last scan.", examples=[12_034])]
    missing_count: Annotated[
        int, Meta(description="Files that were there once; they come back as themselves.", examples=[3])
    ]
    track_count: Annotated[int, Meta(description="Tracks that can be played from it.", examples=[11_987])]
    size: Annotated[int, Meta(description="Bytes of the files that are there.", examples=[412_000_000_000])]
    created_at: CreatedAt

    @classmethod
    def of(cls, state: LibraryState, role: Role) -> "LibraryRead":
        library = state.library
        return cls(
            id=library.id,
            number=library.number,
            name=library.name,
            root=library.root.decode("utf-8", "replace") if role is Role.ADMIN else None,
            file_count=state.file_count,
            missing_count=state.missing_count,
            track_count=state.track_count,
            size=state.size,
            created_at=state.created_at,
        )


class LibraryPage(Page[LibraryRead], frozen=True):
    """One page of libraries."""


class LibraryList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which libraries."""


class LibraryCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A folder to use."""

    root: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=4096,
            description="An absolute path on the server. No library may lie in another.",
            examples=["/media/disk/Music"],
        ),
    ]
    name: Annotated[
        Annotated[str, Meta(max_length=LONGEST_NAME)] | None,
        Meta(description="Null names it after the folder.", examples=["The big disk"]),
    ] = None


class LibraryUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change."""

    name: _Name | msgspec.UnsetType = msgspec.UNSET


async def listing(call: Call[LibraryList, Nothing]) -> Reply:
    """One page of the libraries that are in use."""
    states = await call.work.libraries.states()
    window = call.query.window()
    role = call.caller.user.role
    shown = states[window.offset : window.offset + window.limit]
    return Reply(call.query.of([LibraryRead.of(state, role) for state in shown], len(states)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One library."""
    return Reply(LibraryRead.of(await call.work.libraries.state(call.item), call.caller.user.role))


async def create(call: Call[Nothing, LibraryCreate]) -> Reply:
    """Put a folder to use."""
    added = await add_library(call.work, call.services.folders, call.body.root, call.body.name)
    return Reply(LibraryRead.of(await call.work.libraries.state(added), call.caller.user.role))


async def update(call: Call[Nothing, LibraryUpdate]) -> Reply:
    """Rename it."""
    if call.body.name is not msgspec.UNSET:
        await rename_library(call.work, call.item, call.body.name)
    return Reply(LibraryRead.of(await call.work.libraries.state(call.item), call.caller.user.role))


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Take it out of use."""
    await call.work.libraries.remove(call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_libraries",
        method="GET",
        path="/libraries/",
        tag="Library",
        summary="List libraries",
        description="Those in use, by number.",
        handle=listing,
        query=LibraryList,
        answer=LibraryPage,
    ),
    Operation(
        name="create_library",
        method="POST",
        path="/libraries/",
        tag="Library",
        summary="Add a library",
        description=(
            "Puts a folder to use, and asks for a scan. A folder that was in use before is the same library again, and "
            "its tracks come back with everything that was left on them. 409 when it is in use."
        ),
        handle=create,
        body=LibraryCreate,
        status=201,
        answer=LibraryRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
    Operation(
        name="read_library",
        method="GET",
        path="/libraries/{id}",
        tag="Library",
        summary="Read a library",
        handle=read,
        answer=LibraryRead,
    ),
    Operation(
        name="update_library",
        method="PATCH",
        path="/libraries/{id}",
        tag="Library",
        summary="Rename a library",
        handle=update,
        body=LibraryUpdate,
        answer=LibraryRead,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="delete_library",
        method="DELETE",
        path="/libraries/{id}",
        tag="Library",
        summary="Take a library out of use",
        description=(
            "Deletes nothing: its files count as missing until the folder is added again. This holds against the "
            "settings as well."
        ),
        handle=delete,
        status=204,
        access=Access.ADMINISTRATORS,
    ),
)
