"""What listeners leave behind: stars, ratings and plays."""

from datetime import UTC, datetime
from itertools import zip_longest
from uuid import UUID

from appliance.api.subsonic.call import Call, Done
from appliance.api.subsonic.errors import malformed, missing
from appliance.api.subsonic.ids import read_item, read_uuid
from appliance.core.catalogue import Item
from appliance.core.listening import heard, like, rate

#: The last millisecond that a calendar has, 9999-12-31.
_LAST_MILLISECOND = 253_402_300_799_999


async def star(call: Call) -> Done:
    """Like songs, albums and artists."""
    await like(call.work, call.user, _items(call), liked=True)
    return Done()


async def unstar(call: Call) -> Done:
    """Take likes back."""
    await like(call.work, call.user, _items(call), liked=False)
    return Done()


async def set_rating(call: Call) -> Done:
    """From 1 to 5; 0 takes the rating back."""
    item, uuid = read_item(call.parameters.text("id"))
    rating = call.parameters.required_whole("rating", least=0, most=5)
    await rate(call.work, call.user, item, uuid, rating)
    return Done()


async def scrobble(call: Call) -> Done:
    """Record plays; several at once, with the times at which they began, when an app was offline.

    ``submission=false`` says what is playing now: it is taken and not kept. A stream alone is never a play.
    """
    ids = [read_uuid(text, Item.TRACK) for text in call.parameters.many("id")]
    if not ids:
        raise missing("id")
    times = [_moment(text) for text in call.parameters.many("time")]
    if not call.parameters.flag("submission", default=True):
        return Done()
    plays = list(zip_longest(ids, times[: len(ids)]))
    await heard(call.work, call.user, plays, call.parameters.optional("c") or "")
    return Done()


def _items(call: Call) -> list[tuple[Item, UUID]]:
    """Every id of the three parameters; the ids say themselves what they are of. Doubles are one."""
    texts = [text for name in ("id", "albumId", "artistId") for text in call.parameters.many(name)]
    if not texts:
        raise missing("id, albumId or artistId")
    return list(dict.fromkeys(read_item(text) for text in texts))


def _moment(text: str) -> datetime | None:
    """A Unix time in ms; None, which counts as now, for one that no calendar has."""
    try:
        milliseconds = int(text) if len(text) <= 24 else -1
    except ValueError:
        raise malformed("time", "a number of milliseconds since 1970") from None
    if not 0 <= milliseconds <= _LAST_MILLISECOND:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
