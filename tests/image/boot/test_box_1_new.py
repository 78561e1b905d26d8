"""A card that was just flashed, in its first boot: what is there, and what is shut."""

import re

import httpx
import pytest

from tests.image.boot.card import Card
from tests.image.boot.conftest import GIGABYTES
from tests.image.boot.figures import Figures
from tests.image.boot.inside import (
    SOCKET_FOLDER,
    Listening,
    accounts_with_password,
    boot_journal,
    exposure,
    listening,
    psql,
)
from tests.image.boot.life import MUSIC
from tests.image.boot.machine import PORTS, Machine

#: docs/appliance.md says so. avahi asks from a port that it is given, and gets its answers there.
DOCUMENTED = {("tcp", 80), ("udp", 5353)}


def test_it_is_ready_and_what_that_took_is_told(new_box: Machine, figures: Figures) -> None:
    figures.note("boot to ready, by the clock here", new_box.ready_after, "s", remark="emulated, first boot")
    microseconds = int(new_box.of_unit("tonearm.service", "ActiveEnterTimestampMonotonic"))
    figures.note("boot to ready, by its own clock", microseconds / 1e6, "s", remark="from the kernel's start")
    assert new_box.of_unit("tonearm.service", "ActiveState") == "active"


def test_every_unit_has_started(new_box: Machine) -> None:
    assert new_box.run("systemctl", "--failed", "--no-legend") == ""
    assert new_box.until_settled() == "running"


def test_no_unit_waits_for_itself(new_box: Machine) -> None:
    assert boot_journal(new_box, "ordering cycle|Found dependency on|Job .* deleted to break") == []


def test_systemd_understands_every_line_of_every_unit(new_box: Machine) -> None:
    assert (
        boot_journal(new_box, "Unknown (key|section|lvalue)|Failed to parse|ignoring( line|:)|Unit file .* deprecated")
        == []
    )


def test_no_service_complains(new_box: Machine) -> None:
    """The kernel may: of the hardware that this emulator is."""
    errors = new_box.run("journalctl", "--boot", "--priority=err", "--no-pager", "--quiet", seconds=120)
    assert [line for line in errors.splitlines() if " kernel: " not in line] == []


def test_nothing_was_killed_for_memory(new_box: Machine) -> None:
    assert boot_journal(new_box, "Out of memory|oom-kill|Killed process") == []


# --- The network


def test_outside_only_the_server_answers(new_box: Machine) -> None:
    assert [port for port in PORTS if new_box.answers(port)] == [80]


def test_inside_nothing_listens_but_what_is_documented(new_box: Machine) -> None:
    found = listening(new_box)
    asking = {each for each in found if each.program == "avahi-daemon" and each.port >= 32768}
    # DHCP's answers come to port 68, by a client that has no port open: it looks at packets as they are.
    assert {(each.protocol, each.port) for each in found - asking} == DOCUMENTED
    assert Listening("tcp", 80, "systemd") in found or any(each.program == "tonearm" for each in found)


def test_no_account_has_a_password(new_box: Machine) -> None:
    assert accounts_with_password(new_box) == []


def test_ssh_does_not_run(new_box: Machine) -> None:
    assert new_box.of_unit("ssh.service", "ActiveState") == "inactive"
    assert new_box.of_unit("ssh.socket", "ActiveState") == "inactive"
    assert new_box.ask("test", "-e", "/root/.ssh/authorized_keys").status != 0


# --- The database


def test_the_database_is_on_no_network(new_box: Machine) -> None:
    assert psql(new_box, "SHOW listen_addresses") == ""
    everything = new_box.run("ss", "--tcp", "--listening", "--processes", "--no-header")
    assert "postgres" not in everything


def test_the_database_checks_its_pages(new_box: Machine) -> None:
    assert psql(new_box, "SHOW data_checksums") == "on"
    assert psql(new_box, "SHOW fsync") == "on"
    assert psql(new_box, "SHOW full_page_writes") == "on"


