"""The card of a Raspberry Pi in the one Pi that can be emulated, up to its root file system."""

from pathlib import Path

from tests.image.boot.bench import Bench
from tests.image.boot.card import Card
from tests.image.boot.raspberry_pi import serial_line_until


def test_the_kernel_finds_its_card_by_the_device_tree(card: Card, bench: Bench, tmp_path: Path) -> None:
    bench.switch_off()
    mounted = r"EXT4-fs \(mmcblk0p2\): mounted filesystem"
    said = serial_line_until(card, tmp_path, mounted, seconds=300)
    assert "Machine model: Raspberry Pi 3 Model B" in said
    assert "EXT4-fs (mmcblk0p2): mounted filesystem" in said
