"""Promises that the repository makes about itself: locks, licence, documentation, decision records."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import msgspec
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import appliance
from appliance.api.rest import OPERATIONS
from appliance.settings import Settings

ROOT = Path(__file__).parent.parent
DECISIONS = ROOT / "docs" / "decisions"
LOCKS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-uv.txt",
    "requirements-appliance.txt",
    "requirements-image.txt",
)
#: The module of a distribution that has no wheels, and so is not there wherever the tests run.
WITHOUT_WHEELS = {"systemd": ["systemd-python"]}
# Homes and work folders, as absolute paths: they mean nothing on another machine.
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.~*-])/(?:root|work|home/\w+|Users/\w+)/\w")


@cache
def project() -> dict[str, Any]:
    return tomllib.loads(text("pyproject.toml"))


def dependencies(*extras: str) -> list[str]:
    """What the program asks for, with these extras; without a name, with none."""
    given = project()["project"]
    return list(given["dependencies"]) + [each for extra in extras for each in given["optional-dependencies"][extra]]


def every_dependency() -> list[str]:
    return dependencies(*project()["project"]["optional-dependencies"])


def distributions_of(module: str) -> list[str]:
    return list((WITHOUT_WHEELS | dict(packages_distributions()))[module])


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def files() -> list[Path]:
    """What git holds, or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def pins(lock: str) -> dict[str, str]:
    """Version by canonical name; where two Pythons need two versions, the last."""
    return {canonicalize_name(name): version for name, version in re.findall(r"(?m)^(\S+?)==([^\s;]+)", text(lock))}


def required(requirements: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, requirements)}


def make_targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z-]+):.*##", text("Makefile")))


def decision_records() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


# --- Locks


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert not re.findall(r".*(?:://|--(?:extra-)?index-url|--find-links).*", text(lock))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_for_every_pin(lock: str) -> None:
    for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", text(lock))[1:]:
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.txt", dependencies("embedded")),
        ("requirements-dev.txt", dependencies("embedded") + project()["dependency-groups"]["dev"]),
        ("requirements-uv.txt", project()["dependency-groups"]["uv"]),
        ("requirements-appliance.txt", dependencies()),
        ("requirements-image.txt", project()["dependency-groups"]["image"]),
    ],
)
def test_a_lock_satisfies_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    locked = pins(lock)
    for name, requirement in required(wanted).items():
        assert requirement.specifier.contains(locked[name]), f"{requirement}: run 'make lock'"


def test_what_runs_is_what_is_tested() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()
    assert pins("requirements-appliance.txt").items() <= pins("requirements.txt").items()


def test_the_appliance_brings_no_database_of_its_own() -> None:
    assert (
        not required(dependencies("embedded")).keys() - required(dependencies()).keys()
        & pins("requirements-appliance.txt").keys()
    )


def test_the_locked_uv_can_build_the_package_by_itself() -> None:
    (backend,) = map(Requirement, project()["build-system"]["requires"])
    assert backend.name == "uv_build"
    assert backend.specifier.contains(pins("requirements-uv.txt")["uv"])


# --- The house


def test_the_import_contract_keeps_every_other_dependency_out_of_the_core() -> None:
    (contract,) = (c for c in project()["tool"]["importlinter"]["contracts"] if c["id"] == "core")
    direct = required(every_dependency()).keys() - {"trio", "msgspec"}
    modules = {
        module
        for module in {*packages_distributions(), *WITHOUT_WHEELS}
        if module.isidentifier()
        and not module.startswith("_")
        and direct & {canonicalize_name(name) for name in distributions_of(module)}
    }
    assert set(contract["forbidden_modules"]) == modules


# --- What is said is so


def test_the_version_is_the_same_everywhere() -> None:
    version = project()["project"]["version"]
    assert appliance.__version__ == version
    assert re.search(rf"(?m)^## \[{re.escape(version)}\]", text("CHANGELOG.md"))


def test_the_licence_is_the_gpl_3() -> None:
    assert text("LICENSE").lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
    assert "Version 3, 29 June 2007" in text("LICENSE")
    assert project()["project"]["license"] == "GPL-3.0-or-later"


def test_the_readme_names_every_make_target_and_no_other() -> None:
    assert set(re.findall(r"(?:`|^ *)make ([a-z-]+)", text("README.md"), re.MULTILINE)) == make_targets()


def test_every_target_that_is_not_a_file_is_phony() -> None:
    phony = re.search(r"(?m)^\.PHONY: (.*)$", text("Makefile"))
    assert phony is not None
    assert set(phony[1].split()) == make_targets()


