"""Secrets: one key, in a file of its own, that only its owner can read."""

import os
import stat
import sys
import threading
from pathlib import Path
from subprocess import PIPE, Popen
from uuid import UUID

import hypothesis.strategies as st
import pytest
import trio
from hypothesis import given

from appliance.core.errors import Busy
from appliance.key_file import BadKeyFile
from appliance.vault import FileVault, open_vault

ANA, BO = UUID(int=1), UUID(int=2)


@pytest.fixture
def vault() -> FileVault:
    return FileVault(bytes(32))


# --- Passwords


async def test_a_password_matches_its_own_hash(vault: FileVault) -> None:
    hashed = await vault.hash("pässword")
    assert hashed.startswith("$argon2id$")
    assert await vault.verify(hashed, "pässword")
    assert not await vault.verify(hashed, "password")
    assert not await vault.verify(hashed, "")


async def test_two_hashes_of_one_password_differ(vault: FileVault) -> None:
    assert await vault.hash("password") != await vault.hash("password")


@pytest.mark.parametrize("hashed", ["", "nonsense", "$argon2id$v=19$m=1", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_a_broken_hash_matches_nothing(vault: FileVault, hashed: str) -> None:
    assert not await vault.verify(hashed, "password")
    assert not await vault.verify(hashed, "")


@pytest.mark.parametrize("password", ["\ud800", "\0", "x" * 100_000])
async def test_odd_passwords_are_wrong_and_no_fault(vault: FileVault, password: str) -> None:
    assert not await vault.verify(await vault.hash("password"), password)
    assert not await vault.verify(None, password)


class Watched(FileVault):
    """The real one, which tells against what it held passwords."""

    def __init__(self) -> None:
        super().__init__(bytes(32))
        self.held_against: list[str] = []

    def _matches(self, password_hash: str, password: str) -> bool:
        self.held_against.append(password_hash)
        return super()._matches(password_hash, password)


async def test_nobody_s_password_takes_the_same_work_and_never_matches() -> None:
    vault = Watched()
    somebody = await vault.hash("password")
    assert not await vault.verify(None, "password")
    assert not await vault.verify(None, "")
    first, second = vault.held_against
    assert first == second
    # The same parameters (all but salt and hash), so the same work.
    assert first.split("$")[:4] == somebody.split("$")[:4]


# --- Sealed secrets


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_for_somebody_opens_for_them_alone(secret: str) -> None:
    vault = FileVault(bytes(32))
    sealed = vault.seal(secret, ANA)
    assert vault.open(sealed, ANA) == secret
    assert vault.open(sealed, BO) is None
    assert FileVault(b"k" * 32).open(sealed, ANA) is None


def test_sealing_twice_shows_nothing_in_common(vault: FileVault) -> None:
    one, other = vault.seal("password", ANA), vault.seal("password", ANA)
    assert one[:12] != other[:12]
    assert b"password" not in one


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_seal_with_one_byte_changed_does_not_open(position: int, change: int) -> None:
    vault = FileVault(bytes(32))
    sealed = bytearray(vault.seal("password", ANA))
    sealed[position % len(sealed)] ^= change
    assert vault.open(bytes(sealed), ANA) is None


@given(st.binary(max_size=64))
def test_nonsense_does_not_open(sealed: bytes) -> None:
    assert FileVault(bytes(32)).open(sealed, ANA) is None


# --- The key file


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret.key"
    before = os.umask(0)
    try:
        sealed = open_vault(file).seal("password", ANA)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]
    assert open_vault(file).open(sealed, ANA) == "password"


def test_two_servers_have_two_keys(tmp_path: Path) -> None:
    sealed = open_vault(tmp_path / "one.key").seal("password", ANA)
    assert open_vault(tmp_path / "other.key").open(sealed, ANA) is None


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(33)])
def test_a_damaged_key_stops_the_start_and_is_left_as_it_is(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / "secret.key"
    file.write_bytes(damaged)
    with pytest.raises(BadKeyFile, match=r"secret\.key is damaged.*backup"):
        open_vault(file)
    assert file.read_bytes() == damaged


def test_a_key_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadKeyFile, match="cannot be read"):
        open_vault(tmp_path)


def test_a_key_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadKeyFile, match=r"cannot be (read|written)"):
        open_vault(tmp_path / "file" / "secret.key")
    with pytest.raises(BadKeyFile, match="cannot be written"):
        open_vault(Path("/proc/nowhere/secret.key"))


def test_many_that_make_the_key_at_once_make_one(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    together = threading.Barrier(8)
    seals: list[bytes] = []

    def start() -> None:
        together.wait()
        seals.append(open_vault(file).seal("password", ANA))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    vault = open_vault(file)
    assert [vault.open(sealed, ANA) for sealed in seals] == ["password"] * 8
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_so_do_processes(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    program = (
        "import sys; from pathlib import Path; from uuid import UUID; from appliance.vault import open_vault;"
        "sys.stdin.read(); sys.stdout.buffer.write(open_vault(Path(sys.argv[1])).seal('password', UUID(int=1)))"
    )
    processes = [Popen([sys.executable, "-c", program, str(file)], stdin=PIPE, stdout=PIPE) for _ in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    seals = [process.communicate()[0] for process in processes]
    vault = open_vault(file)
    assert [vault.open(sealed, ANA) for sealed in seals] == ["password"] * 3


# --- Many at once


class Credulous(Watched):
    """Finds that everything matches, so that a hash need not be made for each."""

    def _matches(self, password_hash: str, password: str) -> bool:
        super()._matches(password_hash, password)
        return True


async def test_what_matched_before_is_known_without_work() -> None:
    vault = Watched()
    hashed = await vault.hash("password")
    assert await vault.verify(hashed, "password")
    vault.held_against.clear()
    assert await vault.verify(hashed, "password")
    assert vault.held_against == []
    assert not await vault.verify(await vault.hash("another"), "password")
    assert not await vault.verify(None, "password")


async def test_what_matched_is_remembered_within_bounds() -> None:
    vault = Credulous()
    hashes = [f"hash {number}" for number in range(300)]
    for hashed in hashes:
        assert await vault.verify(hashed, "password")
    assert await vault.verify(hashes[-1], "password")
    assert len(vault.held_against) == 300
    assert await vault.verify(hashes[0], "password")
    assert len(vault.held_against) == 301


async def test_a_crowd_is_told_to_come_back() -> None:
    vault = FileVault(bytes(32))
    hashed = await vault.hash("password")
    refused = 0

    async def guess(number: int) -> None:
        nonlocal refused
        try:
            assert not await vault.verify(hashed, f"guess {number}")
        except Busy:
            refused += 1

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(guess, number)
    assert refused == 16  # one is looked at, three wait
