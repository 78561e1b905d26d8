"""``EnvironmentFile=`` of systemd: what it reads is not a shell's, though it looks like it (``systemd.exec(5)``)."""

from collections.abc import Mapping

#: Within double quotes a backslash keeps these from meaning anything; before any other character it is itself.
_MEANT = str.maketrans({letter: f"\\{letter}" for letter in '"\\`$'})


def environment_file(variables: Mapping[str, str]) -> bytes:
    """A file that gives exactly these variables. No value holds NUL or what UTF-8 cannot say."""
    return "".join(f'{name}="{value.translate(_MEANT)}"\n' for name, value in variables.items()).encode()
