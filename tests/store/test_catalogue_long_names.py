"""Names as long as a hostile file can make them: no index of PostgreSQL may fail a merge for one."""

import random

import pytest

from appliance.core.catalogue import Library, Window
from appliance.core.sheet import Tags
from appliance.store.unit_of_work import PostgresStore
from tests.store.sheets import bring_in, sheet, tagged

_DICE = random.Random(1)


def _han(length: int) -> str:
    """Characters that no compression makes shorter, three bytes each."""
    return "".join(chr(_DICE.randrange(0x4E00, 0x9FFF)) for _ in range(length))


@pytest.mark.parametrize(
    "tags",
    [
        tagged(title=_han(512)),
        tagged(album=_han(512), artists=(_han(512),), album_artists=(_han(512),)),
        tagged(genres=(_han(512),)),
        tagged(genres=("\ufdfa" * 512,)),  # folds to eighteen characters each
        tagged(album_artists=tuple(_han(100) for _ in range(32))),
        tagged(title="x" + "\ufdfa" * 500),
        tagged(title=_han(512), title_sort=_han(512), album_sort=_han(512), artist_sorts=(_han(512),)),
    ],
    ids=["title", "artist and album", "genre", "folding genre", "many album artists", "folding title", "sort names"],
)
async def test_a_track_with_enormous_names_is_kept_and_found(
    store: PostgresStore, library: Library, tags: Tags
) -> None:
    await bring_in(store, library, [sheet("1.mp3", "1", tags)])
    none, some = Window(0), Window(5)
    async with store.begin() as work:
        found = await work.search.find(tags.title or "", artists=none, albums=none, tracks=some)
    assert [track.title for track in found.tracks] == [tags.title]
