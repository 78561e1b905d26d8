"""``/setup/``: the first account, and what the box is called."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.api.rest.operation import Access, Call, Nothing, Operation, Reply
from appliance.api.rest.sessions import SessionRead, UserRead
from appliance.core.accounts import SESSION_LIFETIME
from appliance.core.machine import MachineState
from appliance.core.setup_answers import Answers

_DEVICE = Meta(description="Its name in the network: `tonearm` is `http://tonearm.local`.", examples=["tonearm"])
_ZONE = Meta(description="By its name in the IANA database.", examples=["Europe/Berlin"])


class MachineRead(msgspec.Struct, frozen=True, kw_only=True):
    """The machine, where Tonearm is its only tenant."""

    device_name: Annotated[str, _DEVICE]
    time_zone: Annotated[str, _ZONE]

    @classmethod
    def of(cls, machine: MachineState | None) -> "MachineRead | None":
        return None if machine is None else cls(device_name=machine.name, time_zone=machine.time_zone)


class SetupRead(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is anything to set up, and what is asked for. Once it is done, nothing of it is told."""

    needed: Annotated[bool, Meta(description="Whether there is no administrator yet.", examples=[True])]
    machine: Annotated[
        MachineRead | None,
        Meta(
            description="As it is now; null on a computer that keeps its own name, time zone and clock.",
            examples=[{"device_name": "tonearm", "time_zone": "Etc/UTC"}],
        ),
    ] = None
    music_folder: Annotated[
        str | None,
        Meta(
            description="The folder that is offered for music; null where the settings name the folders.",
            examples=["/srv/tonearm/music"],
        ),
    ] = None
    asks_for_code: Annotated[
        bool, Meta(description="Whether the code on the box's screen has to be typed.", examples=[False])
    ] = False


class SetupCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers. What is left out stays as it is."""

    administrator: Annotated[str, Meta(description="The first user's name, 1 to 64 characters.", examples=["ada"])]
    password: Annotated[str, Meta(description="Their password, 1 to 1024 characters.", examples=["correct horse"])]
    device_name: Annotated[
        str | None,
        Meta(
            description="What the box is called, as people write it; its name in the network is made of it.",
            examples=["Küche"],
        ),
    ] = None
    time_zone: Annotated[str | None, _ZONE] = None
    clock: Annotated[
        datetime | None,
        Meta(
            description="What time it is, with its offset. A box whose clock is off by a minute or more takes it.",
            examples=["2026-11-20T14:05:00+01:00"],
        ),
    ] = None
    music_folder: Annotated[
        str | None,
        Meta(description="Where the music is; left out, the folder that is offered.", examples=["/srv/tonearm/music"]),
    ] = None
    code: Annotated[
        str | None, Meta(description="The code on the box's screen, where it is asked for.", examples=["7KQM-2XWD"])
    ] = None


class Note(msgspec.Struct, frozen=True):
    """Something that could not be done, though set-up is complete."""

    field: Annotated[str, Meta(description="Of the answers.", examples=["clock"])]
    msg: Annotated[
        str, Meta(description="A sentence for a person.", examples=["The clock could not be set: it sets itself."])
    ]


class SetupDone(SessionRead, frozen=True, kw_only=True):
    """The first administrator, signed in, and how to go on."""

    addresses: Annotated[
        list[str],
        Meta(
            description="Where apps and browsers find the box from now on; the first stays right for longest.",
            examples=[["http://kuche.local", "http://192.168.1.20"]],
        ),
    ]
    device_name: Annotated[
        str | None,
        Meta(description="What the box is called now; null on somebody's own computer.", examples=["kuche"]),
    ]
    music_folder: Annotated[
        str | None,
        Meta(description="Where music goes; null where the settings say so.", examples=["/srv/tonearm/music"]),
    ]
    notes: Annotated[
        list[Note],
        Meta(
            description="What could not be done.",
            examples=[[{"field": "clock", "msg": "The clock could not be set: it sets itself."}]],
        ),
    ]


async def read(call: Call[Nothing, Nothing]) -> Reply:
    """What there is to set up."""
    offer = await call.services.setup.offer(call.work)
    if offer is None:
        return Reply(SetupRead(needed=False))
    return Reply(
        SetupRead(
            needed=True,
            machine=MachineRead.of(offer.machine),
            music_folder=None if offer.music_folder is None else str(offer.music_folder),
            asks_for_code=offer.asks_for_code,
        )
    )


async def finish(call: Call[Nothing, SetupCreate]) -> Reply:
    """Set up, and sign in."""
    answers = Answers(**msgspec.structs.asdict(call.body))
    outcome = await call.services.setup.finish(call.work, answers, call.network)
    token = await call.services.accounts.open_session(call.work, outcome.administrator, agent=call.agent)
    done = SetupDone(
        token=token,
        expires_at=datetime.now(UTC) + SESSION_LIFETIME,
        user=UserRead.of(outcome.administrator),
        addresses=outcome.addresses(call.address),
        device_name=outcome.host_name,
        music_folder=None if outcome.music_folder is None else str(outcome.music_folder),
        notes=[Note(field, words) for field, words in outcome.notes.items()],
    )
    return Reply(done, cookie=token)


OPERATIONS = (
    Operation(
        name="read_setup",
        method="GET",
        path="/setup/",
        tag="Set-up",
        summary="Whether Tonearm has to be set up",
        description="Until it has an administrator, it is set up by whoever comes first.",
        handle=read,
        answer=SetupRead,
        access=Access.PUBLIC,
    ),
    Operation(
        name="create_setup",
        method="POST",
        path="/setup/",
        tag="Set-up",
        summary="Set Tonearm up",
        description=(
            "Makes the first administrator, names the box and says where the music is: all of it or nothing. Answers "
            "as signing in does. What the machine itself refuses stops nothing, and is in `notes`. "
            "409 once there is an administrator; 422 with every fault at once; wrong codes are throttled."
        ),
        handle=finish,
        body=SetupCreate,
        status=201,
        answer=SetupDone,
        access=Access.PUBLIC,
        refusals=(403, 409, 429),
    ),
)
