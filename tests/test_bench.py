"""The benchmarks: their library is the same everywhere, and they run."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.ingest.reading import read_batch
from bench.library import write_library
from bench.registry import BENCHMARKS
from bench.table import Budget, Column, Row, Table

FILES = 40


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "library"
    write_library(folder, FILES)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_seed_gives_the_same_library_each_time(library: Path, tmp_path: Path) -> None:
    write_library(tmp_path, FILES)
    assert contents(tmp_path) == contents(library)
    assert len(contents(library)) == FILES


def test_another_seed_gives_another_library(library: Path, tmp_path: Path) -> None:
    write_library(tmp_path, FILES, seed=1)
    assert not contents(tmp_path).items() & contents(library).items()


def test_every_file_has_a_sound_of_its_own(tmp_path: Path) -> None:
    write_library(tmp_path, 240)
    paths = [os.fsencode(path) for path in contents(tmp_path)]
    reading = read_batch(os.fsencode(tmp_path), paths, {})
    assert len(reading.sheets) > 0.95 * len(paths)
    assert len({sheet.audio.identity for sheet in reading.sheets}) == len(reading.sheets)
    assert {sheet.audio.codec for sheet in reading.sheets} == {"flac", "mp3", "aac", "opus"}
    assert reading.faults


def test_a_table_lines_its_figures_up_and_says_what_was_missed() -> None:
    table = Table(
        title="speed",
        columns=(Column("figure", 1), Column("unit")),
        rows=(
            Row("a walk", (1234.5, "m/s"), Budget.at_least(1000, "m/s", 1234.5)),
            Row("a rest", (7.0, "s"), Budget.at_most(5, "s", 7.0)),
            Row("a word", ("none",)),
        ),
        notes=("That is all.",),
    )
    assert table.text().splitlines() == [
        "speed",
        "",
        "         figure  unit  budget",
        "a walk  1,234.5   m/s  ≥ 1,000 m/s  kept",
        "a rest      7.0     s  ≤ 5 s        MISSED",
        "a word     none",
        "",
        "That is all.",
    ]
    assert table.values()[1] == {"what": "a rest", "figure": 7.0, "unit": "s", "budget": "≤ 5 s", "kept": False}


def test_a_benchmark_runs_and_writes_its_figures(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "scan", "--files", str(FILES), "--json", str(figures)]
    ran = subprocess.run(
        command, env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"scan: {FILES} files" in ran.stdout
    rows = {row["what"]: row for row in json.loads(figures.read_text())["scan"]}
    assert rows["first scan"]["figure"] > 0
    assert rows["first scan"]["budget"] in ran.stdout
    assert rows["  PostgreSQL"]["figure"] > 1


def test_a_benchmark_that_there_is_not_is_refused() -> None:
    ran = subprocess.run([sys.executable, "-m", "bench", "nothing"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "there is no benchmark nothing" in ran.stderr


def test_every_benchmark_is_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert [each.name for each in BENCHMARKS if f"## {each.name}" not in page] == []
