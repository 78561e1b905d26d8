"""What the household decided: a row for each setting that somebody has changed."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from appliance.core.household import Household
from appliance.store.database import Connection
from appliance.store.statement import Statement
from appliance.store.tables import settings

_READ = Statement(select(settings.c.key, settings.c.value))
_VALUE = bindparam("value", type_=JSONB)
_WRITE = Statement(
    insert(settings)
    .values(key=bindparam("key", type_=Text), value=_VALUE)
    .on_conflict_do_update(index_elements=[settings.c.key], set_={"value": _VALUE, "changed_at": func.now()})
)


class HouseholdSettings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self) -> Household:
        """What a later release kept there, and this one does not know or allow, is left aside."""
        values: dict[str, Any] = {row[0]: row[1] for row in await self._connection.fetch(_READ)}
        return Household(**{name: values[name] for name in values if _fits(name, values[name])})

    async def write(self, values: Mapping[str, object]) -> None:
        for key, value in values.items():
            await self._connection.execute(_WRITE, key=key, value=value)


_TYPES = {field.name: field.type for field in msgspec.structs.fields(Household)}


def _fits(name: str, value: object) -> bool:
    if name not in _TYPES:
        return False
    try:
        msgspec.convert(value, _TYPES[name])
    except msgspec.ValidationError:
        return False
    return True