def test_make_run_hands_on_every_folder_whatever_its_name(tmp_path: Path) -> None:
    program = tmp_path / "tonearm"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    wishes = ["MUSIC=/with space/a*:~/Music:/c", "DATA=my data", "PORT=4999"]
    run = subprocess.run(
        ["make", "--silent", "--old-file=.venv/runtime", "run", f"BIN={tmp_path}", *wishes],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/somebody"},
        check=True,
        capture_output=True,
        text=True,
    )
    words = ["serve", "--data-dir", "my data", "--bind", "127.0.0.1:4999"]
    for folder in ("/with space/a*", "/somebody/Music", "/c"):
        words += ["--music", folder]
    assert run.stdout.splitlines() == words


def test_no_file_names_a_path_of_somebody_s_machine() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files()
        for match in PATH_OF_A_MACHINE.finditer(path.read_bytes().decode(errors="replace"))
    }
    assert not found


def test_the_settings_page_tells_of_every_setting_and_no_other() -> None:
    settings = {f"TONEARM_{field.name.upper()}" for field in msgspec.structs.fields(Settings)}
    assert set(re.findall(r"\bTONEARM_[A-Z_]*[A-Z]\b", text("docs/settings.md"))) == settings


def test_every_command_is_documented() -> None:
    run = subprocess.run([sys.executable, "-m", "appliance", "--help"], check=True, capture_output=True, text=True)
    listed = re.search(r"\{([a-z,-]+)\}", run.stdout)
    assert listed is not None, run.stdout
    pages = "\n".join(page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    undocumented = {command for command in listed[1].split(",") if f"tonearm {command}" not in pages}
    assert not undocumented


@pytest.mark.parametrize("page", [path for path in files() if path.suffix == ".md"], ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", prose) if "://" not in target]
    assert not [target for target in targets if not (page.parent / target).exists()]


# --- The model


def rows_of_the_model() -> list[list[str]]:
    """Noun (empty where it is that of the row before), what is always so, and the test, of each row of the tables."""
    lines = re.findall(r"(?m)^\| (?!noun \|)(.*)\|$", text("docs/model.md"))
    return [[cell.strip() for cell in line.split("|")] for line in lines]


@cache
def found_in(file: Path) -> set[str]:
    """What pytest finds there: functions, and what is made of state machines."""
    if not file.is_file():
        return set()
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    machines = {
        name.id for node in nodes if isinstance(node, ast.Assign) for name in node.targets if isinstance(name, ast.Name)
    }
    return {name for name in functions if name.startswith("test_")} | {
        name for name in machines if name.startswith("Test")
    }


def test_every_invariant_of_the_model_names_a_test_that_there_is() -> None:
    for _noun, invariant, test in rows_of_the_model():
        named = re.fullmatch(r"`(\S+\.py)::(\w+)`", test)
        assert named is not None, (invariant, test)
        assert named[2] in found_in(ROOT / "tests" / named[1]), test


def test_the_model_has_every_resource_of_the_interface_as_a_noun_and_no_other() -> None:
    nouns = {name for noun, *_ in rows_of_the_model() for name in re.findall(r"`([^`]+)`", noun)}
    assert nouns == {operation.path.split("/")[1] for operation in OPERATIONS}


# --- Decision records


@pytest.mark.parametrize("record", decision_records(), ids=lambda path: path.stem)
def test_a_decision_record_has_its_four_parts(record: Path) -> None:
    content = record.read_text(encoding="utf-8")
    assert re.match(rf"# {record.name[:4]}\. \S", content)
    headings = re.findall(r"(?m)^## (.+)$", content)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives"]


def test_the_index_lists_every_decision_record_once() -> None:
    records = [record.name for record in decision_records()]
    assert re.findall(r"\((\d{4}-[^)]+\.md)\)", text("docs/decisions/README.md")) == records
    assert len({name[:4] for name in records}) == len(records)


def imported() -> set[str]:
    """The packages from outside that the program imports, wherever in a file."""
    modules: set[str] = set()
    for file in (ROOT / "appliance").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.partition(".")[0])
    return modules - sys.stdlib_module_names - {"appliance"}


def test_what_is_imported_is_asked_for_or_is_said_to_come_with_what_is() -> None:
    distributions = {canonicalize_name(name) for module in imported() for name in distributions_of(module)}
    undeclared = distributions - required(every_dependency()).keys()
    told = text("docs/decisions/0006-dependencies.md").partition("Four more are imported")[2].partition("\n\n")[0]
    assert undeclared == set(re.findall(r"`([a-z0-9]+)`", told))


def test_every_dependency_has_its_reason() -> None:
    table = re.findall(r"(?m)^\| `([^`]+)` \|", text("docs/decisions/0006-dependencies.md"))
    assert table == sorted(required(every_dependency()))
