"""What counts as a public key, and what gets no further."""

import subprocess
from pathlib import Path

import pytest

from appliance.host.ssh_keys import authorized_keys, fault
from tests.host.machinery import public_key

BLOB = public_key().split()[1]


@pytest.mark.parametrize(
    "key",
    [
        public_key(),
        public_key("ssh-rsa"),
        public_key("sk-ssh-ed25519@openssh.com"),
        public_key(comment="Ada's laptop, 2026"),
        f"ssh-ed25519 {BLOB}",
        f"  ssh-ed25519 {BLOB}  ",
    ],
)
def test_a_key_is_taken(key: str) -> None:
    assert fault(key) is None


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "begins with its kind"),
        ("ssh-ed25519", "holds something else"),
        ("ssh-ed25519 AAAA", "cut or changed"),
        ("ssh-ed25519 AAAAAA==", "holds something else"),
        (f"ssh-ed25519 {BLOB[:-8]}", "cut or changed"),
        (f"ssh-ed25519 {BLOB[:10]}!{BLOB[11:]}", "cut or changed"),
        (f"ssh-ed25519 {BLOB}\nssh-ed25519 {BLOB}", "one line"),
        (f"ssh-ed25519 {BLOB} a\0b", "one line"),
        (f"ssh-ed25519 {BLOB} {'x' * 9000}", "one line"),
        (f"ssh-rsa {BLOB}", "holds something else"),
        (f"ssh-dss {BLOB}", "begins with its kind"),
        (f'command="/bin/sh" ssh-ed25519 {BLOB}', "begins with its kind"),
        (f"cert-authority ssh-ed25519 {BLOB}", "begins with its kind"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ("ssh-ed25519 /////w==", "cut or changed"),
        ("ssh-ed25519 AAA=", "cut or changed"),
    ],
)
def test_anything_else_is_not_and_the_owner_is_told_why(key: str, words: str) -> None:
    assert words in (fault(key) or "")


def test_the_file_has_each_key_once() -> None:
    one, other = public_key(), public_key()
    assert authorized_keys((one, f" {other} ", one, other)) == f"{one}\n{other}\n".encode()


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_what_ssh_keygen_makes_is_taken(kind: str, tmp_path: Path) -> None:
    made = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "ada@läptop", "-f", made], check=True)
    assert fault((tmp_path / "key.pub").read_text().strip()) is None
    assert fault(made.read_text())
