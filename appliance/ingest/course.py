"""The course of one scan, over all libraries."""

import structlog
import trio

from appliance.core.catalogue import Library
from appliance.core.scanning import Scan, ScanCounts, ScanState

_log = structlog.get_logger()


class Course:
    """How one scan goes: its counts, what is to be said at its end, and whether it is still wanted."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.counts = ScanCounts()
        self.scope = trio.CancelScope()
        self._remarks: list[str] = []
        self._failed = False

    def go_on_if(self, *, wanted: bool) -> None:
        """Told what ``Scans.progress`` answered: an unwanted scan is cut off here."""
        if not wanted:
            self.scope.cancel()

    def remark(self, library: Library, text: str) -> None:
        """Something that the owner should know at the end."""
        self._remarks.append(f"{library.name}: {text}")
        _log.warning("scan.remark", scan=str(self.scan.id), library=library.name, remark=text)

    def failed(self, library: Library, group: "BaseExceptionGroup[BaseException]") -> None:
        """A library could not be scanned to its end; the others are."""
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self._failed = True
        self._remarks.append(f"{library.name}: it failed unexpectedly ({type(error).__name__}: {error}).")

    @property
    def touched_the_catalogue(self) -> bool:
        """Whether anything may have changed, also before the scan was taken up from a process that is gone."""
        now, before = self.counts, self.scan.counts
        return any((now.read, now.missing, now.returned, now.faulty, before.read))

    @property
    def changes(self) -> int:
        """Files that were written to the catalogue, or marked."""
        counts = self.counts
        return counts.read + counts.missing + counts.returned

    def ending(self) -> tuple[ScanState, str | None]:
        if self.scope.cancelled_caught:
            state = ScanState.CANCELLED
        else:
            state = ScanState.FAILED if self._failed else ScanState.DONE
        return state, " ".join(self._remarks) or None
