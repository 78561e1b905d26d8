"""A runner in a process of its own, to be killed: ``python -m tests.jobs.other_process DATABASE_URL``.

Says ``begun`` when it begins a job of the kind ``wait``, and then waits for ever; one of the kind ``fail`` kills it.
"""

import os
import signal
import sys

import trio

from appliance.core.jobs import Job
from appliance.core.schedules import Timetable
from appliance.jobs.attempt import Report
from appliance.jobs.calendar import CronCalendar
from appliance.jobs.runner import Runner
from appliance.store.database import open_database
from appliance.store.listener import open_listener
from appliance.store.unit_of_work import PostgresStore
from tests.jobs.crew import KINDS, LANES


async def wait(_job: Job, _report: Report, /) -> None:
    print("begun", flush=True)  # noqa: T201 - this is what the test waits for
    await trio.sleep_forever()


async def die(_job: Job, _report: Report, /) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def serve(url: str) -> None:
    async with open_database(url) as database, open_listener(database) as listener:
        store = PostgresStore(database, listener)
        await Runner(store, Timetable(KINDS, CronCalendar()), {"wait": wait, "fail": die}, lanes=LANES).run()


if __name__ == "__main__":
    trio.run(serve, sys.argv[1])
