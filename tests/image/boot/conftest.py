"""The boot tests: ``make image-test ARCH=…``. They start the card that was built, and take minutes.

They are no part of ``make test``; pyproject.toml keeps them out of it. The files go in the order of their names, and so
does the life of the box that most of them share (``test_box_1_…`` to ``test_box_4_…``): a test says by its fixture how
far that life must have come (new, set up, with music), and what it does to the box is there for those that follow.
"""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from image.target import TARGETS
from tests.image.boot.bench import Bench
from tests.image.boot.card import Card
from tests.image.boot.figures import Figures
from tests.image.boot.life import ADMINISTRATOR, Household, bring_music, set_up
from tests.image.boot.listener import Listener
from tests.image.boot.machine import Machine

#: A card that somebody bought; the image is made for any of 8 GB or more.
GIGABYTES = 12

#: What is tried on one kind of machine only: a Pi's boot is no PC's, and Ansible would take an hour in an emulated Pi.
_ONLY = {"test_own_debian.py": "amd64", "test_raspberry_pi.py": "arm64"}

_FIGURES = pytest.StashKey[Figures]()
_BENCH = pytest.StashKey[Bench]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("image", "The card")
    group.addoption("--image", type=Path, help="the card's image, not compressed")
    group.addoption("--arch", choices=sorted(TARGETS), help="what it was built for")
    group.addoption("--idle-minutes", type=float, default=2.0, help="how long to watch what an idle box writes")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--image") is None or config.getoption("--arch") is None:
        raise pytest.UsageError("These tests start a card: make image-test ARCH=amd64")
    config.stash[_FIGURES] = Figures()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    arch = config.getoption("--arch")
    return True if _ONLY.get(collection_path.name, arch) != arch else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the machine said last, and keeps what was on its screen."""
    report = yield
    bench = item.config.stash.get(_BENCH, None)
    if report.failed and bench is not None and bench.machine is not None:
        screen = item.config.getoption("--image").resolve().with_name(f"{item.name}.png")
        report.sections.append(("the machine", bench.machine.last_words(screen)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash[_FIGURES]
    if figures.all:
        terminalreporter.section(f"figures, {config.getoption('--arch')}")
        for line in figures.table():
            terminalreporter.line(line)
        figures.write(config.getoption("--image").parent / "boot-figures.json")


@pytest.fixture(scope="session")
def arch(pytestconfig: pytest.Config) -> str:
    """The architecture of the card, as Debian names it."""
    return TARGETS[pytestconfig.getoption("--arch")].arch


@pytest.fixture(scope="session")
def card(pytestconfig: pytest.Config) -> Card:
    """The card as it was built. Nothing writes to it."""
    return Card(pytestconfig.getoption("--image"))


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    """What the summary prints."""
    return pytestconfig.stash[_FIGURES]


@pytest.fixture(scope="session")
def bench(
    pytestconfig: pytest.Config, card: Card, arch: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """Where machines are switched on."""
    with Bench(card, arch, tmp_path_factory.mktemp("bench")) as bench:
        pytestconfig.stash[_BENCH] = bench
        yield bench


# --- The box, from its first boot on


@pytest.fixture(scope="session")
def new_box(bench: Bench) -> Machine:
    """Flashed to a card that is larger than the image, switched on, ready; nobody has set it up."""
    box = bench.switch_on(gigabytes=GIGABYTES)
    box.until_ready()
    box.until_settled()
    return box


@pytest.fixture(scope="session")
def box(new_box: Machine) -> Machine:
    """The same after set-up by the page's JSON twin."""
    set_up(new_box)
    return new_box


@pytest.fixture(scope="session")
def ada(box: Machine) -> Listener:
    """Its administrator."""
    return Listener(box, *ADMINISTRATOR)


@pytest.fixture(scope="session")
def household(box: Machine, ada: Listener, tmp_path_factory: pytest.TempPathFactory) -> Household:
    """The same with music on its data partition, scanned."""
    return bring_music(box, ada, tmp_path_factory.mktemp("music"))
