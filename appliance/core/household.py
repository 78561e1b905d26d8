"""What the household has decided for all, and may decide anew while the server runs.

What the machine needs in order to start (folders, addresses, the database) is in the settings of the server instead
(docs/settings.md).
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.core.audit import Action, Actor, record
from appliance.core.errors import BadRequest
from appliance.core.ports import UnitOfWork
from appliance.core.text import clean


class Household(msgspec.Struct, frozen=True, kw_only=True):
    """Each with what holds until somebody decides otherwise. A name here is the key of its row."""

    name: Annotated[str, Meta(min_length=1, max_length=64)] = "Tonearm"
    """What apps call this server. Read when a device is made (``core.devices``)."""
    audit_days: Annotated[int, Meta(ge=7, le=3650)] = 365
    """How long the audit log is kept. Read whenever it is written to (``core.audit``)."""
    invitation_days: Annotated[int, Meta(ge=1, le=30)] = 7
    """How long an invitation lasts that does not say it. Read when one is made (``core.invitations``)."""
    jobs_days: Annotated[int, Meta(ge=1, le=365)] = 14
    """How long jobs that have ended are kept. Read when old ones are forgotten (``jobs.forgetting``)."""


async def change(work: UnitOfWork, by: Actor, wishes: Mapping[str, str | int]) -> Household:
    """Settle on ``wishes``, by field. Raises ``BadRequest`` for a name of nothing but spaces."""
    now = await work.household.read()
    wished = msgspec.structs.replace(now, **wishes)
    wished = msgspec.structs.replace(wished, name=clean(wished.name))
    if not wished.name:
        raise BadRequest("A household's name is not empty.")
    changed = {
        field: getattr(wished, field)
        for field in Household.__struct_fields__
        if getattr(wished, field) != getattr(now, field)
    }
    if changed:
        await work.household.write(changed)
        await record(work, Action.SETTINGS_CHANGED, by, fields=sorted(changed))
    return wished
