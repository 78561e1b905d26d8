"""The ffmpeg command line, beside which transcoding is measured where it is installed."""

import re
import resource
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final, NamedTuple

MISSING: Final = "ffmpeg is not installed (apt install ffmpeg)"
OPTIONS: Final = {
    "opus": ("-c:a", "libopus", "-b:a", "128k", "-vbr", "off", "-frame_duration", "20", "-f", "ogg"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "192k", "-f", "mp3"),
    "aac": ("-c:a", "aac", "-b:a", "192k", "-f", "adts"),
    "flac": ("-c:a", "flac", "-f", "flac"),
}
"""By codec: what appliance/stream/encode.py does, at the bit rates that this benchmark asks for."""


class Took(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


class Command:
    """``ffmpeg`` as it is on the path."""

    def __init__(self, path: str) -> None:
        self._path = path

    @classmethod
    def found(cls) -> "Command | None":
        path = shutil.which("ffmpeg")
        return cls(path) if path else None

    @property
    def version(self) -> str:
        said = subprocess.run([self._path, "-version"], capture_output=True, text=True, check=True).stdout
        found = re.match(r"ffmpeg version (\S+)", said)
        return found[1] if found else "?"

    def transcode(self, source: Path, codec: str, target: Path) -> Took:
        """To a file, from start to end of the process."""
        began, cpu = time.perf_counter(), _children_cpu()
        subprocess.run(self._line(source, codec, str(target)), check=True)
        return Took(time.perf_counter() - began, _children_cpu() - cpu)

    def first_byte(self, source: Path, codec: str) -> float:
        """Seconds from its start to its first byte on a pipe."""
        began = time.perf_counter()
        with subprocess.Popen(self._line(source, codec, "-"), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.read(1)
            took = time.perf_counter() - began
            process.kill()
        return took

    def _line(self, source: Path, codec: str, target: str) -> list[str]:
        usual = [self._path, "-nostdin", "-v", "error", "-y", "-threads", "1", "-i", str(source), "-map", "0:a"]
        return [*usual, *OPTIONS[codec], "-threads", "1", target]


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
