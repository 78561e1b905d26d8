"""What the set-up page shows and takes: fields, time zones, the QR code."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
import segno
from markupsafe import Markup

from appliance.core.setup import Offer
from appliance.core.setup_answers import Answers

#: Continents and oceans: what people know their zone by. Others (``Etc``, ``US``) are older names of the same.
_REGIONS = ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"]
#: What a machine calls itself that was never given a name.
_NAMELESS = ("", "localhost")


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """The form as somebody left it, or as it is at first. None: a field that was not there."""

    administrator: str = ""
    password: str = ""
    """Never shown again."""
    device_name: str | None = None
    time_zone: str | None = None
    clock: str | None = None
    music_folder: str | None = None
    code: str | None = None
    is_first: bool = False
    """Whether nobody has chosen anything yet, so that the browser may guess."""

    @classmethod
    def of_offer(cls, offer: Offer) -> "Typed":
        machine = offer.machine
        return cls(
            device_name=None if machine is None else "tonearm" if machine.name in _NAMELESS else machine.name,
            time_zone=None if machine is None else machine.time_zone,
            music_folder=None if offer.music_folder is None else str(offer.music_folder),
            is_first=True,
        )

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> "Typed":
        return cls(
            administrator=form.get("administrator", "").strip(),
            password=form.get("password", ""),
            device_name=_stripped(form.get("device_name")),
            time_zone=_stripped(form.get("time_zone")),
            clock=_stripped(form.get("clock")),
            music_folder=_stripped(form.get("music_folder")),
            code=_stripped(form.get("code")),
        )

    def answers(self) -> Answers:
        return Answers(
            administrator=self.administrator,
            password=self.password,
            device_name=self.device_name,
            time_zone=self.time_zone,
            clock=_moment(self.clock or ""),
            music_folder=self.music_folder,
            code=self.code,
        )


def _stripped(text: str | None) -> str | None:
    return None if text is None else text.strip()


def _moment(text: str) -> datetime | None:
    """The browser's clock. The script writes it, so that nobody could mend what is wrong with it: then it is left."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


class Zone(NamedTuple):
    """A time zone to choose."""

    name: str
    label: str


def _by_region(time_zones: Collection[str]) -> dict[str, list[Zone]]:
    regions: dict[str, list[Zone]] = {region: [] for region in _REGIONS}
    for name in sorted(time_zones):
        region, _, place = name.partition("/")
        if region in regions and place:
            regions[region].append(Zone(name, place.replace("_", " ").replace("/", ", ")))
    return {region: listed for region, listed in regions.items() if listed}


def zones(time_zones: Collection[str], chosen: str | None) -> dict[str, list[Zone]]:
    """Time zones by region; ``chosen`` first, if it is none of them."""
    regions = _by_region(time_zones)
    if not chosen or any(zone.name == chosen for listed in regions.values() for zone in listed):
        return regions
    return {"": [Zone(chosen, chosen.removeprefix("Etc/"))], **regions}


def qr_code(address: str) -> Markup:
    """A QR code as SVG, to stand in a page."""
    code = segno.make_qr(address, error="m")
    # The quiet zone is part of it: a page may be dark.
    return Markup(code.svg_inline(border=4, omitsize=True, dark="#000", light="#fff", lineclass=None, svgclass="qr"))  # noqa: S704
