"""``/devices``: what signs in by a secret of its own."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Page, Paged, Reply
from appliance.api.rest.schemas import Id
from appliance.core import devices
from appliance.core.devices import Device, Scope

_NAME = Meta(max_length=100, description="What you call it.", examples=["Kitchen speaker"])
_SCOPES = Meta(
    min_length=1,
    max_length=10,
    description=(
        "What it may do in your name: `read` and `write` through this interface, everything through `subsonic`; with "
        "`admin` it acts as the administrator that you are, without it as a member."
    ),
    examples=[["read", "write", "subsonic"]],
)
_Name = Annotated[str, _NAME]
_Scopes = Annotated[tuple[Scope, ...], _SCOPES]


class DeviceRead(msgspec.Struct, frozen=True, kw_only=True):
    """An app, a script, a speaker: whatever signs in by a secret of its own."""

    id: Id
    user_id: Annotated[UUID, Meta(description="Whose it is.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"])]
    name: _Name
    scopes: _Scopes
    created_at: Annotated[datetime, Meta(description="Since when (UTC).", examples=["2026-03-01T18:20:00Z"])]
    last_seen_at: Annotated[
        datetime | None,
        Meta(
            description="When it last signed in, to the hour (UTC); null until it has.",
            examples=["2026-03-02T07:00:00Z"],
        ),
    ]

    @classmethod
    def of(cls, device: Device) -> "DeviceRead":
        return cls(**msgspec.structs.asdict(device))


class DeviceCreated(DeviceRead, frozen=True, kw_only=True):
    """A new device, and what is shown only now."""

    secret: Annotated[
        str,
        Meta(
            description="Its bearer token, Subsonic password and `apiKey`, all in one. It is shown only here.",
            examples=["k7qm-2xwd-9fhp-t3vc-8ryb-m4ze-w6ju"],
        ),
    ]
    link: Annotated[
        str,
        Meta(
            description="All that an app needs to know, as a text for a QR code.",
            examples=["tonearm://connect?server=http%3A%2F%2Ftonearm.local&user=ada&secret=k7qm-2xwd&name=Tonearm"],
        ),
    ]


class DevicePage(Page[DeviceRead], frozen=True):
    """One page of devices."""


class DeviceList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose devices."""

    user: Annotated[
        UUID | None,
        Meta(
            description="Those of this user, for administrators; left out, your own.",
            examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f03"],
        ),
    ] = None


class DeviceCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device to be."""

    name: _Name
    scopes: _Scopes = (Scope.READ, Scope.WRITE, Scope.SUBSONIC)


class DeviceUpdate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays."""

    name: _Name | UnsetType = UNSET
    scopes: _Scopes | UnsetType = UNSET


async def listing(call: Call[DeviceList, Nothing]) -> Reply:
    """One page of devices, latest first."""
    found, total = await devices.page(call.work, call.caller.user, call.query.user, call.query.window())
    return Reply(call.query.of([DeviceRead.of(device) for device in found], total))


async def create(call: Call[Nothing, DeviceCreate]) -> Reply:
    """Make a device."""
    call.must_be_a_session()
    user, body = call.caller.user, call.body
    made = await devices.create(
        call.work, call.services.accounts, user, name=body.name, scopes=body.scopes, network=call.network
    )
    household = await call.work.household.read()
    link = made.link(call.address, household.name, user.name)
    return Reply(DeviceCreated(**msgspec.structs.asdict(made.device), secret=made.secret, link=link))


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """One device."""
    return Reply(DeviceRead.of(await devices.get(call.work, call.caller.user, call.item)))


async def update(call: Call[Nothing, DeviceUpdate]) -> Reply:
    """Change a device."""
    call.must_be_a_session()
    name = None if call.body.name is UNSET else call.body.name
    scopes = None if call.body.scopes is UNSET else call.body.scopes
    changed = await devices.change(
        call.work, call.caller.user, call.item, name=name, scopes=scopes, network=call.network
    )
    return Reply(DeviceRead.of(changed))


async def revoke(call: Call[Nothing, Nothing]) -> Reply:
    """Revoke a device."""
    device = call.caller.device
    if device is None or device.id != call.item:
        call.must_be_a_session()
    await devices.revoke(call.work, call.caller.user, call.item, network=call.network)
    return Reply()


OPERATIONS = (
    Operation(
        name="list_devices",
        method="GET",
        path="/devices/",
        tag="Devices",
        summary="List devices",
        description="Your own, latest first; administrators may ask for those of another user.",
        handle=listing,
        query=DeviceList,
        answer=DevicePage,
    ),
    Operation(
        name="create_device",
        method="POST",
        path="/devices/",
        tag="Devices",
        summary="Make a device",
        description=(
            "Answers its secret, once. Not by a device: sign in with your password. 409 when you have too many."
        ),
        handle=create,
        body=DeviceCreate,
        status=201,
        answer=DeviceCreated,
        access=Access.MEMBERS,
        refusals=(409,),
    ),
    Operation(
        name="read_device",
        method="GET",
        path="/devices/{id}",
        tag="Devices",
        summary="Read a device",
        description="One of your own; administrators read any.",
        handle=read,
        answer=DeviceRead,
    ),
    Operation(
        name="update_device",
        method="PATCH",
        path="/devices/{id}",
        tag="Devices",
        summary="Change a device",
        description="Its name or its scopes. The secret stays. Not by a device.",
        handle=update,
        body=DeviceUpdate,
        answer=DeviceRead,
        access=Access.MEMBERS,
    ),
    Operation(
        name="delete_device",
        method="DELETE",
        path="/devices/{id}",
        tag="Devices",
        summary="Revoke a device",
        description="Its secret opens nothing any more. A device may revoke itself, and no other.",
        handle=revoke,
        status=204,
        access=Access.SIGNED_IN,
    ),
)
