"""What somebody may answer to set-up, and what is wrong with it. Nothing here asks a database, a disk or a machine."""

import hmac
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from appliance.core.accounts import fault_of_name, fault_of_password
from appliance.core.errors import FieldFault
from appliance.core.text import fold

#: A machine's clock that is nearer to the browser's than this is left alone.
_SAME_TIME = timedelta(minutes=1)
_LONGEST_NAME = 63


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody filled in. None leaves a thing as it is."""

    administrator: str
    """Name of the first account."""
    password: str
    device_name: str | None = None
    """As people write it; ``host_name`` makes what the network can use of it."""
    time_zone: str | None = None
    clock: datetime | None = None
    """What time it is where they are, with its offset."""
    music_folder: str | None = None
    code: str | None = None


def host_name(name: str) -> str:
    """What a device's name becomes on the network: ``Küche oben`` is ``kuche-oben``. Empty when nothing is left."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in fold(name))
    return "-".join(part for part in letters.split("-") if part)


def is_code(typed: str, code: str) -> bool:
    """Whether ``typed`` is the code, whatever its case, spaces and hyphens."""
    return hmac.compare_digest(_bare(typed), _bare(code))


def folder_path(folder: str) -> Path:
    """As it was written, without needless slashes."""
    return Path("/" + folder.lstrip("/")) if folder.startswith("/") else Path(folder)


def time_to_set(clock: datetime | None) -> datetime | None:
    """``clock`` where ours differs from it by a minute or more."""
    return None if clock is None or abs(clock - datetime.now(UTC)) < _SAME_TIME else clock


def field_fault(field: str, words: str | None) -> FieldFault | None:
    """An invalid field, if there are words for it."""
    return FieldFault(field, words, "invalid") if words else None


def faults_of_account(answers: Answers) -> list[FieldFault | None]:
    """What is wrong with the name and the password."""
    if answers.administrator.strip():
        name = field_fault("administrator", fault_of_name(answers.administrator))
    else:
        name = FieldFault("administrator", "Choose a user name.", "required")
    if answers.password:
        password = field_fault("password", fault_of_password(answers.password))
    else:
        password = FieldFault("password", "Choose a password.", "required")
    return [name, password]


def faults_for_machine(answers: Answers, time_zones: Collection[str]) -> list[FieldFault | None]:
    """What is wrong with what a machine is asked to become that has these ``time_zones``."""
    return [
        field_fault("device_name", _fault_of_device(answers.device_name)),
        field_fault("time_zone", _fault_of_zone(answers.time_zone, time_zones)),
        field_fault("clock", _fault_of_clock(answers.clock)),
    ]


def faults_without_machine(answers: Answers) -> list[FieldFault | None]:
    """What cannot be asked of somebody's own computer."""
    given = {"device_name": answers.device_name, "time_zone": answers.time_zone, "clock": answers.clock}
    words = "This computer keeps its own name, time zone and clock."
    return [FieldFault(field, words, "not_here") for field, value in given.items() if value is not None]


def _fault_of_device(name: str | None) -> str | None:
    if name is None:
        return None
    # Its length first: to spell out a megabyte of it takes seconds.
    host = host_name(name) if len(name) <= 4 * _LONGEST_NAME else name
    if not host:
        return "A name needs a letter from a to z or a digit: it becomes the address."
    if host == "localhost":
        return "Every computer calls itself localhost. Choose another name."
    if len(host) > _LONGEST_NAME:
        return f"A name has at most {_LONGEST_NAME} characters."
    return None


def _fault_of_zone(zone: str | None, time_zones: Collection[str]) -> str | None:
    known = zone is None or zone in time_zones
    return None if known else "Choose a time zone from the list, such as Europe/Berlin."


def _fault_of_clock(clock: datetime | None) -> str | None:
    sound = clock is None or clock.tzinfo is not None
    return None if sound else "A time needs its offset, such as 2026-11-20T14:05:00+01:00."


def _bare(code: str) -> bytes:
    return "".join(code.casefold().replace("-", " ").split()).encode(errors="replace")
