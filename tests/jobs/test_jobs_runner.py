"""The service that does jobs: each once, as many at a time as its lane has places, and to an end that is written."""

from datetime import timedelta

import psycopg
import trio
from structlog.testing import capture_logs

from appliance.core.errors import NotFound, TonearmError
from appliance.core.jobs import JobKind, JobKinds, JobProgress, JobState
from tests.jobs.crew import FAIL, WAIT, Crew, House


async def test_what_waited_and_what_comes_is_done(house: House, crew: Crew) -> None:
    before = await house.enqueue()
    async with house.runner():
        assert (await house.until(before)).state is JobState.DONE
        after = await house.enqueue(payload={"x": 1})
        assert (await house.until(after)).state is JobState.DONE
    assert crew.begun == [before.id, after.id]


async def test_two_runners_do_each_job_once(house: House, neighbour: House, crew: Crew) -> None:
    wanted = [await house.enqueue() for _ in range(60)]
    async with house.runner(), neighbour.runner():
        for job in wanted:
            await house.until(job)
    assert sorted(crew.begun) == sorted(job.id for job in wanted)


async def test_a_lane_runs_no_more_at_once_than_it_has_places(house: House, crew: Crew) -> None:
    wanted = [await house.enqueue(WAIT) for _ in range(3)]
    async with house.runner():
        for job in wanted[:2]:
            await house.until(job, JobState.RUNNING)
        # The other lane is not held up by it.
        await house.until(await house.enqueue())
        assert (await house.get(wanted[2].id)).state is JobState.QUEUED
        crew.release.set()
        for job in wanted:
            assert (await house.until(job)).message == "waited"


async def test_a_running_job_is_cancelled_at_once_and_its_place_is_free(house: House, crew: Crew) -> None:
    first, second = await house.enqueue(WAIT), await house.enqueue(WAIT)
    async with house.runner():
        for job in (first, second):
            await house.until(job, JobState.RUNNING)
        await house.cancel(first.id)
        third = await house.enqueue(WAIT)
        await house.until(third, JobState.RUNNING)
        assert crew.cancelled == [first.id]
        crew.release.set()
        await house.until(second)
    assert (await house.get(first.id)).state is JobState.CANCELLED


async def test_a_queued_job_that_is_cancelled_never_begins(house: House, crew: Crew) -> None:
    job = await house.enqueue(WAIT)
    await house.cancel(job.id)
    async with house.runner():
        await house.until(await house.enqueue())
    assert job.id not in crew.begun


async def test_a_refusal_is_told_in_its_words_and_tried_again_later(house: House, crew: Crew) -> None:
    job = await house.enqueue(FAIL)
    async with house.runner():
        tried = await house.until_tried(job, 1)
        assert tried.message == "The disk is full."
        assert timedelta(seconds=2) < tried.run_at - tried.created_at < timedelta(seconds=60)
        house.hurry()
        dead = await house.until(job)
    assert (dead.state, dead.attempts, dead.message) == (JobState.DEAD, 2, "The disk is full.")
    assert crew.begun == [job.id, job.id]


async def test_a_fault_of_ours_is_told_plainly_and_logged_once(house: House, crew: Crew) -> None:
    crew.failure = ZeroDivisionError("a secret of the inside")
    job = await house.enqueue(FAIL)
    with capture_logs() as entries:
        async with house.runner():
            tried = await house.until_tried(job, 1)
    assert [entry["event"] for entry in entries if entry["log_level"] == "error"] == ["A job failed"]
    assert tried.message is not None
    assert "secret" not in tried.message


async def test_errors_out_of_a_nursery_are_told_each_once(house: House, crew: Crew) -> None:
    crew.failure = ExceptionGroup(
        "", [NotFound("No file."), ExceptionGroup("", [TonearmError("No disk."), NotFound("No file.")])]
    )
    job = await house.enqueue(FAIL)
    async with house.runner():
        assert (await house.until_tried(job, 1)).message == "No file. No disk."


async def test_what_takes_too_long_has_failed(house: House, crew: Crew) -> None:
    job = await house.enqueue(WAIT)
    async with house.runner(kinds=JobKinds([JobKind(name="wait", lane="heavy", seconds=0.05)])):
        assert (await house.until_tried(job, 1)).message == "It was not done after 0.05 seconds."
    assert crew.cancelled == [job.id]


async def test_progress_is_shown_while_it_runs(house: House, crew: Crew) -> None:
    job = await house.enqueue(WAIT)
    async with house.runner():
        await house.until(job, JobState.RUNNING)
        for number in range(1000):
            crew.reports[0](number, 2**70, "count\0ing " + "x" * 1000)
        shown = await house.until_told(job, lambda now: now.progress.done > 0)
        crew.release.set()
        await house.until(job)
    assert shown.progress == JobProgress(done=999, total=2**63 - 1, words="count ing " + "x" * 190)


async def test_stopping_hands_back_what_runs_and_it_costs_no_attempt(
    house: House, neighbour: House, crew: Crew
) -> None:
    job = await house.enqueue(WAIT)
    async with neighbour.runner():
        await neighbour.until(job, JobState.RUNNING)
    back = await house.get(job.id)
    assert (back.state, back.attempts) == (JobState.QUEUED, 0)
    async with house.runner():
        await house.until(job, JobState.RUNNING)
        crew.release.set()
        assert (await house.until(job)).attempts == 1


async def test_a_runner_that_starts_again_in_its_process_takes_up_what_it_left(house: House, crew: Crew) -> None:
    job = await house.enqueue(WAIT)
    async with house.store.begin() as work:
        assert await work.jobs.take("heavy", ["wait"], 1)
    async with house.runner():
        tried = await house.until_tried(job, 1)
        assert tried.message == "The process that did it ended in the middle."
        house.hurry()
        await house.until(job, JobState.RUNNING)
        crew.release.set()
        await house.until(job)


async def test_a_job_that_became_somebody_elses_is_dropped(house: House, crew: Crew) -> None:
    """The notification of a cancellation may be lost, with the connection that would have brought it."""
    job = await house.enqueue(WAIT)
    async with house.runner():
        await house.until(job, JobState.RUNNING)
        with psycopg.connect(house.url, autocommit=True) as connection:
            connection.execute("UPDATE jobs SET state = 'cancelled', instance = NULL, finished_at = now()")
            connection.execute("SELECT pg_notify('tonearm_job_cancels', '')")
        with trio.fail_after(10):
            await crew.gone.wait()
    assert crew.cancelled == [job.id]


async def test_a_job_that_has_to_wait_begins_in_its_time(house: House) -> None:
    async with house.runner():
        job = await house.enqueue(delay=timedelta(seconds=0.7))
        done = await house.until(job)
    assert done.started_at is not None
    assert timedelta(seconds=0.7) <= done.started_at - done.created_at < timedelta(seconds=10)


async def test_a_database_that_goes_away_is_waited_for(house: House, crew: Crew) -> None:
    job = await house.enqueue(WAIT)
    async with house.runner():
        await house.until(job, JobState.RUNNING)
        with psycopg.connect(house.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        crew.release.set()
        assert (await house.until(job)).state is JobState.DONE
        assert (await house.until(await house.enqueue())).state is JobState.DONE


async def test_a_job_that_is_ours_and_does_not_run_here_is_lost_and_done_again(house: House, crew: Crew) -> None:
    """A commit that was not confirmed may have been made all the same."""
    async with house.runner(round_seconds=0.1):
        job = await house.enqueue(WAIT, delay=timedelta(hours=1))
        with psycopg.connect(house.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE jobs SET state = 'running', attempts = 1, instance = (SELECT application_name FROM"
                " pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tonearm-%' LIMIT 1)"
            )
        assert (await house.until_tried(job, 1)).message == "The process that did it ended in the middle."
        crew.release.set()
        house.hurry()
        assert (await house.until(job)).attempts == 2


async def test_a_round_leaves_alone_what_runs(house: House, crew: Crew) -> None:
    job = await house.enqueue(WAIT)
    async with house.runner(round_seconds=0.1):
        await house.until(job, JobState.RUNNING)
        # Each of these waits for longer than a round takes.
        for _ in range(3):
            await house.until(await house.enqueue(delay=timedelta(seconds=0.3)))
        crew.release.set()
        assert (await house.until(job)).attempts == 1
