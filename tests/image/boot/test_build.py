"""What the build says of itself, in ``figures.json`` beside the image."""

import json

from tests.image.boot.card import Card
from tests.image.boot.figures import Figures


def test_the_download_is_small_enough(card: Card, figures: Figures) -> None:
    built = json.loads(card.path.with_name("figures.json").read_text(encoding="utf-8"))
    megabytes = built["compressed_bytes"] / 1e6
    figures.note("download, compressed", megabytes, "MB", budget=450)
    figures.note("flashed", built["extract_bytes"] / 1e6, "MB")
    figures.note(
        "build", built["seconds"], "s", remark=", ".join(f"{name} {took:.0f}" for name, took in built["steps"].items())
    )
    assert built["extract_bytes"] == card.path.stat().st_size
    assert megabytes <= 450
