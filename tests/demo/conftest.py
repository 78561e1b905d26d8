"""One whole demo library, written once for all tests of it."""

from pathlib import Path

import msgspec
import pytest

from appliance.demo.library import write_demo


class Demo(msgspec.Struct, frozen=True):
    folder: Path
    files: list[Path]
    told: list[tuple[int, int | None]]
    """What the progress was told."""

    def tracks(self) -> list[Path]:
        return [path for path in self.files if path.name != "cover.jpg"]

    def track(self, name: str) -> Path:
        """The one track whose file name contains ``name``."""
        (path,) = (path for path in self.tracks() if name in path.name)
        return path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "music"
    told: list[tuple[int, int | None]] = []
    files = write_demo(folder, progress=lambda done, total: told.append((done, total)))
    return Demo(folder, files, told)
