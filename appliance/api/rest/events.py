"""``/events``: what happens, told as it happens."""

from typing import Annotated

import msgspec
from msgspec import Meta
from quart import request

from appliance.api.event_streams import CONTENT_TYPE
from appliance.api.rest.operation import Call, Nothing, Operation, Reply
from appliance.core.accounts import User
from appliance.core.ports import UnitOfWork


class EventQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where on."""

    after: Annotated[
        Annotated[str, Meta(pattern="^[0-9]{1,18}-[0-9]{1,18}$")] | None,
        Meta(
            description="The last id that was received, for who cannot send `Last-Event-ID`, which counts before it.",
            examples=["81234-17"],
        ),
    ] = None


async def listen(call: Call[EventQuery, Nothing]) -> Reply:
    """Whatever happens from now on."""

    async def again(work: UnitOfWork) -> User:
        return (await call.caller.again(work)).user

    after = request.headers.get("Last-Event-ID") or call.query.after
    return Reply(stream=call.services.events.open(call.caller.user, after, again))


OPERATIONS = (
    Operation(
        name="listen_to_events",
        method="GET",
        path="/events/",
        tag="Events",
        summary="Listen to events",
        description=(
            "Server-sent events, for as long as one listens; browsers read them with `EventSource`. Each has an `id`, "
            "an `event` and `data`, a JSON object. "
            "`job`: a job was queued, begun, got on or ended (`id`, `kind`, `state`, `progress`); told to "
            "administrators and to who asked for it. "
            "`scan`: the same of a scan (`id`, `kind`, `state`, `counts`). "
            "`library`: there is other music than before. "
            "`now_playing`: somebody plays something else (`user_id`). "
            "`reset`: what happened since the last id is not known any more; look at everything anew. "
            "An event says what changed: read the thing itself for what it is now. "
            "After a break, send the last id as `Last-Event-ID`, as browsers do by themselves, and nothing is missed. "
            "A comment is sent where nothing happens for 15 seconds. The stream ends with the session. "
            "Too many streams at once are answered with 429."
        ),
        handle=listen,
        query=EventQuery,
        streams=CONTENT_TYPE,
        refusals=(429,),
    ),
)
