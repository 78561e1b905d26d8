"""What systemd reads is what was written, whatever stands in a password."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.host.environment_file import environment_file

Read = Callable[[bytes], dict[str, str]]

PASSWORDS = [
    "correct horse battery staple",
    " leading and trailing ",
    'say "cheese"',
    "it's",
    "back\\slash\\",
    '\\"',
    "$HOME ${HOME} $$ `id` $(id)",
    "# no comment",
    "; neither",
    "a=b",
    "%h %%",
    "Zoë & Björk ünd 密码 🎵",
    "tab\tand\nnewline\r\n",
    "\\n is no newline",
    "'",
    '"',
    "\\",
    "",
    "!*?[]{}<>|&~",
]


def by_the_manual(content: bytes) -> dict[str, str]:
    """``systemd.exec(5)``: inside double quotes a backslash takes the meaning of ``"$`\\`` and joins lines."""
    found: dict[str, str] = {}
    text, at = content.decode(), 0
    while at < len(text):
        name, _, rest = text[at:].partition("=")
        assert rest.startswith('"'), "everything that we write is in double quotes"
        at += len(name) + 2
        value = ""
        while text[at] != '"':
            if text[at] == "\\" and text[at + 1] in '"\\`$\n':
                at += 1
                value += text[at].removeprefix("\n")
            else:
                value += text[at]
            at += 1
        assert text[at + 1] == "\n"
        at += 2
        found[name] = value
    return found


def by_systemd(library: Path, folder: Path) -> Read:
    """The parser that systemd itself uses for ``EnvironmentFile=``, out of the library that its programs share."""
    load = ctypes.CDLL(str(library)).load_env_file
    strings = ctypes.POINTER(ctypes.c_char_p)
    load.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(strings)]

    def read(content: bytes) -> dict[str, str]:
        file = folder / "env"
        file.write_bytes(content)
        found = strings()
        assert load(None, bytes(file), ctypes.byref(found)) == 0
        pairs, at = [], 0
        while found[at]:
            pairs.append(found[at].decode().partition("="))
            at += 1
        return {name: value for name, _, value in pairs}

    return read


#: systemd's own where there is a systemd, beside the manual's rules.
LIBRARIES = sorted(Path("/usr/lib").glob("*/systemd/libsystemd-shared-*.so"))[:1]


@pytest.fixture(params=[None, *LIBRARIES], ids=lambda library: "systemd" if library else "the manual")
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Read:
    return by_systemd(request.param, tmp_path) if request.param else by_the_manual


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_arrives_as_it_was(password: str, read: Read) -> None:
    variables = {"TONEARM_ADMIN_USER": "ada", "TONEARM_ADMIN_PASSWORD": password, "TONEARM_MUSIC_HOME": "/srv"}
    assert read(environment_file(variables)) == variables


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_password_arrives_as_it_was(password: str, read: Read) -> None:
    assert read(environment_file({"A": password, "B": "after"})) == {"A": password, "B": "after"}


def test_no_variable_is_an_empty_file() -> None:
    assert environment_file({}) == b""
