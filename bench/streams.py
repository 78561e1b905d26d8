"""How soon music begins, how fast it is transcoded, and how much of it one core can send."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from appliance.core.playback import RATES, Codec
from bench.command import MISSING, Command, Took
from bench.concert import SECONDS, kept_concert
from bench.processes import TRANSCODERS
from bench.server import BenchmarkFailed, Server, running, scratch, subsonic
from bench.table import Budget, Column, Figure, Row, Table
from bench.workbench import Workbench

_TIMES: Final = 60
"""First bytes for one figure."""
_ROUNDS: Final = 3
"""Transcodes for one figure; the command line's turn comes between them."""
_PROFILES: Final = {Codec.OPUS: 128, Codec.MP3: 192, Codec.AAC: 192, Codec.FLAC: 0}
_RAW_BYTES: Final = 1_500_000_000
_GBIT: Final = 125.0
"""MB/s"""
_PIECE: Final = 1 << 20
_WARM_SECONDS: Final = 30.0


def run(bench: Workbench) -> Table:
    """Over a folder of eight tracks of three minutes."""
    with bench.terminal.progress("Recording a concert", "tracks") as progress:
        music = kept_concert(progress)
    command = Command.found()
    with scratch() as folder, running(folder, music) as server:
        server.until_listening()
        with bench.terminal.progress("Scanning it", "s") as progress:
            server.until_scanned(progress)
        listener = _Listener(server)
        with bench.terminal.progress("Pressing play", "figures") as progress:
            rows: list[Row] = []
            for figures in (
                _throughput(listener),
                *(_transcoding(listener, codec, command, music, folder) for codec in _PROFILES),
                _first_bytes(listener, command, music),
            ):
                rows += figures
                progress(len(rows), None)
    versions = f"ffmpeg {command.version}" if command else MISSING
    return Table(
        title=f"streams: FLAC tracks of {SECONDS} s, one listener; beside it: {versions}",
        columns=(Column("figure", 1), Column("unit"), Column("ffmpeg", 1), Column("ratio", 2)),
        rows=tuple(rows),
        notes=(
            "Transcoding is compared by CPU seconds, which hold on a busy machine as well; wall is what a listener",
            "gets. The command line has its own libraries, of its own version.",
        ),
    )


