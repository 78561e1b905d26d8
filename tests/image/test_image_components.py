"""What the parts list knows of packages and wheels."""

import zipfile
from hashlib import sha256
from pathlib import Path

from image.components import Component, debs, listing, wheels

STATUS = """\
Package: libc6
Status: install ok installed
Architecture: arm64
Multi-Arch: same
Version: 2.41-12+deb13u4
Description: GNU C Library
 Shared: libraries

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1.0

Package: adduser
Status: install ok installed
Architecture: all
Version: 3:3.152
"""
DEP5 = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
License: LGPL-2.1+

Files: debian/*
License: GPL-2+
 The text of it.

License: LGPL-2.1+
"""


def root(folder: Path) -> Path:
    for name, content in {
        "var/lib/dpkg/status": STATUS,
        "usr/share/doc/libc6/copyright": DEP5,
        "usr/share/doc/adduser/copyright": "Adduser is free.\nLicense: whatever\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def wheel(folder: Path, name: str, *lines: str) -> Path:
    path = folder / f"{name}-1.0+x-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        metadata = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0+x", *lines, "", "Description: no field"]
        archive.writestr(f"{name}-1.0+x.dist-info/METADATA", "\n".join(metadata))
        archive.writestr("vendored-2.dist-info/licenses/METADATA", "Name: another")
    return path


def test_packages_that_are_installed_are_listed_and_no_others(tmp_path: Path) -> None:
    assert [each.name for each in debs(root(tmp_path))] == ["adduser", "libc6"]


def test_a_package_has_its_url_with_every_odd_character_quoted(tmp_path: Path) -> None:
    adduser, libc = debs(root(tmp_path))
    assert libc.purl == "pkg:deb/debian/libc6@2.41-12%2Bdeb13u4?arch=arm64&distro=trixie"
    assert adduser.purl == "pkg:deb/debian/adduser@3%3A3.152?arch=all&distro=trixie"


def test_licences_are_told_where_a_program_can_read_them(tmp_path: Path) -> None:
    adduser, libc = debs(root(tmp_path))
    assert libc.licences == ("GPL-2+", "LGPL-2.1+")
    assert adduser.licences == ()


def test_a_copyright_file_that_is_a_link_is_not_followed_out_of_the_root(tmp_path: Path) -> None:
    folder = root(tmp_path / "root")
    (tmp_path / "outside").write_text(DEP5)
    found = folder / "usr/share/doc/libc6/copyright"
    found.unlink()
    found.symlink_to(tmp_path / "outside")
    assert debs(folder)[1].licences == ()


def test_a_wheel_has_its_url_sum_and_licence(tmp_path: Path) -> None:
    path = wheel(tmp_path, "Quart", "License-Expression: MIT")
    assert wheels([path]) == [
        Component(
            name="Quart",
            version="1.0+x",
            arch="",
            purl="pkg:pypi/quart@1.0%2Bx",
            licences=("MIT",),
            sha256=sha256(path.read_bytes()).hexdigest(),
        )
    ]


def test_older_wheels_tell_their_licence_in_older_ways(tmp_path: Path) -> None:
    told = [
        wheel(tmp_path, "a", "License: BSD"),
        wheel(tmp_path, "b", "License: The whole\n text of it", "Classifier: License :: OSI Approved :: MIT License"),
        wheel(tmp_path, "c", "Classifier: License :: OSI Approved", "Classifier: Topic :: Music"),
    ]
    assert [each.licences for each in wheels(told)] == [("BSD",), ("MIT License",), ()]


def test_our_own_wheel_is_not_said_to_come_from_pypi(tmp_path: Path) -> None:
    assert wheels([wheel(tmp_path, "tonearm")])[0].purl.startswith("pkg:generic/tonearm@")


def test_the_listing_has_a_line_for_each(tmp_path: Path) -> None:
    parts = [*debs(root(tmp_path)), *wheels([wheel(tmp_path, "quart")])]
    assert listing(parts) == "adduser 3:3.152 all\nlibc6 2.41-12+deb13u4 arm64\nquart 1.0+x\n"
