"""``/users``: who listens here, and what they may do."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import LibraryNumbers
from appliance.api.rest.sessions import UserRead
from appliance.core import users
from appliance.core.accounts import Role, token_hash
from appliance.core.users import Draft, Wishes

_Name = Annotated[str, Meta(max_length=200, description="The name to sign in with.", examples=["ada"])]
_Password = Annotated[
    str, Meta(max_length=1024, description="Their password, 1 to 1024 characters.", examples=["correct horse"])
]
_Role = Annotated[Role, Meta(description="What they may do: guests only listen.", examples=["member"])]


class UserPage(Page[UserRead], frozen=True):
    """One page of users."""


class UserList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which users."""

    role: Annotated[Role | None, Meta(description="Only those of this role.", examples=["guest"])] = None


class UserCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody new."""

    name: _Name
    password: _Password
    role: _Role = Role.MEMBER
    libraries: LibraryNumbers = None


class UserUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays."""

    name: _Name | UnsetType = UNSET
    role: _Role | UnsetType = UNSET
    libraries: LibraryNumbers | UnsetType = UNSET
    password: _Password | UnsetType = UNSET
    current_password: Annotated[
        Annotated[str, Meta(max_length=1024)] | None,
        Meta(
            description="The present password, needed by whoever changes their own.",
            examples=["battery staple"],
        ),
    ] = None


async def listing(call: Call[UserList, Nothing]) -> Reply:
    """One page of the users, by name."""
    found, total = await call.work.users.page(call.query.role, call.query.window())
    return Reply(call.query.of([UserRead.of(user) for user in found], total))


async def create(call: Call[Nothing, UserCreate]) -> Reply:
    """Add a user."""
    draft = Draft(**msgspec.structs.asdict(call.body))
    return Reply(UserRead.of(await users.create(call.work, call.services.accounts, call.actor, draft)))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One user."""
    return Reply(UserRead.of(await users.get(call.work, call.caller.user, call.item)))


async def update(call: Call[Nothing, UserUpdate]) -> Reply:
    """Change a user."""
    wishes = Wishes(**msgspec.structs.asdict(call.body))
    session = None if call.caller.device else token_hash(call.caller.token)
    changed = await users.change(call.work, call.services.accounts, call.actor, call.item, wishes, session=session)
    return Reply(UserRead.of(changed))


async def delete(call: Call[Nothing, Nothing]) -> Reply:
    """Remove a user."""
    await users.delete(call.work, call.actor, call.item)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_users",
        method="GET",
        path="/users/",
        tag="Users",
        summary="List users",
        description="By name.",
        handle=listing,
        query=UserList,
        answer=UserPage,
        access=Access.ADMINISTRATORS,
    ),
    Operation(
        name="create_user",
        method="POST",
        path="/users/",
        tag="Users",
        summary="Add a user",
        description="409 when somebody has the name, also in other letters: case and accents do not count.",
        handle=create,
        body=UserCreate,
        status=201,
        answer=UserRead,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
    Operation(
        name="read_user",
        method="GET",
        path="/users/{id}",
        tag="Users",
        summary="Read a user",
        description="Administrators read everybody, the others themselves.",
        handle=read,
        answer=UserRead,
    ),
    Operation(
        name="update_user",
        method="PATCH",
        path="/users/{id}",
        tag="Users",
        summary="Change a user",
        description=(
            "Administrators change everybody; the others their own password. Whoever changes their own sends "
            "`current_password` as well. A new password ends all sessions of that user but this one; a new role holds "
            "from the next request on. 409 for a name that is taken, and for the last administrator."
        ),
        handle=update,
        body=UserUpdate,
        answer=UserRead,
        access=Access.SIGNED_IN,
        refusals=(409,),
    ),
    Operation(
        name="delete_user",
        method="DELETE",
        path="/users/{id}",
        tag="Users",
        summary="Remove a user",
        description=(
            "With all that is theirs: sessions, devices, invitations, likes, ratings, history. The music stays. "
            "409 for the last administrator."
        ),
        handle=delete,
        status=204,
        access=Access.ADMINISTRATORS,
        refusals=(409,),
    ),
)
