"""PostgreSQL runs with the card's own settings: no port, and nobody gets in but those who are meant."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.ansible.conftest import FILES


def lay_out(place: Path) -> Path:
    """The files of /etc/tonearm, with the paths of this machine's folder in place of the card's."""
    subprocess.run([FILES / "tune-database", place / "tuned.conf"], check=True)
    for name in ("postgresql.conf", "pg_hba.conf"):
        text = (FILES / "etc/tonearm" / name).read_text()
        text = text.replace("/run/tonearm-postgresql", str(place)).replace("/etc/tonearm", str(place))
        # The embedded server is built without lz4, which Debian's has.
        (place / name).write_text(text.replace("wal_compression = lz4", "wal_compression = on"))
    return place / "postgresql.conf"


@contextmanager
def running(place: Path, programs: Path, somebody: list[str]) -> Iterator[int]:
    conf = lay_out(place)
    server = subprocess.Popen(
        [*somebody, programs / "postgres", "-D", place / "17", "-c", f"config_file={conf}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        said: list[str] = []
        while not any("ready to accept connections" in line for line in said):
            said.append(server.stderr.readline())
            assert said[-1], said
        yield server.pid
    finally:
        server.send_signal(2)
        server.communicate(timeout=60)


@pytest.fixture
def cluster(place: Path, programs: Path, somebody: list[str]) -> Path:
    command: list[str | Path] = [
        *somebody,
        "env",
        f"TONEARM_POSTGRESQL={programs}",
        FILES / "create-database",
        place / "17",
    ]
    subprocess.run(command, check=True)
    return place


def test_it_listens_on_its_socket_alone_and_lets_no_stranger_in(
    cluster: Path, programs: Path, somebody: list[str]
) -> None:
    with running(cluster, programs, somebody) as process:
        sockets = [path.name for path in cluster.iterdir() if path.is_socket()]
        assert sockets == [".s.PGSQL.5432"]
        inodes = {link.readlink() for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()}
        ours = {str(inode)[8:-1] for inode in inodes if str(inode).startswith("socket:[")}
        listening = [
            line
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]
            if line.split()[9] in ours
        ]
        assert listening == []
        for role, database in (("tonearm", "tonearm"), ("postgres", "postgres"), ("postgres", "tonearm")):
            with pytest.raises(psycopg.OperationalError, match=r"(?i)peer authentication failed|no pg_hba.conf entry"):
                psycopg.connect(host=str(cluster), user=role, dbname=database)
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry"):
            psycopg.connect(host=str(cluster), user="tonearm", dbname="postgres")


def test_nothing_that_was_committed_may_be_lost(cluster: Path, programs: Path, somebody: list[str]) -> None:
    conf = lay_out(cluster)
    for setting, value in {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "jit": "off",
        "shared_preload_libraries": "",
    }.items():
        told = subprocess.run(
            [*somebody, programs / "postgres", "-D", cluster / "17", "-c", f"config_file={conf}", "-C", setting],
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == value, setting
