"""Which folders a start puts to use."""

import io
from pathlib import Path

import pytest

from appliance.core.accounts import Accounts, Role
from appliance.core.errors import Unavailable
from appliance.core.throttle import Throttle
from appliance.first_start import Music
from appliance.settings import Settings
from appliance.store.database import Database
from appliance.store.listener import Listener
from appliance.store.unit_of_work import PostgresStore
from appliance.terminal import Terminal
from appliance.vault import FileVault


@pytest.fixture
async def store(database: Database) -> PostgresStore:
    """A household that is set up, with no folder yet."""
    store = PostgresStore(database, Listener(database))
    async with store.begin() as work:
        await Accounts(FileVault(bytes(32)), Throttle(lambda: 0.0)).create(work, "ada", "correct horse", Role.ADMIN)
    return store


def music(store: PostgresStore, tmp_path: Path, *folders: Path) -> Music:
    """A start whose settings name these folders."""
    (tmp_path / "data").mkdir(exist_ok=True)
    settings = Settings(data_dir=tmp_path / "data", music_dirs=folders, setup="page")
    return Music(settings, store, Terminal(io.StringIO()))


async def in_use(store: PostgresStore) -> list[Path]:
    async with store.begin() as work:
        return [Path(library.root.decode()) for library in await work.libraries.all()]


async def test_where_no_folder_was_ever_chosen_the_one_of_the_house_is_used(
    store: PostgresStore, tmp_path: Path
) -> None:
    start = music(store, tmp_path)
    with pytest.raises(Unavailable):
        await start.state()
    await start.settle()
    assert await in_use(store) == [tmp_path / "data" / "music"]
    assert await start.state() == "1 folder"


async def test_where_people_took_every_folder_out_of_use_none_is_put_to_use(
    store: PostgresStore, tmp_path: Path
) -> None:
    await music(store, tmp_path, tmp_path).settle()
    async with store.begin() as work:
        (library,) = await work.libraries.all()
        await work.libraries.remove(library.id)
    for start in (music(store, tmp_path), music(store, tmp_path, tmp_path)):
        await start.settle()
        assert await in_use(store) == []
        assert await start.state() == "0 folders"


async def test_a_folder_that_people_added_outlives_a_start(store: PostgresStore, tmp_path: Path) -> None:
    named, added = tmp_path / "named", tmp_path / "added"
    await music(store, tmp_path, named).settle()
    async with store.begin() as work:
        await work.libraries.add(bytes(added), None)
    await music(store, tmp_path, named).settle()
    assert await in_use(store) == [named, added]
    await music(store, tmp_path).settle()
    assert await in_use(store) == [named, added]
