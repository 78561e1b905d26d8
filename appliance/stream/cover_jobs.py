"""What the server hands to a worker process about pictures: so the server itself never loads Pillow or mutagen."""

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Where a picture is: ``core.catalogue.Artwork``, as far as a worker needs it."""

    source: str
    root: bytes
    path: bytes
    identity: bytes


class Rendition(msgspec.Struct, frozen=True):
    """A picture to send."""

    media_type: str
    data: bytes
    is_meant: bool
    """Made of the very picture that the catalogue knows, and not of one that was put in its place since."""


def original(place: Place) -> Rendition:
    """The picture itself. Raises ``MediaGone`` or ``MediaFault``."""
    from appliance.stream import pictures  # noqa: PLC0415  # in the worker only

    return pictures.original(place)


def resized(place: Place, pixels: int) -> Rendition:
    """The picture as a JPEG, at most ``pixels`` wide and high. Raises ``MediaGone`` or ``MediaFault``."""
    from appliance.stream import pictures  # noqa: PLC0415  # in the worker only

    return pictures.resized(place, pixels)


def placeholder(pixels: int) -> Rendition:
    """What is shown where there is no picture."""
    from appliance.stream import pictures  # noqa: PLC0415  # in the worker only

    return pictures.placeholder(pixels)
