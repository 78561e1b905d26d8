"""The box when its processes hang, die or are restarted: it comes back by itself, and nobody is refused."""

import json
import threading

import httpx

from tests.image.boot.figures import Figures
from tests.image.boot.inside import main_process
from tests.image.boot.life import Household
from tests.image.boot.machine import Machine
from tests.image.boot.waiting import until

SERVER = "tonearm.service"
DATABASE = "tonearm-postgresql.service"
#: WatchdogSec, TimeoutAbortSec and RestartSec; then the start, which emulation makes slow.
_NOTICED_SECONDS = 30 + 5 + 10
_BACK_SECONDS = 90


def until_another_runs(box: Machine, unit: str, before: int, *, seconds: float) -> float:
    """Wait until a service has another main process than before; how many seconds that took."""
    return until(lambda: main_process(box, unit) not in {0, before}, f"another process of {unit}", seconds=seconds)


def test_a_server_that_hangs_is_restarted(box: Machine, household: Household, figures: Figures) -> None:
    before = main_process(box, SERVER)
    box.run("kill", "-STOP", str(before))
    noticed = until_another_runs(box, SERVER, before, seconds=_NOTICED_SECONDS)
    back = noticed + box.until_ready(seconds=_BACK_SECONDS)
    figures.note("a server that hangs is replaced after", noticed, "s", budget=40, remark="SIGSTOP; watchdog of 30 s")
    figures.note("… and ready after", back, "s", remark="emulated")
    assert household.listener.songs() == household.songs


def test_a_server_that_is_killed_comes_back(box: Machine, household: Household) -> None:
    before = main_process(box, SERVER)
    box.run("kill", "-KILL", str(before))
    until_another_runs(box, SERVER, before, seconds=_BACK_SECONDS)
    box.until_ready(seconds=_BACK_SECONDS)
    assert household.listener.songs() == household.songs


def test_a_database_that_is_killed_comes_back_with_everything(box: Machine, household: Household) -> None:
    before = main_process(box, DATABASE)
    box.run("kill", "-KILL", str(before))
    until_another_runs(box, DATABASE, before, seconds=_BACK_SECONDS)
    box.until_ready(seconds=_BACK_SECONDS)
    assert household.listener.songs() == household.songs


def test_a_database_whose_program_an_update_replaced_is_restarted(box: Machine, household: Household) -> None:
    program = box.run("readlink", f"/proc/{main_process(box, DATABASE)}/exe")
    assert "/usr/lib/tonearm/after-upgrade" in box.run("apt-config", "dump", "DPkg::Post-Invoke")
    box.run("/usr/lib/tonearm/after-upgrade")
    before = main_process(box, DATABASE)
    server = main_process(box, SERVER)
    box.run("sh", "-c", f"cp --preserve=all {program} {program}.new && mv {program}.new {program}")
    box.run("/usr/lib/tonearm/after-upgrade", seconds=_BACK_SECONDS)
    until_another_runs(box, DATABASE, before, seconds=_BACK_SECONDS)
    box.until_ready(seconds=_BACK_SECONDS)
    assert main_process(box, SERVER) == server
    assert household.listener.songs() == household.songs


def test_nobody_is_refused_while_the_server_restarts(box: Machine) -> None:
    before = main_process(box, SERVER)
    stop = threading.Event()
    answers: list[int] = []

    def ask() -> None:
        """One connection after another, as browsers and apps make them; 0 stands for one that was refused or lost."""
        while not stop.is_set():
            try:
                answers.append(httpx.get(f"{box.url}/health", timeout=_BACK_SECONDS).status_code)
            except httpx.TransportError:
                answers.append(0)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    try:
        until(lambda: len(answers) >= 10, "answers before the restart", seconds=60)
        box.run("systemctl", "restart", SERVER, seconds=120)
        asked_until_then = len(answers)
        until(lambda: len(answers) >= asked_until_then + 10, "answers after the restart", seconds=60)
    finally:
        stop.set()
        for thread in asking:
            thread.join()
    assert main_process(box, SERVER) != before
    assert set(answers) == {200}


def test_the_journal_can_be_asked_for_one_request(box: Machine) -> None:
    path = "/there/is/no/such/page"
    assert httpx.get(f"{box.url}{path}", timeout=60).status_code == 404
    asked = ("--boot", f"--unit={SERVER}", "--output=json", "--no-pager", f"PATH={path}")
    (entry,) = (json.loads(line) for line in box.run("journalctl", *asked, seconds=120).splitlines())
    assert (entry["METHOD"], entry["STATUS"]) == ("GET", "404")
    assert entry["REQUEST_ID"]


def test_after_all_that_every_unit_is_well(box: Machine) -> None:
    assert box.run("systemctl", "--failed", "--no-legend") == ""
