"""The household's libraries: folders that people add, rename and take out of use.

What people say stands: the settings, which name folders at every start, neither take away a library that somebody
added nor bring back one that somebody took out of use (docs/decisions/0019-libraries.md).
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from appliance.core.catalogue import Library
from appliance.core.errors import Conflict, FieldFault, NotUsable
from appliance.core.ports import MusicFolders, UnitOfWork
from appliance.core.scanning import ScanKind
from appliance.core.text import clean

LONGEST_NAME = 200


class LibraryState(msgspec.Struct, frozen=True, kw_only=True):
    """A library in use, and what the last scan counted in it."""

    library: Library
    file_count: int
    """Files that are there."""
    missing_count: int
    """Files that were there once, and come back as themselves."""
    track_count: int
    """Tracks that can be played from it."""
    size: int
    """Bytes of the files that are there."""
    created_at: datetime


async def add_library(work: UnitOfWork, folders: MusicFolders, root: str, name: str | None = None) -> UUID:
    """Put a folder to use, and ask for a scan. One that was in use before is that library again, with all in it.

    Raises ``NotUsable`` for a folder that cannot hold music, or that holds, or lies in, another library;
    ``Conflict`` when it is in use.
    """
    folder = Path("/" + root.lstrip("/")) if root.startswith("/") else Path(root)
    named = None if name is None else name_of(name)
    if words := await folders.prepare(folder):
        raise NotUsable([FieldFault("root", words, "invalid")])
    await work.libraries.lock()
    if words := _fault_beside(folder, await work.libraries.roots()):
        raise NotUsable([FieldFault("root", words, "nested")])
    library_id = await work.libraries.add(bytes(folder), named)
    if library_id is None:
        raise Conflict("This folder is a library already.")
    await work.scans.request(ScanKind.QUICK)
    return library_id


async def rename_library(work: UnitOfWork, library_id: UUID, name: str) -> None:
    """Raises ``NotUsable`` for a name that nobody can read, ``NotFound``."""
    await work.libraries.rename(library_id, name_of(name))


def name_of(text: str) -> str:
    """The name as it is kept. Raises ``NotUsable`` when nothing of it can be seen."""
    name = clean(text[:LONGEST_NAME])
    if not name:
        raise NotUsable([FieldFault("name", "A name has at least one visible character.", "invalid")])
    return name


def _fault_beside(folder: Path, roots: Iterable[bytes]) -> str | None:
    """Files would be found twice if one library lay in another."""
    for root in roots:
        other = Path(root.decode("utf-8", "surrogateescape"))
        if folder != other and folder.is_relative_to(other):
            return "This folder lies in another library, whose scans find it already."
        if folder != other and other.is_relative_to(folder):
            return "Another library lies in this folder. Take that one out of use first."
    return None
