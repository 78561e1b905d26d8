"""Where settings come from, what stops the start, and that docs/settings.md tells the truth."""

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from appliance.settings import BadSetting, Settings, load, watchdog_seconds, withhold_environment

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def documented() -> dict[str, tuple[str, str]]:
    """Default and example of each setting, by variable, as the page tells them."""
    rows = re.findall(r"(?m)^\| `(TONEARM_\w+)` \|.*\| (.+?) \| `([^`]+)` \|$", PAGE.read_text(encoding="utf-8"))
    return {variable: (default, example) for variable, default, example in rows}


def write(data_dir: Path, text: str) -> None:
    data_dir.mkdir(exist_ok=True)
    (data_dir / "tonearm.toml").write_text(text, encoding="utf-8")


def refusal(environment: dict[str, str], given: dict[str, object] | None = None) -> str:
    with pytest.raises(BadSetting) as caught:
        load(given or {}, environment)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


# --- Precedence


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    environment = {"TONEARM_DATA_DIR": str(tmp_path)}
    assert load({}, environment).bind == "127.0.0.1:4533"
    write(tmp_path, 'bind = "file:1"')
    assert load({}, environment).bind == "file:1"
    environment["TONEARM_BIND"] = "environment:2"
    assert load({}, environment).bind == "environment:2"
    assert load({"bind": "command:3"}, environment).bind == "command:3"
    assert load({"bind": None}, environment).bind == "environment:2"


def test_the_file_lies_in_the_data_directory_that_is_used(tmp_path: Path) -> None:
    write(tmp_path / "one", "workers = 1")
    write(tmp_path / "two", "workers = 2")
    environment = {"TONEARM_DATA_DIR": str(tmp_path / "one")}
    assert load({}, environment).workers == 1
    assert load({"data_dir": str(tmp_path / "two")}, environment).workers == 2


def test_the_default_data_directory_is_absolute_from_where_one_stands() -> None:
    settings = load({}, {})
    assert settings.data_dir == Path.cwd() / "data"
    assert settings.cache_dir == settings.data_dir / "cache"
    assert settings.demo_dir == settings.data_dir / "demo"


def test_other_programs_variables_are_none_of_ours() -> None:
    assert load({}, {"HOME": "/", "TONEARMS": "1", "tonearm_bind": "x"}) == load({}, {})


def test_the_real_environment_is_read_by_default(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from appliance.settings import load; print(load({}).log_level)"],
        env={**os.environ, "TONEARM_DATA_DIR": str(tmp_path), "TONEARM_LOG_LEVEL": "error"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "error\n"


# --- Values


def test_every_kind_of_value_is_read_from_the_environment(tmp_path: Path) -> None:
    settings = load(
        {},
        {
            "TONEARM_DATA_DIR": str(tmp_path),
            "TONEARM_WORKERS": "3",
            "TONEARM_WATCH": "false",
            "TONEARM_SUBSONIC_TOKENS": "0",
            "TONEARM_ALLOWED_HOSTS": "a.example, b.example,,",
            "TONEARM_DATABASE_URL": "postgresql://db/tonearm",
        },
    )
    assert (settings.workers, settings.watch, settings.subsonic_tokens) == (3, False, False)
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.database_url == "postgresql://db/tonearm"


def test_folders_of_music_may_hold_spaces_and_begin_at_home() -> None:
    settings = load({}, {"TONEARM_MUSIC_DIRS": "/srv/My records: ~/Music :relative::/srv/My records"})
    assert settings.music_dirs == (Path("/srv/My records"), Path("~/Music").expanduser(), Path.cwd() / "relative")


def test_a_folder_with_a_colon_is_named_in_the_file_or_on_the_command_line(tmp_path: Path) -> None:
    write(tmp_path, 'music_dirs = ["/srv/a:b"]')
    assert load({"data_dir": str(tmp_path)}, {}).music_dirs == (Path("/srv/a:b"),)
    assert load({"music_dirs": ["/srv/c:d", "/e"]}, {}).music_dirs == (Path("/srv/c:d"), Path("/e"))


def test_a_file_in_another_encoding_s_locale_is_read_as_utf_8(tmp_path: Path) -> None:
    write(tmp_path, 'admin_user = "Björk"')
    run = subprocess.run(
        [
            sys.executable,
            "-X",
            "utf8=0",
            "-c",
            "from appliance.settings import load; print(ascii(load({}).admin_user))",
        ],
        env={"TONEARM_DATA_DIR": str(tmp_path), "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"},
        cwd=PAGE.parent.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout == "'Bj\\xf6rk'\n"


def test_workers_are_one_for_each_core_and_at_most_four() -> None:
    assert 1 <= load({}, {}).worker_count <= 4
    assert load({}, {"TONEARM_WORKERS": "7"}).worker_count == 7


@pytest.mark.parametrize("bind", ["127.0.0.1:0", "[::1]:65535", "tonearm.local:80"])
def test_an_address_to_listen_on(bind: str) -> None:
    assert load({}, {"TONEARM_BIND": bind}).bind == bind


# --- What stops the start


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BIND", "4533"),
        ("BIND", ":4533"),
        ("BIND", "host:"),
        ("BIND", "host:http"),
        ("BIND", "host:65536"),
        ("BIND", "host:-1"),
        ("BIND", "host:" + "9" * 5000),
        ("WORKERS", "many"),
        ("WORKERS", "-1"),
        ("WORKERS", "1.5"),
        ("WORKERS", ""),
        ("WORKERS", "99999999999999999999"),
        ("CACHE_MEGABYTES", "15"),
        ("DATABASE_CONNECTIONS", "1"),
        ("WATCH", "maybe"),
        ("SUBSONIC_TOKENS", "2"),
        ("DATABASE_URL", "mysql://tonearm:secret@db/tonearm"),
        ("DATABASE_URL", "db.local"),
        ("LOG_LEVEL", "loud"),
        ("LOG_LEVEL", "INFO\nand more"),
        ("LOG_FORMAT", "xml"),
        ("SETUP_CODE", " - "),
    ],
)
def test_a_malformed_value_stops_the_start_with_a_line_that_names_the_setting(variable: str, value: str) -> None:
    assert variable.lower() in refusal({f"TONEARM_{variable}": value})


def test_a_refused_database_s_password_is_not_told() -> None:
    assert "secret" not in refusal({"TONEARM_DATABASE_URL": "mysql://tonearm:secret@db/tonearm"})


@pytest.mark.parametrize("variable", ["TONEARM_COLOUR", "TONEARM_", "TONEARM_DATA_DIRS"])
def test_an_unknown_variable_stops_the_start(variable: str) -> None:
    message = refusal({variable: "1"})
    assert variable in message
    assert "docs/settings.md" in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bind =", "not valid TOML"),
        ("colour = 1", "colour"),
        ("data_dir = '/elsewhere'", "data_dir"),
        ("workers = 'many'", "workers"),
        ("workers = -1", "workers"),
        ("music_dirs = '/one:/two'", "music_dirs"),
        ("music_dirs = [1]", "music_dirs"),
        ("[bind]\nhost = 'x'", "bind"),
    ],
)
def test_a_file_that_cannot_be_meant_stops_the_start(tmp_path: Path, text: str, part: str) -> None:
    write(tmp_path, text)
    assert part in refusal({"TONEARM_DATA_DIR": str(tmp_path)})