def test_who_one_is_the_kernel_says(new_box: Machine) -> None:
    assert psql(new_box, "SELECT current_user") == "tonearm"
    assert "Permission denied" in psql(new_box, "SELECT 1", system_user="nobody")
    # He may use the socket, and is still not whom he says.
    assert "Peer authentication failed" in psql(new_box, "SELECT 1", system_user="postgres")
    assert "Peer authentication failed" in psql(new_box, "SELECT 1", role="postgres")


def test_the_server_owns_its_database_and_no_more(new_box: Machine) -> None:
    assert (
        psql(
            new_box,
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles"
            " WHERE rolname = current_user",
        )
        == "f"
    )
    assert new_box.run("stat", "--format=%U:%G", SOCKET_FOLDER) == "postgres:tonearm"


# --- The disks


def test_the_data_takes_what_the_card_has(new_box: Machine, card: Card) -> None:
    start = card.partitions()[3].start
    kind, size = new_box.run("findmnt", "--noheadings", "--bytes", "--output=FSTYPE,SIZE", "/srv/tonearm").split()
    assert kind == "ext4"
    # ext4 keeps some for itself: inodes and its journal.
    assert int(size) > 0.95 * (GIGABYTES * 1024**3 - start)


def test_reading_writes_nothing_and_the_log_is_in_memory(new_box: Machine) -> None:
    for folder in ("/", "/srv/tonearm"):
        assert "noatime" in new_box.run("findmnt", "--noheadings", "--output=OPTIONS", folder).split(",")
    assert new_box.ask("find", "/var/log/journal", "-type", "f").stdout == ""
    assert new_box.run("ls", "/run/log/journal") == new_box.run("cat", "/etc/machine-id")


def test_everything_lies_where_it_belongs(new_box: Machine) -> None:
    for path, owner in {
        "/srv/tonearm": "root:root 755",
        "/srv/tonearm/postgresql": "postgres:postgres 700",
        "/srv/tonearm/server": "tonearm:tonearm 700",
        "/srv/tonearm/music": "tonearm:tonearm 2775",
        "/srv/tonearm/backups": "tonearm:tonearm 750",
    }.items():
        assert new_box.run("stat", "--format=%U:%G %a", path) == owner, path


# --- The server


def test_the_server_is_shut_in(new_box: Machine, figures: Figures) -> None:
    score = exposure(new_box, "tonearm.service")
    figures.note("exposure of the server", score, "", budget=2.0, remark="systemd-analyze security, 10 is worst")
    assert score <= 2.0


def test_memory_is_short_for_the_server_before_it_is_for_the_database(new_box: Machine) -> None:
    assert new_box.of_unit("tonearm.service", "MemoryMax") != "infinity"
    assert int(new_box.of_unit("tonearm-postgresql.service", "OOMScoreAdjust")) == -900


def test_the_screen_says_where_to_find_it(new_box: Machine) -> None:
    screen = new_box.screen()
    assert "http://tonearm.local" in screen
    assert re.search(r"http://10\.0\.2\.15\b", screen), screen


def test_whoever_opens_it_is_led_to_set_up(new_box: Machine) -> None:
    with httpx.Client(base_url=new_box.url, timeout=60) as browser:
        first = browser.get("/")
        assert (first.status_code, first.headers["Location"]) == (303, "/setup")
        page = browser.get("/setup")
        assert page.status_code == 200
        assert "<form" in page.text
        offer = browser.get("/api/v1/setup/").json()
    assert offer["needed"] is True
    assert offer["machine"]["device_name"] == "tonearm"
    assert offer["music_folder"] == MUSIC


@pytest.mark.parametrize("headers", [{"Host": "evil.example.com"}, {"Origin": "http://evil.example.com"}], ids=str)
def test_a_foreign_page_sets_nothing_up(new_box: Machine, headers: dict[str, str]) -> None:
    answers = {"administrator": "mallory", "password": "long enough, surely"}
    answer = httpx.post(f"{new_box.url}/api/v1/setup/", json=answers, headers=headers, timeout=60)
    assert answer.status_code in {403, 421}
    assert httpx.get(f"{new_box.url}/api/v1/setup/", timeout=60).json()["needed"] is True


def test_its_owner_finds_an_example_on_the_boot_partition(new_box: Machine) -> None:
    assert "# [administrator]" in new_box.run("cat", "/boot/firmware/tonearm-example.toml")
