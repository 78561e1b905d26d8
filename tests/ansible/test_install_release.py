"""A release is installed whole or not at all, from its bundle alone."""

import ensurepip
import hashlib
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from appliance import __version__

REPOSITORY = Path(__file__).parents[2]
INSTALL = REPOSITORY / "ansible/roles/tonearm/files/install-release"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tonearm's own. What it needs is left out here: asked for its version, it needs nothing."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).parent / "uv"
    build: list[str | Path] = [uv, "build", "--wheel", "--offline", "--quiet", "--python", sys.executable]
    subprocess.run([*build, "--out-dir", folder, REPOSITORY], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def bundle(folder: Path, wheel: Path, lock: str) -> Path:
    (folder / "requirements.txt").write_text(lock)
    with tarfile.open(folder / "bundle.tar", "w") as tar:
        tar.add(folder / "requirements.txt", "./requirements.txt")
        tar.add(wheel, f"./{wheel.name}")
    return folder / "bundle.tar"


def environment(folder: Path) -> dict[str, str]:
    # The same wheel of pip as Debian keeps in /usr/share/python-wheels.
    pip = Path(ensurepip.__file__).parent / "_bundled"
    # This very Python, and no other that is first on somebody's path.
    path = f"{Path(sys.base_prefix) / 'bin'}:{os.defpath}"
    return {"PATH": path, "TONEARM_RELEASES": str(folder / "releases"), "TONEARM_PIP": str(pip)}


def install(folder: Path, bundle: Path, name: str = __version__) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INSTALL, name, bundle, "requirements.txt"],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_release_runs_and_bears_its_wheels_hash(tmp_path: Path, wheel: Path) -> None:
    done = install(tmp_path, bundle(tmp_path, wheel, ""))
    assert done.returncode == 0, done.stderr
    release = tmp_path / "releases" / __version__
    told = subprocess.run([release / "bin/tonearm", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"tonearm {__version__}\n"
    assert (release / ".complete").read_text().strip() == hashlib.sha256(wheel.read_bytes()).hexdigest()
    modules = release.glob("lib/*/site-packages/appliance/**/*.py")
    assert [each.name for each in modules if not any(each.parent.glob(f"__pycache__/{each.stem}.*.pyc"))] == []
    before = {path: path.lstat().st_mtime_ns for path in release.rglob("*") if "__pycache__" not in path.parts}
    assert install(tmp_path, tmp_path / "bundle.tar").returncode == 0
    after = {path: path.lstat().st_mtime_ns for path in release.rglob("*") if "__pycache__" not in path.parts}
    assert after == before


def test_what_runs_stays_to_go_back_to_and_what_was_before_it_goes(tmp_path: Path, wheel: Path) -> None:
    packed = bundle(tmp_path, wheel, "")
    current = tmp_path / "current"
    for name in ("1", "2", "3"):
        done = install(tmp_path, packed, name)
        assert done.returncode == 0, done.stderr
        current.unlink(missing_ok=True)
        current.symlink_to(f"releases/{name}")
    assert sorted(path.name for path in (tmp_path / "releases").iterdir()) == ["2", "3"]


@pytest.mark.parametrize("seen", ["pyvenv.cfg", "lib/*/site-packages/appliance"])
def test_killed_on_the_way_it_is_no_release_and_the_next_try_makes_it(tmp_path: Path, wheel: Path, seen: str) -> None:
    release = tmp_path / "releases" / __version__
    command: list[str | Path] = [INSTALL, __version__, bundle(tmp_path, wheel, ""), "requirements.txt"]
    installing = subprocess.Popen(command, env=environment(tmp_path), start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not any(release.glob(seen)):
        assert installing.poll() is None, f"it was done before {seen} was seen"
        assert time.monotonic() < deadline
    os.killpg(installing.pid, signal.SIGKILL)
    installing.wait()
    assert not (release / ".complete").exists()
    assert install(tmp_path, tmp_path / "bundle.tar").returncode == 0
    assert [path.name for path in release.parent.iterdir()] == [__version__]
    assert (release / ".complete").exists()


def test_a_wheel_that_is_not_the_locked_one_makes_no_release(tmp_path: Path, wheel: Path) -> None:
    lock = f"tonearm=={__version__} --hash=sha256:{'0' * 64}\n"
    done = install(tmp_path, bundle(tmp_path, wheel, lock))
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
    assert not (tmp_path / "releases" / __version__ / ".complete").exists()
