"""What happens to a box in its first hour: somebody sets it up and brings music."""

import io
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.image.boot.listener import Listener
from tests.image.boot.machine import Machine
from tests.journeys.household import tag
from tests.journeys.recordings import record

ADMINISTRATOR = ("ada", "brass & felt, 33⅓")
DEVICE_NAME = "Küche"
HOST_NAME = "kuche"
TIME_ZONE = "Europe/Berlin"
MUSIC = "/srv/tonearm/music"

_SONGS = {"Felt Mat": ".flac", "Counterweight": ".mp3", "Run-out Groove": ".opus"}


class Household(NamedTuple):
    """Music that was brought to a box, and what the box makes of it."""

    listener: Listener
    files: dict[str, Path]
    """Where it lies here, by title."""
    songs: dict[str, str]
    """The box's ids, by title."""


def set_up(machine: Machine, **more: str) -> None:
    """As the last page of set-up does it; nothing of it may be refused. ``more``: further fields, as ``clock``."""
    name, password = ADMINISTRATOR
    answers = {
        "administrator": name,
        "password": password,
        "device_name": DEVICE_NAME,
        "time_zone": TIME_ZONE,
        "music_folder": MUSIC,
    }
    answer = httpx.post(f"{machine.url}/api/v1/setup/", json=answers | more, timeout=120)
    assert answer.status_code in {200, 201}, answer.text
    told: dict[str, Any] = answer.json()
    assert told["notes"] == [], told
    assert told["addresses"][0].startswith(f"http://{HOST_NAME}.local"), told


def bring_music(machine: Machine, listener: Listener, folder: Path) -> Household:
    """Record some songs into ``folder``, put them on the data partition as a person would, and scan."""
    files = record_songs(folder)
    copy_in(machine, folder, MUSIC)
    listener.scan()
    return Household(listener, files, listener.songs())


def record_songs(folder: Path) -> dict[str, Path]:
    """Each another format, and long enough to be streamed in pieces."""
    files = {}
    for number, (title, suffix) in enumerate(_SONGS.items(), start=1):
        path = record(
            folder / "The Headshell" / "Anti-Skating" / f"{number:02} {title}{suffix}", seconds=6, pitch=220 * number
        )
        files[title] = tag(path, title=title, artist="The Headshell", album="Anti-Skating", track=number)
    return files


def copy_in(machine: Machine, folder: Path, to: str) -> None:
    """Copy what is in a folder into one of the machine's, where it belongs to the server."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=".", filter=_readable)
    owner = ("--owner=tonearm", "--group=tonearm", "--no-overwrite-dir")
    machine.run("tar", "--extract", *owner, "--directory", to, stdin=packed.getvalue(), seconds=120)
    machine.run("sync")


def _readable(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry
