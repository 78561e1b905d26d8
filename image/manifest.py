"""What Raspberry Pi Imager reads to offer the image: https://github.com/raspberrypi/rpi-imager, doc/schema-notes.md."""

from typing import Any

import msgspec

from image.packing import Packed
from image.workshop import Workshop

#: A record's groove in Tonearm's colours. Held in the manifest itself, so that showing it asks nobody.
_ICON = (
    "data:image/svg+xml;utf8,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'%3E"
    "%3Crect width='40' height='40' rx='8' fill='%2314110f'/%3E"
    "%3Ccircle cx='20' cy='20' r='13' fill='none' stroke='%23e0a458' stroke-width='2'/%3E"
    "%3Ccircle cx='20' cy='20' r='4' fill='%23e0a458'/%3E%3C/svg%3E"
)
#: The boards that Imager lets people choose from, with its own tags for them. "inclusive" offers images without tags
#: as well.
_BOARDS = [
    ("Raspberry Pi 5", "Raspberry Pi 5, 500 and Compute Module 5: experimental", ["pi5-64bit"], "exclusive"),
    ("Raspberry Pi 4", "Raspberry Pi 4 Model B, 400 and Compute Module 4", ["pi4-64bit"], "inclusive"),
    ("Raspberry Pi Zero 2 W", "Raspberry Pi Zero 2 W", ["pi3-64bit"], "inclusive"),
    ("Raspberry Pi 3", "Raspberry Pi 3 Model A+, B and B+, and Compute Module 3", ["pi3-64bit"], "inclusive"),
]


def manifest(shop: Workshop, packed: Packed, base_url: str) -> bytes:
    """The JSON, indented. ``base_url`` is what the image's name is appended to.

    ``init_format`` is "none": Tonearm asks its questions itself, or reads them from the boot partition.
    """
    image = {
        "name": f"Tonearm {shop.version}",
        "description": "A music service of your own: every Subsonic app in the house plays",
        "icon": _ICON,
        "url": f"{base_url.rstrip('/')}/{shop.product('.img.xz').name}",
        "extract_size": packed.extract_size,
        "extract_sha256": packed.extract_sha256,
        "image_download_size": packed.download_size,
        "image_download_sha256": packed.download_sha256,
        "release_date": shop.day,
        "init_format": "none",
        "architecture": "armv8",
        "devices": list(shop.target.boards),
    }
    document = {"imager": {"devices": _devices(shop.target.boards)}, "os_list": [image]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _devices(tags: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"name": name, "description": description, "tags": own, "matching_type": matching, "capabilities": []}
        for name, description, own, matching in _BOARDS
        if set(own) & set(tags)
    ]
