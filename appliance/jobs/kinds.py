"""The kinds of jobs that come with the server, what does them, and when."""

from enum import StrEnum
from typing import Final

import msgspec

from appliance.core.jobs import Job, JobKind, NoPayload
from appliance.core.ports import Store
from appliance.core.scanning import ScanKind
from appliance.core.schedules import NewSchedule
from appliance.following import counted
from appliance.jobs.attempt import Handler, Report
from appliance.jobs.forgetting import Forgetting
from appliance.jobs.lane import HEAVY, LIGHT


class Name(StrEnum):
    SCAN = "scan"
    MAINTAIN = "maintain"
    FORGET = "forget"


class ScanPayload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: ScanKind = ScanKind.QUICK


KINDS: Final = (
    JobKind(name=Name.SCAN, lane=LIGHT.name, payload=ScanPayload, by_hand=True),
    JobKind(name=Name.MAINTAIN, lane=HEAVY.name, payload=NoPayload, most_attempts=3, by_hand=True),
    JobKind(name=Name.FORGET, lane=LIGHT.name, payload=NoPayload, most_attempts=3, by_hand=True),
)

#: At night, where somebody sleeps and nobody listens; not at the full hour, when everybody else's are.
DEFAULTS: Final = (
    NewSchedule(name="Forget what is old", kind=Name.FORGET, cron="47 3 * * *", origin=Name.FORGET),
    NewSchedule(name="Keep the database quick", kind=Name.MAINTAIN, cron="7 4 * * *", origin=Name.MAINTAIN),
)


def handlers(store: Store, forgetting: Forgetting) -> dict[str, Handler]:
    """By kind."""

    async def scan(job: Job, _report: Report, /) -> str:
        payload = msgspec.convert(job.payload, ScanPayload)
        async with store.begin() as work:
            asked = await work.scans.request(payload.kind)
        return f"The scan {asked.id} was asked for."

    async def maintain(_job: Job, _report: Report, /) -> None:
        await store.maintain()

    async def forget(_job: Job, _report: Report, /) -> str:
        counts = await forgetting.forget()
        return f"Forgotten: {', '.join(counted(count, noun) for noun, count in counts.items())}."

    return {Name.SCAN: scan, Name.MAINTAIN: maintain, Name.FORGET: forget}
