"""Somebody's own Debian, which serves other things already, becomes a Tonearm: ``make converge``, over ssh.

The tests go in the order of their lines, and so does the life of that machine: plain, refused, converged, taken off.
"""

import os
import re
import shlex
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from image.workshop import ROOT
from tests.image.boot.bench import Bench
from tests.image.boot.figures import Figures
from tests.image.boot.inside import Listening, listening, main_process, psql
from tests.image.boot.life import ADMINISTRATOR, MUSIC, bring_music
from tests.image.boot.listener import Listener
from tests.image.boot.machine import Machine
from tests.image.boot.plain_debian import Debian, install
from tests.image.boot.waiting import until

# What its owner has written there, by file. One program serves a page, on whatever port.
_OWN_FILES = {
    "/etc/ssh/sshd_config.d/attic.conf": "MaxAuthTries 3\nPermitRootLogin prohibit-password\n",
    "/etc/systemd/system/web@.service": """
        [Service]
        ExecStart=python3 -m http.server --directory /srv/web %i
        [Install]
        WantedBy=multi-user.target
    """,
    "/srv/web/index.html": "The attic's own page\n",
}
_OWN_COMMANDS = (
    "hostnamectl set-hostname attic",
    "timedatectl set-timezone Pacific/Auckland",
    "systemctl reload ssh.service",
    "systemctl enable --now web@8080.service",
    "useradd --create-home grace",
    "pg_createcluster 17 main --start",
    """runuser -u postgres -- psql -q -c "CREATE TABLE shellac AS SELECT 'Cohn, 78 rpm' AS side" """,
)
_OWN_SERVICES = ("ssh.service", "web@8080.service", "postgresql@17-main.service", "NetworkManager.service")
_FOLDERS = ("/etc", "/home", "/opt", "/root", "/srv", "/usr")
#: A user more changes these, and the copies that Debian keeps of them.
_ACCOUNTS = {f"/etc/{name}{copy}" for name in ("passwd", "shadow", "group", "gshadow") for copy in ("", "-")}
_RUN_SECONDS = 900


class Belongings(NamedTuple):
    """What is somebody's own on that machine, and works."""

    host_name: str
    zone: str
    accounts: list[str]
    sshd: str
    records: str
    clusters: str
    page: str
    processes: dict[str, int]
    """Of each service: another id would be a restart."""
    open_ports: set[Listening]


class Home(NamedTuple):
    """The machine, how one gets in, and what was there before anything of Tonearm's came."""

    machine: Machine
    ssh: str
    scratch: Path
    belongings: Belongings
    files: dict[str, str]


class Run(NamedTuple):
    """How ``make converge`` ended."""

    status: int
    said: str
    recap: dict[str, int]
    """Ansible's last line: how many tasks were ``ok``, ``changed``, ``failed``…"""
    seconds: float


