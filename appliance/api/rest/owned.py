"""What playlists and smart playlists have in common: a maker, a name, who sees it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Paged
from appliance.api.rest.schemas import Id
from appliance.core.visibility import LONGEST_COMMENT, LONGEST_NAME, Owned, Visibility

ClientId = Annotated[
    UUID | None,
    Meta(
        description="Made by the client, so that sending it again makes nothing twice; left out: by the server.",
        examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0a"],
    ),
]
Name = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_NAME, description="What it is called.", examples=["Sunday morning"])
]
Comment = Annotated[
    str, Meta(max_length=LONGEST_COMMENT, description="What else there is to say.", examples=["For the long drive."])
]
Visible = Annotated[
    Visibility,
    Meta(
        description=(
            "`private`: the owner sees it; `household`: everybody does; `collaborative`: everybody does, and members "
            "may change it."
        ),
        examples=["private"],
    ),
]
Updated = Annotated[datetime, Meta(description="When it last changed (UTC).", examples=["2026-03-02T08:00:00Z"])]
Created = Annotated[datetime, Meta(description="When it was made (UTC).", examples=["2026-03-01T18:20:00Z"])]


class OwnerRead(msgspec.Struct, frozen=True):
    """Who made it."""

    id: Id
    name: Annotated[str, Meta(description="The user's name.", examples=["ada"])]


Maker = Annotated[
    OwnerRead,
    Meta(description="Who made it.", examples=[{"id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0b", "name": "ada"}]),
]


class OwnedList(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One's own and what others show."""

    owner: Annotated[
        UUID | None,
        Meta(description="Only of this user.", examples=["0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0b"]),
    ] = None
    visibility: Annotated[
        tuple[Visibility, ...],
        Meta(max_length=3, description="Only of any of these.", examples=[["household", "collaborative"]]),
    ] = ()


def shared(thing: Owned) -> dict[str, Any]:
    """What all such things show of themselves first."""
    return {"owner": OwnerRead(thing.owner.id, thing.owner.name), "visibility": thing.visibility}
