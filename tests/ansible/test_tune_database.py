"""PostgreSQL's memory by the machine's."""

import itertools
import subprocess
from pathlib import Path

import pytest

TUNE = Path(__file__).parents[2] / "ansible/roles/postgresql/files/tune-database"


def tuned(folder: Path, megabytes: int) -> dict[str, int]:
    """In MB, where it is memory."""
    meminfo, conf = folder / "meminfo", folder / "tuned.conf"
    meminfo.write_text(f"MemTotal:       {megabytes * 1024} kB\nMemFree:          123456 kB\n")
    subprocess.run([TUNE, conf, meminfo], check=True)
    pairs = (line.split(" = ") for line in conf.read_text().splitlines())
    return {name: int(value.removesuffix("MB")) for name, value in pairs}


# What is left of 512 MB, 1, 2, 4 and 8 GB when the firmware and the kernel have taken their part.
@pytest.mark.parametrize("megabytes", [420, 900, 1850, 3800, 7800])
def test_the_database_leaves_the_machine_to_the_music(tmp_path: Path, megabytes: int) -> None:
    settings = tuned(tmp_path, megabytes)
    # Eight connections at work, each sorting something, and one vacuum: the most that it takes in earnest.
    most = settings["shared_buffers"] + 8 * settings["work_mem"] + settings["maintenance_work_mem"]
    assert most <= megabytes / 3
    assert settings["effective_cache_size"] <= megabytes / 2
    assert settings["shared_buffers"] >= 24
    assert settings["work_mem"] >= 4


def test_more_memory_never_gives_less(tmp_path: Path) -> None:
    sizes = [tuned(tmp_path, megabytes) for megabytes in (420, 900, 1850, 3800, 7800, 64000)]
    for smaller, larger in itertools.pairwise(sizes):
        assert all(larger[name] >= smaller[name] for name in smaller)


def test_a_small_machine_and_a_large_one(tmp_path: Path) -> None:
    assert tuned(tmp_path, 420) == {
        "shared_buffers": 35,
        "effective_cache_size": 140,
        "work_mem": 4,
        "maintenance_work_mem": 32,
        "max_parallel_workers_per_gather": 0,
    }
    assert tuned(tmp_path, 7800) == {
        "shared_buffers": 512,
        "effective_cache_size": 2600,
        "work_mem": 32,
        "maintenance_work_mem": 256,
        "max_parallel_workers_per_gather": 1,
    }


def test_it_reads_this_machine_by_itself(tmp_path: Path) -> None:
    subprocess.run([TUNE, tmp_path / "tuned.conf"], check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["tuned.conf"]