def test_a_file_that_is_not_text_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "tonearm.toml").write_bytes(b"bind = '\xff'")
    assert "not valid TOML" in refusal({"TONEARM_DATA_DIR": str(tmp_path)})


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "tonearm.toml").mkdir()
    assert "cannot be read" in refusal({"TONEARM_DATA_DIR": str(tmp_path)})


# --- The page


def test_the_page_tells_the_defaults() -> None:
    defaults = msgspec.to_builtins(Settings(data_dir=Path("./data")), enc_hook=str)
    for variable, (default, _) in documented().items():
        value = defaults[variable.removeprefix("TONEARM_").lower()]
        literal = re.fullmatch(r"`(.+)`", default)
        if value in (None, ()):
            # Worked out later, told in words; but for the name that is used then.
            assert literal is None or variable == "TONEARM_ADMIN_USER", variable
        else:
            assert literal is not None, variable
            assert literal[1].removeprefix("./") == msgspec.json.encode(value).decode().strip('"'), variable


def test_every_example_of_the_page_can_be_used(tmp_path: Path) -> None:
    examples = {variable: example for variable, (_, example) in documented().items()}
    assert len(examples) == len(msgspec.structs.fields(Settings))
    settings = load({"data_dir": str(tmp_path)}, examples)
    changed = [
        field.name
        for field in msgspec.structs.fields(Settings)
        if field.name != "data_dir" and getattr(settings, field.name) == field.default
    ]
    assert changed == []


def test_the_page_s_file_can_be_used(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    write(tmp_path, example[1])
    assert load({"data_dir": str(tmp_path)}, {}).music_dirs == (Path("/srv/music"), Path("/media/usb/My records"))


def test_children_are_not_told_what_came_by_the_environment() -> None:
    environment = {
        "PATH": "/usr/bin",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": "here",
        "TONEARM_ADMIN_PASSWORD": "sesame",
        "TONEARM_DATABASE_URL": "postgresql://u:p@h/n",
        "AWS_SECRET_ACCESS_KEY": "somebody's",
    }
    withhold_environment(environment)
    assert environment == {"PATH": "/usr/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": "here"}


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "me"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "½"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_systemd_says_how_often_it_wants_to_hear_from_us(environment: dict[str, str], seconds: float | None) -> None:
    assert watchdog_seconds(environment) == seconds