@pytest.fixture(scope="module")
def home(bench: Bench, arch: str, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Plain Debian, on which its owner has settled in."""
    scratch = tmp_path_factory.mktemp("own")
    key = scratch / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "grace@laptop", "-f", key], check=True)
    debian = install(arch, scratch, key.with_suffix(".pub").read_text(encoding="ascii"))
    machine = debian.switch_on(bench)
    assert machine.until_settled() == "running"
    _settle_in(machine)
    until(lambda: machine.answers(22) and machine.answers(8080), "its owner's services", seconds=60)
    return Home(machine, _ssh(machine, debian, key), scratch, belongings(machine), files(machine))


@pytest.fixture(scope="module")
def tonearm(home: Home, figures: Figures) -> Home:
    """The same after the first run that nothing stood in the way of."""
    run = converge(home)
    assert (run.status, run.recap["failed"]) == (0, 0), run.said
    figures.note("your own Debian, converged", run.seconds, "s", remark="emulated; Debian's packages were there")
    return home


def test_a_port_that_is_taken_stops_it_before_anything_is_changed(home: Home) -> None:
    home.machine.run("systemctl", "start", "web@80.service")
    until(lambda: home.machine.answers(80), "the other web server", seconds=60)
    run = converge(home)
    home.machine.run("systemctl", "stop", "web@80.service")
    assert (run.status != 0, run.recap["failed"], run.recap["changed"]) == (True, 1, 0), run.said
    assert "Port 80 of this machine is taken by python3. Nothing was changed." in run.said
    assert "CONVERGE='--extra-vars tonearm_port=4533'" in run.said
    assert files(home.machine) == home.files


def test_a_dry_run_tells_and_changes_nothing(home: Home) -> None:
    run = converge(home, "--check", "--diff")
    assert (run.status, run.recap["failed"]) == (0, 0), run.said
    assert "+ListenStream=80" in run.said
    assert files(home.machine) == home.files
    assert belongings(home.machine) == home.belongings


def test_one_run_makes_it_a_tonearm(tonearm: Home) -> None:
    tonearm.machine.until_ready()
    assert tonearm.machine.run("systemctl", "--failed", "--no-legend") == ""


def test_what_was_there_is_as_it_was(tonearm: Home) -> None:
    now = belongings(tonearm.machine)
    assert now._replace(open_ports={each for each in now.open_ports if each.port != 80}) == tonearm.belongings
    there = files(tonearm.machine)
    assert {name for name, told in tonearm.files.items() if there.get(name) != told} <= _ACCOUNTS


def test_its_database_is_no_part_of_the_one_that_was_there(tonearm: Home) -> None:
    assert psql(tonearm.machine, "SELECT current_database()") == "tonearm"
    assert "tonearm" not in tonearm.machine.run("runuser", "-u", "postgres", "--", "psql", "-Atc", "\\l")


def test_a_second_run_changes_nothing(tonearm: Home) -> None:
    before = {unit: main_process(tonearm.machine, unit) for unit in ("tonearm.service", "tonearm-postgresql.service")}
    run = converge(tonearm)
    assert (run.status, run.recap["failed"], run.recap["changed"]) == (0, 0, 0), run.said
    assert {unit: main_process(tonearm.machine, unit) for unit in before} == before


def test_it_is_set_up_and_finds_music(tonearm: Home, tmp_path: Path) -> None:
    name, password = ADMINISTRATOR
    answers = {"administrator": name, "password": password, "music_folder": MUSIC}
    told = httpx.post(f"{tonearm.machine.url}/api/v1/setup/", json=answers, timeout=120)
    assert told.status_code == 201, told.text
    # It is a guest, and has no name to give.
    assert told.json()["addresses"] == [tonearm.machine.url]
    household = bring_music(tonearm.machine, Listener(tonearm.machine, name, password), tmp_path)
    assert sorted(household.songs) == sorted(household.files)
    assert belongings(tonearm.machine).host_name == tonearm.belongings.host_name


def test_it_moves_to_another_port(tonearm: Home) -> None:
    run = converge(tonearm, "--extra-vars", "tonearm_port=4533")
    assert (run.status, run.recap["failed"]) == (0, 0), run.said
    assert httpx.get(f"http://127.0.0.1:{tonearm.machine.port(4533)}/health/ready", timeout=60).status_code == 200
    assert not tonearm.machine.answers(80)


def test_it_goes_as_the_documentation_says_and_leaves_nothing(tonearm: Home) -> None:
    documentation = (ROOT / "docs/own-debian.md").read_text(encoding="utf-8")
    _, _, farewell = documentation.partition("## To take it off again")
    software, data = re.findall(r"```sh\n(.*?)```", farewell, re.DOTALL)
    tonearm.machine.run("sh", "-euc", software)
    left = files(tonearm.machine).keys() - tonearm.files.keys()
    assert {name for name in left if not name.startswith("/srv/tonearm/")} == set()
    tonearm.machine.run("sh", "-euc", data)
    assert files(tonearm.machine).keys() == tonearm.files.keys()
    assert belongings(tonearm.machine) == tonearm.belongings
    assert tonearm.machine.run("systemctl", "--failed", "--no-legend") == ""


# --- The machine, and who works on it


def converge(home: Home, *words: str) -> Run:
    """What docs/own-debian.md has people type, with further words for Ansible."""
    told = " ".join([f"--private-key={home.scratch / 'key'}", f"--ssh-common-args={shlex.quote(home.ssh)}", *words])
    # Not what another `make` or Ansible was told; and nothing into this computer's home.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ANSIBLE_"))}
    rooms = {"ANSIBLE_HOME": str(home.scratch / "ansible"), "ANSIBLE_SSH_CONTROL_PATH_DIR": str(home.scratch / "cp")}
    # The environments are those that this test runs in.
    make = ["make", "--assume-old=.venv/dev", "--assume-old=.venv-image/ready", "converge"]
    began = time.monotonic()
    done = subprocess.run(
        [*make, f"HOST=root@127.0.0.1:{home.machine.port(22)}", f"ARCH={home.machine.board.arch}", f"CONVERGE={told}"],
        cwd=ROOT,
        env=kept | rooms | {"ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_RUN_SECONDS,
        check=False,
    )
    took = time.monotonic() - began
    _, _, recap = done.stdout.partition("PLAY RECAP")
    counts = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", recap)}
    return Run(done.returncode, done.stdout, counts, took)


def belongings(machine: Machine) -> Belongings:
    accounts = machine.run("getent", "passwd").splitlines()
    return Belongings(
        host_name=machine.run("hostname"),
        zone=machine.run("readlink", "/etc/localtime"),
        accounts=[account for account in accounts if not account.startswith("tonearm:")],
        sshd=machine.run("sshd", "-T"),
        records=machine.run("runuser", "-u", "postgres", "--", "psql", "-Atc", "TABLE shellac"),
        clusters=machine.run("pg_lsclusters", "--no-header"),
        page=httpx.get(f"http://127.0.0.1:{machine.port(8080)}/", timeout=60).text,
        processes={unit: main_process(machine, unit) for unit in _OWN_SERVICES},
        open_ports=listening(machine),
    )


def files(machine: Machine) -> dict[str, str]:
    """Every file where people and packages keep theirs: when it was touched last, whose it is, its size."""
    told = machine.run("find", *_FOLDERS, "-xdev", "!", "-type", "d", "-printf", "%p\t%C@ %i %m %u:%g %s %l\n")
    return dict(line.split("\t", 1) for line in told.splitlines())


def _settle_in(machine: Machine) -> None:
    for name, content in _OWN_FILES.items():
        machine.run("install", "-D", "--mode=644", "/dev/stdin", name, stdin=content.encode())
    for command in _OWN_COMMANDS:
        machine.run("sh", "-euc", command, seconds=180)


def _ssh(machine: Machine, debian: Debian, key: Path) -> str:
    """Options with which ssh asks nothing, and neither knows nor learns what this computer's user knows of hosts."""
    known = key.with_name("known_hosts")
    known.write_text(f"[127.0.0.1]:{machine.port(22)} {debian.host_key}\n", encoding="ascii")
    told = ("BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}", "IdentitiesOnly=yes")
    return " ".join(["-F none", *(f"-o {each}" for each in (*told, "IdentityAgent=none"))])
