"""What a person is told of a scan that has ended."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from appliance.core.scanning import Scan, ScanCounts, ScanKind, ScanState
from appliance.following import counted, summary


def ended(state: ScanState = ScanState.DONE, message: str | None = None, **counts: Any) -> Scan:
    return Scan(
        id=UUID(int=1),
        kind=ScanKind.QUICK,
        state=state,
        counts=ScanCounts(**counts),
        requested_at=datetime(2026, 1, 1, tzinfo=UTC),
        message=message,
    )


@pytest.mark.parametrize(
    ("scan", "sentence"),
    [
        (ended(), "No music was found."),
        (ended(missing=2), "0 files: 2 missing."),
        (ended(found=1), "1 file: nothing has changed."),
        (ended(found=12_000, added=9_000, moved=2), "12,000 files: 9,000 new, 2 moved."),
        (ended(found=3, changed=1, returned=1, missing=1), "3 files: 1 changed, 1 back again, 1 missing."),
        (ended(found=4, added=2, faulty=2), "4 files: 2 new. 2 could not be read; `tonearm scan` lists them."),
        (ended(found=4, message="A disk is away."), "4 files: nothing has changed. A disk is away."),
        (ended(ScanState.FAILED, "The disk is full."), "The scan did not finish: The disk is full."),
        (ended(ScanState.CANCELLED, found=9), "The scan was cancelled. What it had read is kept."),
    ],
)
def test_a_scan_is_summed_up_in_a_sentence_or_two(scan: Scan, sentence: str) -> None:
    assert summary(scan) == sentence


def test_one_is_no_plural() -> None:
    assert (counted(1, "album"), counted(0, "album"), counted(1_200, "album")) == (
        "1 album",
        "0 albums",
        "1,200 albums",
    )
