"""What whoever builds an image sees: progress, seconds, what is missing, and what went wrong."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from appliance.terminal import Terminal
from image import packages, rootfs, tools
from image.clock import Clock
from image.command import Runner, repeating
from image.failure import ImageFailed
from image.manifest import manifest
from image.packing import Packed
from image.target import TARGETS, target
from image.workshop import Workshop

PACKED = Packed(extract_size=4, extract_sha256="aa", download_size=2, download_sha256="bb")
SHOP = Workshop(target=target("arm64"), version="1.0", commit="abc", epoch=1_700_000_000)


def runner(folder: Path, heard: Callable[[str], None] | None = None) -> Runner:
    return Runner(folder / "logs/step.log", heard)


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_what_a_program_prints_is_in_the_log_and_watched_lines_are_said(tmp_path: Path) -> None:
    said = io.StringIO()
    runner(tmp_path, repeating(Terminal(said), "I: ")).run(script("print('I: one'); print('two')"))
    assert "I: one" in said.getvalue()
    assert "two" not in said.getvalue()
    assert "I: one\ntwo\n" in (tmp_path / "logs/step.log").read_text()


def test_a_failure_shows_the_end_of_the_log_and_where_all_of_it_is(tmp_path: Path) -> None:
    with pytest.raises(ImageFailed) as failed:
        runner(tmp_path).run(script("print('much ' * 9); print('the reason'); raise SystemExit(3)"))
    assert "failed (3)" in str(failed.value)
    assert "the reason" in str(failed.value)
    assert str(tmp_path / "logs/step.log") in str(failed.value)


def test_a_program_is_given_what_it_is_told_and_speaks_english(tmp_path: Path) -> None:
    told = "import os; print(os.environ['TOLD'], os.environ['LC_ALL'])"
    runner(tmp_path).run(script(told), env={"TOLD": "something"})
    assert "something C.UTF-8" in (tmp_path / "logs/step.log").read_text()


def test_packages_are_counted_as_they_are_installed() -> None:
    shown: list[tuple[int, int | None]] = []
    heard = rootfs.counting(lambda done, total: shown.append((done, total)))
    for line in ("0 upgraded, 2 newly installed, 0 to remove", "Setting up a (1) ...", "noise", "Setting up b (2) ..."):
        heard(line)
    heard("Setting up c (3) ...")
    assert shown == [(1, 2), (2, 2), (3, 3)]


def test_each_step_has_its_seconds_even_the_one_that_failed() -> None:
    clock = Clock(Terminal(io.StringIO()))
    with clock.step("First"):
        pass
    with pytest.raises(ImageFailed), clock.step("Second"):
        raise ImageFailed("so it is")
    assert list(clock.seconds) == ["First", "Second"]
    assert [line.split()[0] for line in clock.table().splitlines()] == ["First", "Second", "all"]


def test_only_what_is_not_there_is_missing_and_each_package_once() -> None:
    wanted = [
        tools.Tool(needs="/nowhere/at/all", package="b"),
        tools.Tool(needs="nothing-is-called-this", package="a"),
        tools.Tool(needs="neither-this", package="a"),
        tools.Tool(needs=sys.executable, package="python3"),
        tools.Tool(needs="sh", package="dash"),
    ]
    assert tools.missing(wanted) == ["a", "b"]


@pytest.mark.parametrize("arch", TARGETS)
def test_an_emulator_is_asked_for_where_the_target_is_another_machine(arch: str) -> None:
    wanted = {tool.package for tool in tools.for_building(target(arch))}
    assert ("qemu-user-static" in wanted) == (os.uname().machine != target(arch).machine)


def test_nothing_is_installed_where_nothing_is_missing(tmp_path: Path) -> None:
    assert tools.provide([tools.Tool(needs="sh", package="dash")], runner(tmp_path)) == []
    assert not (tmp_path / "logs/step.log").exists()


def test_there_is_one_list_of_packages_for_each_target() -> None:
    lists = {
        "tonearm_packages": ["postgresql-17"],
        "tonearm_packages_card": ["systemd", "postgresql-17"],
        "tonearm_packages_card_arm64": ["raspi-firmware"],
        "tonearm_packages_card_amd64": ["systemd-boot"],
    }
    assert packages.wanted(lists, target("arm64")) == ["postgresql-17", "raspi-firmware", "systemd"]
    assert packages.wanted(lists, target("amd64")) == ["postgresql-17", "systemd", "systemd-boot"]


def test_a_list_of_packages_that_is_not_there_is_named() -> None:
    with pytest.raises(ImageFailed, match=r"has no list tonearm_packages_card$"):
        packages.wanted({"tonearm_packages": []}, target("amd64"))


def test_a_pi_5_has_its_kernel_from_backports_now_and_at_every_update(tmp_path: Path) -> None:
    (hook,) = [each for each in rootfs.options(target("arm64-pi5"), ["linux-image-arm64"]) if "hook" in each]
    apt = tmp_path / "etc/apt"
    for folder in ("sources.list.d", "preferences.d"):
        (apt / folder).mkdir(parents=True)
    (apt / "sources.list").write_text("deb mirror trixie main\ndeb mirror trixie-updates main\n")
    subprocess.run(["sh", "-euc", hook.removeprefix("--setup-hook="), "sh", tmp_path], check=True)
    assert (apt / "sources.list.d/backports.list").read_text() == "deb mirror trixie-backports main\n"
    assert "src:linux-signed-arm64:any" in (apt / "preferences.d/backports").read_text()


def test_every_other_card_has_nothing_from_backports() -> None:
    assert not [each for each in rootfs.options(target("arm64"), ["linux-image-arm64"]) if "backports" in each]


def test_another_architecture_is_refused() -> None:
    with pytest.raises(ImageFailed, match="no image for riscv64: ARCH is one of amd64, arm64, arm64-pi5"):
        target("riscv64")


def test_imager_s_manifest_says_what_its_schema_asks_for() -> None:
    document = msgspec.json.decode(manifest(SHOP, PACKED, "https://example.org/tonearm/"))
    (image,) = document["os_list"]
    assert image["url"] == "https://example.org/tonearm/tonearm-1.0-arm64.img.xz"
    assert (image["extract_size"], image["extract_sha256"]) == (4, "aa")
    assert (image["image_download_size"], image["image_download_sha256"]) == (2, "bb")
    assert (image["release_date"], image["init_format"]) == ("2023-11-14", "none")
    assert {"name", "description", "icon"} <= set(image)


def test_imager_offers_boards_that_the_image_boots_on_and_no_others() -> None:
    document = msgspec.json.decode(manifest(SHOP, PACKED, "https://example.org"))
    tags = set(document["os_list"][0]["devices"])
    boards = document["imager"]["devices"]
    assert tags == set(SHOP.target.boards)
    assert [board["name"] for board in boards] == ["Raspberry Pi 4", "Raspberry Pi Zero 2 W", "Raspberry Pi 3"]
    assert all(set(board["tags"]) <= tags for board in boards)


def test_two_builds_of_one_image_at_once_are_refused(tmp_path: Path) -> None:
    class Elsewhere(Workshop, frozen=True):
        @property
        def bench(self) -> Path:
            return tmp_path / "bench"

    shop = Elsewhere(target=target("amd64"), version="1", commit="", epoch=0)
    with shop.alone(), pytest.raises(ImageFailed, match="another build of this image is running"), shop.alone():
        pass
    with shop.alone():
        pass
