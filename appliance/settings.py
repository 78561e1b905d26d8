"""Settings: ``TONEARM_*`` in the environment, then ``tonearm.toml`` in the data directory, then defaults.

The only reader of the environment and of the configuration file. What each setting means is told here, and
docs/settings.md repeats it; a test holds the two together.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

from appliance.core.errors import TonearmError

PREFIX = "TONEARM_"
FILE_NAME = "tonearm.toml"
_INHERITED = re.compile(r"fd://[0-9]{1,4}")


class BadSetting(TonearmError):
    """A setting that stops the start; the message is one line that names it."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set. Each field is ``TONEARM_<NAME>`` in the environment and ``<name>`` in the file."""

    data_dir: Path
    """Where Tonearm keeps its database, key, cache and demo library. Default: ``./data``."""
    database_url: str | None = None
    """``postgresql://…`` of a PostgreSQL 15 or later. Default: one that Tonearm runs itself in the data directory."""
    music_dirs: tuple[Path, ...] = ()
    """Folders of music, separated by ``:`` in the environment. Default: the demo library in the data directory."""
    music_home: Path | None = None
    """The folder that set-up offers for music, made when it is missing. Default: ``music`` in the data directory."""
    bind: str = "127.0.0.1:4533"
    """``HOST:PORT`` to listen on; ``[HOST]:PORT`` for IPv6; ``fd://N`` for a socket that systemd listens on."""
    setup: str = "page"
    """Who makes the first administrator: ``page``, whoever opens ``/setup``; ``terminal``, the first start."""
    setup_code: str | None = None
    """A code that ``/setup`` asks for. Default: none, whoever reaches the page first sets up."""
    admin_user: str | None = None
    """Name of the first administrator. Default: ``admin``."""
    admin_password: str | None = None
    """Password of the first administrator; with it there is nothing to set up. Default: as ``setup`` says."""
    machine_socket: Path | None = None
    """Unix socket of ``tonearm host machine``, for set-up to name the machine. Default: a PC, which names itself."""
    allowed_hosts: tuple[str, ...] = ()
    """Names, separated by commas, under which browsers may reach the server beside addresses and local names."""
    subsonic_tokens: bool = True
    """Keep a sealed copy of each password, so that Subsonic apps need not send it. docs/decisions/0007 weighs it."""
    cache_megabytes: int = 2048
    """Disk for transcoded music and resized covers, in MB."""
    workers: int = 0
    """Processes that transcode, as many that read tags, and as many for covers. Default 0: one a core, at most four."""
    database_connections: int = 8
    """Connections to PostgreSQL at once."""
    watch: bool = True
    """Scan by itself when files in a music folder change."""
    log_level: str = "info"
    """``debug``, ``info``, ``warning`` or ``error``."""
    log_format: str = "auto"
    """``console`` for people, ``json`` for machines, ``journal`` for systemd's journal; ``auto`` is console or json."""

    def __post_init__(self) -> None:
        _one_of("log_level", self.log_level, {"debug", "info", "warning", "error"})
        _one_of("log_format", self.log_format, {"auto", "console", "json", "journal"})
        _one_of("setup", self.setup, {"page", "terminal"})
        for name, value, least in (
            ("cache_megabytes", self.cache_megabytes, 16),
            ("workers", self.workers, 0),
            ("database_connections", self.database_connections, 2),
        ):
            if not least <= value <= 1_000_000:
                raise BadSetting(f"{name} is a number from {least} on, not {value}.")
        if self.database_url and not self.database_url.startswith(("postgresql://", "postgres://")):
            # What it is, is not told: it may hold a password.
            raise BadSetting("database_url is postgresql://USER@HOST/DATABASE or the like.")
        if self.setup_code and not any(map(str.isalnum, self.setup_code)):
            raise BadSetting("setup_code needs letters or digits: case, spaces and hyphens do not count.")
        host, colon, port = self.bind.rpartition(":")
        if _INHERITED.fullmatch(self.bind):
            return
        if not (colon and host and port.isdecimal() and len(port) <= 5 and int(port) < 65536):
            raise BadSetting(f"bind is HOST:PORT, such as 127.0.0.1:4533, not {self.bind!r}.")

    @property
    def worker_count(self) -> int:
        """``workers``, with the default worked out."""
        return self.workers or max(1, min(4, len(os.sched_getaffinity(0))))

    @property
    def cache_dir(self) -> Path:
        """Everything in it can be made again."""
        return self.data_dir / "cache"

    @property
    def music_folder(self) -> Path:
        """``music_home``, with the default worked out."""
        return self.music_home or self.data_dir / "music"

    @property
    def demo_dir(self) -> Path:
        """Where the demo library is written when there is no music."""
        return self.data_dir / "demo"


