"""Jobs that behave and jobs that do not, in real worker processes.

The jobs are of the standard library (and of the code itself), because a worker imports the module of its job.
"""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import trio

from appliance.core.errors import MediaFault
from appliance.offload import open_offload

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]


async def test_a_job_runs_in_another_process() -> None:
    async with open_offload(workers=1) as offload:
        first = await offload.run(os.getpid)
        assert first != os.getpid()
        assert await offload.run(os.getpid) == first


async def test_an_exception_of_the_job_comes_through() -> None:
    async with open_offload(workers=1) as offload:
        with pytest.raises(FileNotFoundError):
            await offload.run(os.listdir, "/nowhere at all")


async def test_a_worker_that_dies_is_a_fault_and_the_next_job_has_another() -> None:
    async with open_offload(workers=1) as offload:
        with pytest.raises(MediaFault, match="crash"):
            await offload.run(os._exit, 11)
        assert await offload.run(abs, -3) == 3


async def test_a_job_that_takes_too_long_is_killed() -> None:
    async with open_offload(workers=1) as offload:
        worker = await offload.run(os.getpid)
        with pytest.raises(MediaFault, match="longer than"):
            await offload.run(signal.pause, seconds=0.2)
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
        assert await offload.run(abs, -3) == 3


async def test_memory_is_limited() -> None:
    async with open_offload(workers=1) as offload:
        with pytest.raises(MediaFault, match="memory"):
            await offload.run(bytearray, 1 << 30)


async def test_cancellation_kills_the_worker_at_once() -> None:
    async with open_offload(workers=1) as offload:
        worker = await offload.run(os.getpid)
        with trio.move_on_after(0.1):
            await offload.run(signal.pause)
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


async def test_no_more_workers_than_wanted() -> None:
    async with open_offload(workers=2) as offload:
        seen: set[int] = set()

        async def work() -> None:
            seen.add(await offload.run(os.getpid))

        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(work)
        assert 1 <= len(seen) <= 2


async def test_workers_end_with_the_block(eventually: Eventually) -> None:
    async with open_offload(workers=1) as offload:
        worker = await offload.run(os.getpid)
    await eventually(partial(_is_gone, worker))


async def test_an_idle_worker_that_somebody_kills_hides_no_error() -> None:
    async def fail_with_a_dead_worker() -> None:
        async with open_offload(workers=1) as offload:
            os.kill(await offload.run(os.getpid), signal.SIGKILL)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await fail_with_a_dead_worker()


async def test_a_killed_idle_worker_is_replaced(eventually: Eventually) -> None:
    async with open_offload(workers=1) as offload:
        worker = await offload.run(os.getpid)
        os.kill(worker, signal.SIGKILL)
        await eventually(partial(_is_gone, worker))
        assert await offload.run(os.getpid) != worker


def _is_gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_a_worker_that_reads_tags_imports_nothing_of_the_server(tmp_path: Path) -> None:
    """From a main module like ours: importable, with its work in a function."""
    main = tmp_path / "program" / "__main__.py"
    main.parent.mkdir()
    main.write_text(
        textwrap.dedent(
            """
            import sys

            def main():
                import trio
                from appliance.ingest.reading import read_batch
                from appliance.offload import open_offload

                async def run():
                    async with open_offload(workers=1) as offload:
                        await offload.run(read_batch, b"/", [], {})
                        print(" ".join(await offload.run(eval, "list(__import__('sys').modules)")))

                trio.run(run)

            if __name__ == "__main__":
                main()
            """
        )
    )
    for command in (["-m", "program"], [str(main)]):
        outcome = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        modules = {name.partition(".")[0] for name in outcome.stdout.split()}
        assert "mutagen" in modules
        assert not modules & {"trio", "trio_parallel", "trio_asyncio", "quart", "sqlalchemy", "asyncpg", "av", "PIL"}
        assert not {
            name for name in outcome.stdout.split() if name.startswith(("appliance.offload", "appliance.store"))
        }
