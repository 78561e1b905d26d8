"""There is one list of packages, and the roles install nothing beside it."""

import re
from pathlib import Path

ANSIBLE = Path(__file__).parents[2] / "ansible"
INSTALLERS = re.compile(
    r"^\s+(?:ansible\.builtin\.)?(?:apt|package|deb822_repository|apt_repository|pip):", re.MULTILINE
)


def lists() -> dict[str, list[str]]:
    """packages.yml is kept plain (image/ reads it too), so that reading it takes no library."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ANSIBLE / "packages.yml").read_text().splitlines():
        if begun := re.fullmatch(r"(\w+):", line):
            name = begun[1]
            found[name] = []
        elif named := re.fullmatch(r"  - ([a-z0-9][a-z0-9.+-]+)(?: # .+)?", line):
            found[name].append(named[1])
        else:
            assert line in {"", "---"} or line.startswith("#"), f"not a plain list: {line}"
    return found


def test_each_list_is_plain_sorted_and_without_doubles() -> None:
    found = lists()
    assert set(found) == {
        "tonearm_packages",
        "tonearm_packages_card",
        "tonearm_packages_card_amd64",
        "tonearm_packages_card_arm64",
    }
    for name, packages in found.items():
        assert packages == sorted(set(packages)), name
    for arch in ("amd64", "arm64"):
        every = [*found["tonearm_packages"], *found["tonearm_packages_card"], *found[f"tonearm_packages_card_{arch}"]]
        assert len(every) == len(set(every))


def test_the_roles_install_by_these_lists_alone() -> None:
    installing = {
        path.relative_to(ANSIBLE).as_posix(): path.read_text()
        for path in ANSIBLE.glob("roles/*/*/*.yml")
        if INSTALLERS.search(path.read_text())
    }
    assert list(installing) == ["roles/base/tasks/main.yml"]
    task = installing["roles/base/tasks/main.yml"]
    assert len(INSTALLERS.findall(task)) == 1
    used = {name for name in re.findall(r"tonearm_packages\w*", task) if name != "tonearm_packages_card_"}
    assert used == {"tonearm_packages", "tonearm_packages_card"}
    assert "'tonearm_packages_card_' ~ tonearm_architecture" in task


def test_what_takes_over_a_network_or_a_clock_is_for_the_card_alone() -> None:
    found = lists()
    owners = {"network-manager", "systemd-timesyncd", "openssh-server", "systemd-zram-generator"}
    assert owners <= set(found["tonearm_packages_card"])
    assert not owners & set(found["tonearm_packages"])
