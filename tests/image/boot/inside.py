"""What is looked at inside of a machine: who listens, who may log in, what memory is used."""

import re
from typing import NamedTuple

from tests.image.boot.machine import Machine

SOCKET_FOLDER = "/run/tonearm-postgresql"
_PSQL = ("psql", "--no-psqlrc", "--tuples-only", "--no-align", f"--host={SOCKET_FOLDER}")


class Listening(NamedTuple):
    """A port that is open on the network."""

    protocol: str
    port: int
    program: str


def listening(machine: Machine) -> set[Listening]:
    """Everything that is bound to an address that others can reach."""
    found = set()
    for line in machine.run(
        "ss", "--tcp", "--udp", "--listening", "--processes", "--numeric", "--no-header"
    ).splitlines():
        protocol, _, _, _, local, _, *who = line.split()
        address, _, port = local.rpartition(":")
        if not re.match(r"127\.|\[::1\]|\[::ffff:127\.", address):
            program = re.search(r'"([^"]+)"', " ".join(who))
            found.add(Listening(protocol, int(port), program[1] if program else ""))
    return found


def accounts_with_password(machine: Machine) -> list[str]:
    """Those in which a password would let one in. "!" and "*" are no hash of anything; an empty one is anybody's."""
    shadow = (line.split(":") for line in machine.run("cat", "/etc/shadow").splitlines())
    return [name for name, password, *_ in shadow if not password.startswith(("!", "*"))]


def main_process(machine: Machine, unit: str) -> int:
    """The process id of a service."""
    return int(machine.of_unit(unit, "MainPID"))


def psql(machine: Machine, statement: str, *, system_user: str = "tonearm", role: str = "tonearm") -> str:
    """What the database says, or why it does not: a user of the machine asks to be a role of the database."""
    who = ("runuser", f"--user={system_user}", "--")
    said = machine.ask(*who, *_PSQL, f"--username={role}", f"--command={statement}", role)
    return said.stdout.strip() if said.status == 0 else said.stderr.strip()


def exposure(machine: Machine, unit: str) -> float:
    """How far a service is from being shut in: 0 is best, 10 is not at all (``systemd-analyze security``)."""
    told = machine.run("systemd-analyze", "security", "--no-pager", unit)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert found, told
    return float(found[1])


def proportional_memory(machine: Machine) -> dict[str, float]:
    """MB of each program, all its processes together: pages that several share are split between them (PSS).

    The process that looks is left out, and so is its shell.
    """
    script = f"""
        for folder in /proc/[0-9]*; do
            case ${{folder#/proc/}} in {machine.agent_pid}|$$) continue;; esac
            size=$(sed -n 's/^Pss: *//p' "$folder/smaps_rollup" 2>/dev/null)
            test -n "$size" && echo "${{size% kB}} $(cat "$folder/comm" 2>/dev/null)"
        done
        true
    """
    found: dict[str, float] = {}
    for line in machine.run("sh", "-c", script, seconds=120).splitlines():
        kilobytes, _, program = line.partition(" ")
        found[program] = found.get(program, 0.0) + int(kilobytes) / 1024
    return found


def boot_journal(machine: Machine, pattern: str) -> list[str]:
    """Lines of this boot's journal, the kernel's included, in which a pattern occurs, whatever its case."""
    journal = machine.run("journalctl", "--boot", "--no-pager", "--output=short-monotonic", seconds=120)
    assert "Linux version" in journal, "the journal does not go back to the kernel's start"
    return [line for line in journal.splitlines() if re.search(pattern, line, re.IGNORECASE)]