class _Listener:
    """One app."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with server.connection() as connection:
            connection.request("GET", subsonic("search3", query='""', songCount=500))
            answer = json.loads(connection.getresponse().read())["subsonic-response"]["searchResult3"]
        self.songs = [song["id"] for song in sorted(answer["song"], key=lambda song: int(song["track"]))]

    def first_byte(self, song: str, **wish: object) -> float:
        """Seconds from the request, on a connection that is there, to the first byte of the body; then it leaves."""
        with self.server.connection() as connection:
            connection.connect()
            began = time.perf_counter()
            connection.request("GET", subsonic("stream", id=song, **wish))
            answer = connection.getresponse()
            first = answer.read(1)
            took = time.perf_counter() - began
        if answer.status != 200 or not first:
            raise BenchmarkFailed(f"A stream answered {answer.status}.")
        return took

    def hear(self, song: str, **wish: object) -> int:
        """Read all of a stream; how many bytes there were."""
        buffer = bytearray(_PIECE)
        received = 0
        with self.server.connection() as connection:
            connection.request("GET", subsonic("stream", id=song, **wish))
            answer = connection.getresponse()
            while count := answer.readinto(buffer):
                received += count
        if answer.status != 200:
            raise BenchmarkFailed(f"A stream answered {answer.status}.")
        return received

    def until_warm(self) -> None:
        """Wait until no transcoder is at work any more."""
        deadline = time.monotonic() + _WARM_SECONDS
        while self.server.metric("tonearm_transcoder_workers_busy"):
            if time.monotonic() > deadline:
                raise BenchmarkFailed("A transcoder goes on though nobody listens.")
            time.sleep(0.02)


def _throughput(listener: _Listener) -> list[Row]:
    for song in listener.songs:
        listener.hear(song)
    cpu, _ = listener.server.family.server_cpu()
    began = time.perf_counter()
    sent = 0
    for song in itertools.cycle(listener.songs):
        sent += listener.hear(song)
        if sent >= _RAW_BYTES:
            break
    seconds = time.perf_counter() - began
    per_core = sent / 1e6 / (listener.server.family.server_cpu()[0] - cpu)
    return [
        Row("raw, per core of the server's", (per_core, "MB/s"), Budget.at_least(_GBIT, "MB/s", per_core)),
        Row("raw, to one listener", (sent / 1e6 / seconds, "MB/s")),
    ]


def _transcoding(listener: _Listener, codec: Codec, command: Command | None, music: Path, folder: Path) -> list[Row]:
    ours: list[Took] = []
    theirs: list[Took] = []
    for song, source in zip(listener.songs[:_ROUNDS], sorted(music.glob("*.flac")), strict=False):
        listener.until_warm()
        ours.append(_transcoded(listener, song, codec))
        if command is not None:
            theirs.append(command.transcode(source, codec, folder / "theirs"))
    rate = f" {_PROFILES[codec]} kbit/s" if _PROFILES[codec] else ""
    rows = []
    for what, unit, kind in (("per CPU second", "× realtime", "cpu"), ("  wall", "× realtime", "wall")):
        figure = _realtime(ours, kind)
        compared: Figure = _realtime(theirs, kind) if theirs else MISSING
        ratio = figure / compared if isinstance(compared, float) else None
        budget = None
        if kind == "cpu" and ratio is not None:
            budget = Budget(text="≥ 0.95 of ffmpeg", kept=ratio >= 0.95)
        rows.append(Row(f"{codec}{rate}, {what}" if kind == "cpu" else what, (figure, unit, compared, ratio), budget))
    return rows


def _realtime(all_took: list[Took], kind: str) -> float:
    return SECONDS / min(took.cpu if kind == "cpu" else took.wall for took in all_took)


def _transcoded(listener: _Listener, song: str, codec: Codec) -> Took:
    """Nobody has heard it in this form before."""
    before = listener.server.family.usage()
    began = time.perf_counter()
    listener.hear(song, **_wish(codec, _PROFILES[codec]))
    wall = time.perf_counter() - began
    return Took(wall, listener.server.family.usage().since(before).cpu[TRANSCODERS])


def _wish(codec: Codec, bit_rate: int) -> dict[str, object]:
    # FLAC from FLAC would be sent as it is; from a second on it has to be made.
    return {"format": codec.value, "maxBitRate": bit_rate} if bit_rate else {"format": "flac", "timeOffset": 1}


def _first_bytes(listener: _Listener, command: Command | None, music: Path) -> list[Row]:
    first, *others = listener.songs
    listener.hear(first, format="mp3", maxBitRate=128)
    raw = [listener.first_byte(first) for _ in range(_TIMES)]
    cached = [listener.first_byte(first, format="mp3", maxBitRate=128) for _ in range(_TIMES)]
    uncached: dict[Codec, list[float]] = {}
    for codec, song, bit_rate in itertools.islice(_unheard(others), _TIMES):
        listener.until_warm()
        uncached.setdefault(codec, []).append(listener.first_byte(song, format=codec.value, maxBitRate=bit_rate))
    sought = []
    for second in range(60, 60 + _TIMES // 3):
        listener.until_warm()
        sought.append(listener.first_byte(first, format="opus", maxBitRate=96, timeOffset=second))
    spawned: Figure = MISSING
    if command is not None:
        spawned = median(command.first_byte(next(music.glob("*.flac")), "opus") for _ in range(7)) * 1000
    everything = [took for times in uncached.values() for took in times]
    typical = median(everything) * 1000
    return [
        Row("first byte, raw", (median(raw) * 1000, "ms")),
        Row("first byte, cached transcode", (median(cached) * 1000, "ms")),
        Row(
            "first byte, uncached transcode",
            (typical, "ms", spawned, typical / spawned if isinstance(spawned, float) else None),
            Budget.at_most(30, "ms", typical),
        ),
        *(Row(f"  {codec}", (median(times) * 1000, "ms")) for codec, times in uncached.items()),
        Row("  the slowest of all", (max(everything) * 1000, "ms")),
        Row("first byte, from the middle (timeOffset)", (median(sought) * 1000, "ms")),
    ]


def _unheard(songs: list[str]) -> Iterator[tuple[Codec, str, int]]:
    """Profiles and songs that nobody has asked for yet, the codecs in turn."""
    lossy = (Codec.OPUS, Codec.MP3, Codec.AAC)
    for song in songs:
        for bit_rates in zip(*(RATES[codec] for codec in lossy), strict=False):
            for codec, bit_rate in zip(lossy, bit_rates, strict=True):
                if bit_rate != _PROFILES[codec]:
                    yield codec, song, bit_rate