def load(given: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings: what the command line ``given``, the environment, the file, the defaults; the first one counts.

    Raises ``BadSetting`` for an unknown, malformed or contradictory setting.
    """
    fields = {field.name for field in msgspec.structs.fields(Settings)}
    from_environment = _from_environment(environment, fields)
    data_dir = Path(given.get("data_dir") or from_environment.get("data_dir") or "data").expanduser().absolute()
    values = _from_file(data_dir / FILE_NAME, fields) | from_environment
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        settings = msgspec.convert(values | {"data_dir": data_dir}, Settings, dec_hook=_path, strict=False)
    except msgspec.ValidationError as error:
        raise BadSetting(_one_line(error)) from None
    roots = tuple(folder.expanduser().absolute() for folder in settings.music_dirs)
    home = settings.music_home and settings.music_home.expanduser().absolute()
    return msgspec.structs.replace(settings, music_dirs=tuple(dict.fromkeys(roots)), music_home=home)


def _from_environment(environment: Mapping[str, str], fields: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in fields:
            raise BadSetting(f"There is no setting {variable}. The settings are listed in docs/settings.md.")
        values[name] = _SPLIT[name](text) if name in _SPLIT else text
    return values


def _from_file(file: Path, fields: set[str]) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"{file} is not valid TOML: {error}.") from None
    except OSError as error:
        raise BadSetting(f"{file} cannot be read: {error.strerror}.") from None
    if unknown := sorted(values.keys() - (fields - {"data_dir"})):
        raise BadSetting(f"{file} names a setting that there is not: {unknown[0]}.")
    return values


def _parts(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


_SPLIT: dict[str, Callable[[str], list[str]]] = {
    "music_dirs": lambda text: _parts(text, ":"),
    "allowed_hosts": lambda text: _parts(text, ","),
}


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise TypeError(f"expected a path, got {value!r}")


def _one_of(name: str, value: str, choices: set[str]) -> None:
    if value not in choices:
        raise BadSetting(f"{name} is one of {', '.join(sorted(choices))}, not {value!r}.")


def _one_line(error: msgspec.ValidationError) -> str:
    """``Expected `int`, got `str` - at `$.workers``` as a sentence."""
    message, _, where = str(error).partition(" - at ")
    name = where.strip("`").removeprefix("$.").partition("[")[0]
    return f"The setting {name} cannot be used: {message[0].lower()}{message[1:]}." if name else f"{message}."


_FOR_CHILDREN = ("HOME", "LANG", "LANGUAGE", "LC_", "LD_LIBRARY_PATH", "PATH", "PYTHON", "TMPDIR", "TZ", "USER", "XDG_")
#: How systemd is told that we serve. It listens to the process that it started, and not to that one's children.
_FOR_SYSTEMD = ("NOTIFY_SOCKET", "WATCHDOG_")


def withhold_environment(environment: MutableMapping[str, str] = os.environ) -> None:
    """Leave in the environment only what a child process may know: worker processes parse what strangers made.

    Passwords and addresses came by it. Called once they are read.
    """
    for name in [name for name in environment if not name.startswith(_FOR_CHILDREN + _FOR_SYSTEMD)]:
        del environment[name]


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """Within how many seconds systemd wants a sign of life from this process; None when it does not watch.

    systemd's word (``sd_watchdog_enabled(3)``), not a setting of ours: what cannot be read counts as not said.
    """
    microseconds, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not (microseconds.isascii() and microseconds.isdecimal() and int(microseconds)):
        return None
    return int(microseconds) / 1e6 if pid in {"", str(os.getpid())} else None
