"""Jobs and schedules: who may start, see, stop and try again; and every fault of a schedule at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from quart.typing import TestClientProtocol as Client

from appliance.api.rest.jobs import JobPage, JobRead
from appliance.api.rest.schedules import SchedulePage, ScheduleRead
from appliance.api.services import Services
from appliance.core import jobs
from appliance.core.accounts import Role
from appliance.core.ids import new_id
from appliance.core.jobs import Job, JobKind, JobState
from appliance.core.ports import Store
from appliance.core.schedules import NewSchedule
from appliance.jobs.kinds import DEFAULTS
from tests.api.rest.api import Api
from tests.api.rest.conftest import PASSWORD

Headers = dict[str, str]
NOOP = JobKind(name="noop", lane="light", most_attempts=1)


@pytest.fixture
def admin(client: Client, administrator: Headers) -> Api:
    return Api(client, administrator)


@pytest.fixture
def somebody(client: Client, member: Headers) -> Api:
    return Api(client, member)


async def enqueue(store: Store, owner: str | None = None, kind: JobKind = NOOP) -> Job:
    async with store.begin() as work:
        user = next((user for user in await work.users.all() if user.name == owner), None)
        return await jobs.enqueue(work, kind, user=user)


async def fail(store: Store) -> None:
    """Every queued job, as often as it may."""
    async with store.begin() as work:
        for job in await work.jobs.take("light", ["noop"], 100):
            await work.jobs.end([jobs.failed(job, "The disk is full.")])


async def test_an_administrator_starts_a_job_and_sees_what_becomes_of_it(admin: Api) -> None:
    job = await admin.post("/jobs/", {"kind": "scan", "payload": {"kind": "full"}}, JobRead)
    assert (job.state, job.payload, job.lane) == (JobState.QUEUED, {"kind": "full"}, "light")
    assert await admin.get(f"/jobs/{job.id}", JobRead) == job
    assert (await admin.get("/jobs/", JobPage)).items == [job]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"kind": "noop"}, "body.kind"),
        ({"kind": "%"}, "body.kind"),
        ({"kind": "scan", "payload": {"kind": "sideways"}}, "body.payload"),
        ({"kind": "scan", "payload": {"kind": "full", "path": "/etc"}}, "body.payload"),
        ({"kind": "maintain", "payload": {"x": "\0"}}, "body.payload"),
        ({"kind": "scan", "payload": []}, "body.payload"),
        ({"kind": "scan", "priority": 9}, "body.priority"),
    ],
)
async def test_only_what_can_be_started_by_hand_is(admin: Api, body: dict[str, Any], place: str) -> None:
    assert [fault[0] for fault in await admin.refused(422, "POST", "/jobs/", body)] == [place]


async def test_members_see_and_stop_their_own_jobs_only(admin: Api, somebody: Api, store: Store) -> None:
    own, other = await enqueue(store, "member"), await enqueue(store)
    assert [job.id for job in (await somebody.get("/jobs/", JobPage)).items] == [own.id]
    assert {job.id for job in (await admin.get("/jobs/", JobPage)).items} == {own.id, other.id}
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"state": "cancelled"})):
        await somebody.refused(404, method, f"/jobs/{other.id}", body)
        await admin.refused(404, method, f"/jobs/{new_id()}", body)
    await somebody.delete(f"/jobs/{own.id}")
    assert (await somebody.get(f"/jobs/{own.id}", JobRead)).state is JobState.CANCELLED
    await somebody.delete(f"/jobs/{own.id}")
    await somebody.refused(403, "POST", "/jobs/", {"kind": "scan"})


async def test_a_dead_job_is_tried_again(admin: Api, store: Store) -> None:
    job = await enqueue(store)
    await fail(store)
    dead = await admin.get(f"/jobs/{job.id}", JobRead)
    assert (dead.state, dead.message) == (JobState.DEAD, "The disk is full.")
    again = await admin.patch(f"/jobs/{job.id}", {"state": "queued"}, JobRead)
    assert again.state is JobState.QUEUED
    assert again.most_attempts > dead.attempts
    assert await admin.patch(f"/jobs/{job.id}", {"state": "queued"}, JobRead) == again
    assert (await admin.patch(f"/jobs/{job.id}", {"state": "cancelled"}, JobRead)).state is JobState.CANCELLED


async def test_what_runs_or_is_done_is_not_tried_again(admin: Api, store: Store) -> None:
    job = await enqueue(store)
    async with store.begin() as work:
        [taken] = await work.jobs.take("light", ["noop"], 1)
    await admin.refused(409, "PATCH", f"/jobs/{job.id}", {"state": "queued"})
    async with store.begin() as work:
        await work.jobs.end([jobs.done(taken, None)])
    await admin.refused(409, "PATCH", f"/jobs/{job.id}", {"state": "queued"})
    for state in ("running", "done", "dead", "", None, 1):
        await admin.refused(422, "PATCH", f"/jobs/{job.id}", {"state": state})


async def test_jobs_are_filtered_and_sorted(admin: Api, store: Store) -> None:
    dead = await enqueue(store)
    await fail(store)
    scan = await admin.post("/jobs/", {"kind": "scan"}, JobRead)

    async def ids(**query: object) -> Sequence[UUID]:
        return [job.id for job in (await admin.get("/jobs/", JobPage, **query)).items]

    assert await ids() == [scan.id, dead.id]
    assert await ids(sorting="created_at") == [dead.id, scan.id]
    assert await ids(sorting="-finished_at") == [dead.id, scan.id]
    assert set(await ids(sorting="run_at")) == {dead.id, scan.id}
    assert await ids(state=["dead", "running"]) == [dead.id]
    assert await ids(kind="scan", lane="light") == [scan.id]
    assert await ids(kind="' OR 1=1 --") == []
    for query in ({"state": "lost"}, {"sorting": "payload"}, {"limit": 501}, {"owner": "x"}):
        await admin.refused(422, "GET", "/jobs/", **query)


async def test_a_job_outlives_who_asked_for_it(admin: Api, somebody: Api, store: Store, services: Services) -> None:
    async with store.begin() as work:
        user = await services.accounts.create(work, "leaver", PASSWORD, Role.MEMBER)
        job = await jobs.enqueue(work, NOOP, user=user)
    assert (await admin.get(f"/jobs/{job.id}", JobRead)).requested_by == user.id
    await somebody.refused(404, "GET", f"/jobs/{job.id}")
    await admin.delete(f"/users/{user.id}")
    assert (await admin.get(f"/jobs/{job.id}", JobRead)).requested_by is None


NIGHTLY = {"name": "Every night", "kind": "scan", "payload": {"kind": "full"}, "cron": "30 3 * * *"}


async def test_a_schedule_is_made_changed_and_removed(admin: Api) -> None:
    made = await admin.post("/schedules/", NIGHTLY | {"time_zone": "Europe/Berlin"}, ScheduleRead)
    assert made.next_run_at is not None
    assert (made.next_run_at - datetime.now(UTC)).days < 1
    assert (made.enabled, made.origin, made.last_run_at) == (True, None, None)
    assert await admin.get(f"/schedules/{made.id}", ScheduleRead) == made
    off = await admin.patch(f"/schedules/{made.id}", {"enabled": False}, ScheduleRead)
    assert (off.enabled, off.next_run_at, off.cron, off.time_zone) == (False, None, made.cron, "Europe/Berlin")
    on = await admin.patch(
        f"/schedules/{made.id}",
        {"enabled": True, "time_zone": None, "cron": " 0 12  1 1 * ", "kind": "maintain", "payload": {}, "name": "No"},
        ScheduleRead,
    )
    assert (on.cron, on.time_zone, on.kind, on.name) == ("0 12 1 1 *", None, "maintain", "No")
    assert (await admin.get("/schedules/", SchedulePage)).items == [on]
    await admin.delete(f"/schedules/{made.id}")
    for method in ("GET", "DELETE"):
        await admin.refused(404, method, f"/schedules/{made.id}")
    await admin.refused(404, "PATCH", f"/schedules/{made.id}", {"enabled": False})


async def test_every_fault_of_a_schedule_is_told_at_once(admin: Api) -> None:
    made = await admin.post("/schedules/", NIGHTLY, ScheduleRead)
    wrong = {"name": " ", "kind": "noop", "cron": "61 * * * *", "time_zone": "Mars/Olympus"}
    places = [(f"body.{field}", "invalid") for field in ("name", "cron", "time_zone", "kind")]
    assert await admin.refused(422, "POST", "/schedules/", wrong) == places
    assert await admin.refused(422, "PATCH", f"/schedules/{made.id}", wrong) == places


@pytest.mark.parametrize(
    "cron",
    ["", "* * * *", "* * * * * *", "@daily", "0 0 30 2 *", "-1 * * * *", "*/0 * * * *", "\0 * * * *", "a b c d e",
     "1-0 * * * *", "²  * * * *", "0 0 * * 8", "0 0 * * 1#6", "9" * 199, "* " * 100, "0 0 * * ٣L"],
)  # fmt: skip
async def test_what_is_no_cron_expression_is_refused(admin: Api, cron: str) -> None:
    [(place, _)] = await admin.refused(422, "POST", "/schedules/", NIGHTLY | {"cron": cron})
    assert place == "body.cron"


@pytest.mark.parametrize(
    "zone", ["", "../../etc/passwd", "/etc/localtime", "Europe", "europe/berlin\0", "é", "x" * 199]
)
async def test_what_is_no_time_zone_is_refused(admin: Api, zone: str) -> None:
    [(place, _)] = await admin.refused(422, "POST", "/schedules/", NIGHTLY | {"time_zone": zone})
    assert place == "body.time_zone"


async def test_a_name_is_given_once(admin: Api) -> None:
    await admin.post("/schedules/", NIGHTLY, ScheduleRead)
    await admin.refused(409, "POST", "/schedules/", NIGHTLY | {"name": "EVERY  NIGHT"})
    other = await admin.post("/schedules/", NIGHTLY | {"name": "Other"}, ScheduleRead)
    await admin.refused(409, "PATCH", f"/schedules/{other.id}", {"name": "every night"})
    await admin.patch(f"/schedules/{other.id}", {"name": "OTHER"}, ScheduleRead)


async def test_what_came_with_the_server_is_switched_off_and_stays_so(
    admin: Api, services: Services, store: Store
) -> None:
    for _ in range(2):
        async with store.begin() as work:
            await services.timetable.settle(work, DEFAULTS)
    made = (await admin.get("/schedules/", SchedulePage)).items
    assert {schedule.origin for schedule in made} == {"forget", "maintain"}
    await admin.refused(409, "DELETE", f"/schedules/{made[0].id}")
    await admin.patch(f"/schedules/{made[0].id}", {"enabled": False, "name": "Mine"}, ScheduleRead)
    async with store.begin() as work:
        await services.timetable.settle(work, DEFAULTS)
    again = (await admin.get("/schedules/", SchedulePage)).items
    assert {(schedule.name, schedule.enabled) for schedule in again} == {("Mine", False), (made[1].name, True)}


async def test_schedules_are_for_administrators(somebody: Api, admin: Api) -> None:
    made = await admin.post("/schedules/", NIGHTLY, ScheduleRead)
    await somebody.refused(403, "GET", "/schedules/")
    await somebody.refused(403, "POST", "/schedules/", NIGHTLY)
    await somebody.refused(403, "GET", f"/schedules/{made.id}")
    await somebody.refused(403, "PATCH", f"/schedules/{made.id}", {})
    await somebody.refused(403, "DELETE", f"/schedules/{made.id}")


async def test_there_are_so_many_schedules_and_no_more(admin: Api, store: Store, services: Services) -> None:
    async with store.begin() as work:
        for number in range(200):
            await services.timetable.create(work, _wish(number))
    await admin.refused(409, "POST", "/schedules/", NIGHTLY)


def _wish(number: int) -> NewSchedule:
    return NewSchedule(name=f"No. {number}", kind="forget", cron="0 0 * * *")
