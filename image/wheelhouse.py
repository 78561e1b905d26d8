"""The wheels that the card installs without a network: Tonearm's own, and each that it depends on."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from image.command import Runner
from image.failure import ImageFailed
from image.target import PYTHON, Target
from image.workshop import ROOT, Workshop

LOCK = ROOT / "requirements-appliance.txt"


class Pin(msgspec.Struct, frozen=True):
    name: str
    version: str
    #: As pip writes them: ``sha256:…``.
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def pins(lock: str, target: Target) -> list[Pin]:
    """What the lock asks of this target. The lock is for every platform; what its markers exclude there is left out.

    (pip judges markers by the machine that it runs on, whatever ``--platform`` says. So they are judged here.)
    """
    return [pin for pin, requirement in _entries(lock) if _applies(requirement, target)]


def fill(shop: Workshop, runner: Runner) -> list[Path]:
    """Make the wheelhouse hold exactly what the target needs, and return its wheels, Tonearm's last.

    What is there already and has the right hash is not fetched again. Raises ``ImageFailed`` with the name of what has
    no wheel.
    """
    wanted = pins(LOCK.read_text(encoding="utf-8"), shop.target)
    shop.wheelhouse.mkdir(parents=True, exist_ok=True)
    for stale in shop.wheelhouse.glob("tonearm-*.whl"):
        stale.unlink()
    _fetch(wanted, shop, runner)
    runner.run([ROOT / ".venv/bin/uv", "build", "--wheel", "--offline", "--out-dir", shop.wheelhouse, ROOT])
    return [*_exactly(wanted, shop), *shop.wheelhouse.glob("tonearm-*.whl")]


def _fetch(wanted: list[Pin], shop: Workshop, runner: Runner) -> None:
    listed = shop.bench / "requirements.txt"
    lines = [f"{pin.name}=={pin.version} {' '.join(f'--hash={each}' for each in pin.hashes)}" for pin in wanted]
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        runner.run(
            [
                *(sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check"),
                *("--progress-bar=off", "--no-deps", "--only-binary=:all:", "--require-hashes"),
                *("--implementation=cp", "--python-version", PYTHON, "--abi", _abi(), "--abi=abi3", "--abi=none"),
                *(f"--platform={platform}" for platform in shop.target.platforms),
                *("--dest", shop.wheelhouse, "--requirement", listed),
            ]
        )
    except ImageFailed as failure:
        if absent := re.search(r"No matching distribution found for (\S+?)==(\S+)", runner.last()):
            raise ImageFailed(
                f"{absent[1]} {absent[2]} has no wheel for {shop.target.machine} and Python {PYTHON}: "
                "lock a version that has one, or do without it"
            ) from failure
        raise


def _exactly(wanted: list[Pin], shop: Workshop) -> list[Path]:
    """One wheel for each pin; wheels of other versions are removed."""
    by_pin = {(canonicalize_name(pin.name), pin.version): pin for pin in wanted}
    found: dict[Pin, Path] = {}
    for wheel in sorted(shop.wheelhouse.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(wheel.name)
        pin = by_pin.get((name, str(version)))
        if pin is not None:
            found[pin] = wheel
        elif name != "tonearm":
            wheel.unlink()
    for pin in wanted:
        if pin not in found:
            raise ImageFailed(f"{pin} was fetched, and is not in {shop.wheelhouse}")
    return [found[pin] for pin in wanted]


def _entries(lock: str) -> Iterator[tuple[Pin, Requirement]]:
    """Each entry of a lock that uv wrote: name, version and marker on a line, and its hashes on lines of their own."""
    for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", lock)[1:]:
        text = re.sub(r"(?m)^\s*#.*$", "", entry).replace("\\\n", " ")
        requirement = Requirement(text.split("--hash=")[0].strip())
        version = next(iter(requirement.specifier)).version
        hashes = tuple(re.findall(r"--hash=(sha256:[0-9a-f]{64})", text))
        yield Pin(name=requirement.name, version=version, hashes=hashes), requirement


def _applies(requirement: Requirement, target: Target) -> bool:
    there = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": target.machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
    }
    return requirement.marker is None or requirement.marker.evaluate({**there, "extra": ""})


def _abi() -> str:
    return f"cp{PYTHON.replace('.', '')}"
