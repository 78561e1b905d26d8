"""Search. An empty query, or the two characters ``""``, is everything, page by page: so apps read the whole library."""

from appliance.api.subsonic.call import Call, Element
from appliance.api.subsonic.errors import missing
from appliance.api.subsonic.lists import MOST
from appliance.api.subsonic.marked import as_folders, by_tags
from appliance.core.catalogue import Found, Window

_DEFAULT_COUNT = 20
#: Characters of a query that are looked at: nobody types more, and folding takes longer the more there are.
_LONGEST_QUERY = 500


async def search2(call: Call) -> Element:
    """What was found, by folders."""
    return Element("searchResult2", await as_folders(call, await _found(call)))


async def search3(call: Call) -> Element:
    """What was found, by tags."""
    return Element("searchResult3", await by_tags(call, await _found(call)))


async def _found(call: Call) -> Found:
    query = call.parameters.given("query")
    if query is None:
        raise missing("query")
    return await call.work.search.find(
        query[:_LONGEST_QUERY],
        artists=_window(call, "artist"),
        albums=_window(call, "album"),
        tracks=_window(call, "song"),
        library=call.parameters.folder(),
    )


def _window(call: Call, kind: str) -> Window:
    wanted = call.parameters
    return Window(wanted.count(f"{kind}Count", _DEFAULT_COUNT, most=MOST), wanted.offset(f"{kind}Offset"))
