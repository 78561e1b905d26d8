"""However files come and go, what is counted is what is there."""

from typing import Any

import trio
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from appliance.core.catalogue import Library
from appliance.core.sheet import Credit, Fault, Sheet, Tags
from appliance.store.database import Database
from appliance.store.unit_of_work import PostgresStore
from tests.store.clean_slate import wipe
from tests.store.recount import assert_counted
from tests.store.sheets import bring, picture, sheet

ROOTS = (b"/one", b"/two")
PATHS = [f"{folder}/{name}" for folder in "ab" for name in ("1.mp3", "2.mp3", "3.flac")]
PICTURES = [picture("front", "a/cover.png"), picture("front", "a/1.mp3", "embedded"), picture("back", "b/cover.png")]

some_paths = st.sets(st.sampled_from(PATHS)).map(sorted)
tags = st.builds(
    Tags,
    title=st.sampled_from([None, "One", "ONE", "Two"]),
    artists=st.lists(st.sampled_from(["Ana", "ANA", "Bo", "Çy"]), max_size=3).map(tuple),
    artist_sorts=st.sampled_from([(), ("Zed",)]),
    album_sort=st.sampled_from([None, "Zed"]),
    album=st.sampled_from([None, "First", "first", "Second"]),
    album_artists=st.sampled_from([(), (), ("Ana",), ("Bo", "Ana")]),
    disc_number=st.sampled_from([None, 1, 2]),
    disc_title=st.sampled_from([None, "Night", "Day"]),
    track_number=st.sampled_from([None, 1, 2]),
    credits=st.lists(
        st.builds(Credit, st.sampled_from(["composer", "mixer"]), st.sampled_from(["Ana", "ANA", "Di"])), max_size=3
    ).map(tuple),
    genres=st.lists(st.sampled_from(["Jazz", "jazz", "Soul"]), max_size=3).map(tuple),
    release_date=st.sampled_from([None, "1999", "2001-05"]),
    compilation=st.booleans(),
    musicbrainz_release_id=st.sampled_from([None, None, "5f9a7d3a-0000-4000-8000-000000000001"]),
)


@st.composite
def a_sheet(draw: st.DrawFn, path: str) -> Sheet:
    return sheet(
        path,
        draw(st.sampled_from("vwxyz")) * draw(st.integers(1, 2)),
        draw(tags),
        picture=draw(st.sampled_from([None, *PICTURES])),
        lossless=path.endswith("flac"),
    )


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Sheet], list[Fault], list[bytes]]:
    """Sheets, faults at other paths, and the paths that count as unsettled."""
    paths = draw(some_paths)
    faulty = draw(st.sets(st.sampled_from(PATHS), max_size=2)) - set(paths)
    unsettled = [path.encode() for path in draw(some_paths)]
    return (
        [draw(a_sheet(path)) for path in paths],
        [Fault(path=path.encode(), reason="broken") for path in sorted(faulty)],
        unsettled,
    )


class Counts(RuleBasedStateMachine):
    """Runs in a thread of the test's Trio."""

    libraries: Bundle[Library] = Bundle("libraries")

    def __init__(self, store: PostgresStore, database: Database, url: str) -> None:
        super().__init__()
        self._store = store
        self._database = database
        wipe(url)

    @initialize(target=libraries)
    def first(self) -> Library:
        return trio.from_thread.run(self._settle, ROOTS)[0]

    @initialize(target=libraries)
    def second(self) -> Library:
        return trio.from_thread.run(self._settle, ROOTS)[1]

    @rule(library=libraries, batch=batches())
    def merge(self, library: Library, batch: tuple[list[Sheet], list[Fault], list[bytes]]) -> None:
        async def merge() -> None:
            async with self._store.begin() as work:
                await bring(work, library, *batch)

        trio.from_thread.run(merge)

    @rule(library=libraries, paths=some_paths)
    def vanish(self, library: Library, paths: list[str]) -> None:
        async def vanish() -> None:
            async with self._store.begin() as work:
                await work.catalogue.mark_missing(library, [path.encode() for path in paths])

        trio.from_thread.run(vanish)

    @rule(library=libraries, paths=some_paths)
    def come_back(self, library: Library, paths: list[str]) -> None:
        async def come_back() -> None:
            async with self._store.begin() as work:
                await work.catalogue.mark_returned(library, [path.encode() for path in paths])

        trio.from_thread.run(come_back)

    @rule(roots=st.sets(st.sampled_from(ROOTS)).map(sorted))
    def choose_libraries(self, roots: list[bytes]) -> None:
        trio.from_thread.run(self._settle, roots)

    @rule()
    def tidy(self) -> None:
        async def tidy() -> None:
            async with self._store.begin() as work:
                await work.catalogue.tidy()
            await assert_counted(self._database)

        trio.from_thread.run(tidy)

    def teardown(self) -> None:
        self.tidy()
        super().teardown()

    async def _settle(self, roots: Any) -> list[Library]:
        async with self._store.begin() as work:
            return await work.libraries.settle(roots)


async def test_every_count_is_what_a_recount_from_the_rows_finds(
    store: PostgresStore, database: Database, database_url: str
) -> None:
    await trio.to_thread.run_sync(
        lambda: run_state_machine_as_test(
            lambda: Counts(store, database, database_url),  # type: ignore[arg-type]  # it takes any callable
            settings=settings(
                max_examples=15, stateful_step_count=12, deadline=None, database=None, phases=[Phase.generate]
            ),
        )
    )
