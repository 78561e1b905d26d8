"""kill -9 of a process that does jobs: they are taken up by another, and one that kills its process ends as dead."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from appliance.core.jobs import JobState
from tests.jobs.crew import FAIL, WAIT, Crew, House
from tests.measuring import MEASURED


@contextmanager
def another_process(url: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.other_process", url],
        env=os.environ | MEASURED,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


async def test_a_job_of_a_killed_process_is_done_by_another(house: House, crew: Crew) -> None:
    job = await house.enqueue(WAIT)
    with another_process(house.url) as other:
        assert other.stdout is not None
        assert await trio.to_thread.run_sync(other.stdout.readline) == "begun\n"
        async with house.runner(round_seconds=0.1):
            assert (await house.get(job.id)).state is JobState.RUNNING
            other.kill()
            tried = await house.until_tried(job, 1)
            assert tried.message == "The process that did it ended in the middle."
            assert tried.run_at > tried.created_at
            crew.release.set()
            house.hurry()
            done = await house.until(job)
    assert (done.state, done.attempts) == (JobState.DONE, 2)


async def test_a_job_that_kills_its_process_ends_as_dead(house: House, crew: Crew) -> None:
    """The server goes on with the others, since after so many attempts nobody tries this one again."""
    job = await house.enqueue(FAIL)
    del crew.handlers["fail"]
    async with house.runner(round_seconds=0.1):
        for attempt in (1, 2):
            with another_process(house.url) as other:
                await trio.to_thread.run_sync(other.wait)
            left = await (house.until_tried(job, attempt) if attempt < 2 else house.until(job))
            house.hurry()
        await house.until(await house.enqueue())
    assert (left.state, left.attempts) == (JobState.DEAD, 2)
    assert left.message == "The process that did it ended in the middle."
