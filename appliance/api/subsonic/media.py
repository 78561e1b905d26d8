"""Audio and pictures. What is wanted is looked up here; the bytes are sent when the transaction is over."""

from appliance.api.subsonic.call import Call, Picture, Sound
from appliance.api.subsonic.ids import read_reference, read_uuid
from appliance.core.catalogue import Item
from appliance.core.playback import RawPlan, Wish, plan

#: A picture's own id names this picture for ever; a day, lest a placeholder for an unplugged disk be kept for longer.
_PICTURE_SECONDS = 24 * 3600


async def stream(call: Call) -> Sound:
    """To be heard: as it is, unless a format, a lower rate or an offset is asked for.

    ``estimateContentLength`` is read by nobody: a length is sent where it is known exactly, and never guessed.
    """
    wanted = call.parameters
    wish = Wish(
        format=wanted.optional("format"),
        max_bit_rate=wanted.whole("maxBitRate", least=0),
        offset_ms=wanted.milliseconds("timeOffset"),
    )
    track = await call.work.tracks.get(read_uuid(wanted.text("id"), Item.TRACK))
    return Sound(plan(track, wish))


async def download(call: Call) -> Sound:
    """To be kept: the file itself, under its name."""
    track = await call.work.tracks.get(read_uuid(call.parameters.text("id"), Item.TRACK))
    return Sound(RawPlan(track), attachment=True)


async def get_cover_art(call: Call) -> Picture:
    """Of a picture's own id, or an artist's, album's or song's. ``size`` 0 is the original, as none is."""
    reference = read_reference(call.parameters.text("id"))
    size = call.parameters.whole("size") or None
    artworks = call.work.artworks
    if reference.item is None:
        return Picture(await artworks.get(reference.uuid), size, keep_seconds=_PICTURE_SECONDS)
    return Picture(await artworks.of(reference.item, reference.uuid), size, keep_seconds=0)
