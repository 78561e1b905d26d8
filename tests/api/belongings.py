"""What there is to ask for, by resource: what belongs to somebody, and how one is made; what belongs to nobody.

Whoever adds an operation with an ``{id}``, or an endpoint, adds it here: ``test_access_matrix`` says so otherwise.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from appliance.api.rest.operation import Access, Operation
from appliance.core.jobs import enqueue
from appliance.jobs.kinds import KINDS
from tests.api.household import PASSWORD, Household, Music

Body = Callable[[Music], dict[str, Any]]


async def themselves(household: Household, who: str) -> UUID:
    return UUID((await household.rest(who, "GET", "/me")).json()["id"])


async def another_session(household: Household, who: str) -> UUID:
    """They sign in once more."""
    before = await _sessions(household, who)
    answer = await household.rest(None, "POST", "/sessions/", {"name": who, "password": PASSWORD})
    assert answer.status == 201, answer
    (session,) = await _sessions(household, who) - before
    return session


async def asked_job(household: Household, who: str) -> UUID:
    """One that the server does on their behalf: only administrators start one by hand."""
    async with household.store.begin() as work:
        account = await work.users.by_name(who)
        assert account is not None
        return (await enqueue(work, KINDS[0], user=account.user)).id


async def _sessions(household: Household, who: str) -> set[UUID]:
    return {UUID(item["id"]) for item in (await household.rest(who, "GET", "/sessions/")).json()["items"]}


#: In whatever text somebody gives to what is theirs.
PRIVATE = "nobodyelses"

#: Of a smart playlist: all tracks that there are.
ALL = {"kind": "not", "rule": {"kind": "condition", "field": "title", "operator": "is", "value": PRIVATE}}

#: What belongs to somebody, by the path before its ``/{id}``: the body that makes one, of some music. It is made by a
#: ``POST`` to that path.
OWNED: Mapping[str, Body] = {
    "/bookmarks": lambda music: {"track_id": music.track, "position_ms": 1000, "comment": PRIVATE},
    "/devices": lambda _: {"name": PRIVATE},
    "/likes": lambda music: {"item": "track", "item_id": music.track},
    "/playlists": lambda music: {"name": PRIVATE, "comment": PRIVATE, "track_ids": [music.track]},
    "/plays": lambda music: {"track_id": music.track, "client": PRIVATE},
    "/ratings": lambda music: {"item": "track", "item_id": music.track, "rating": 4},
    "/smart-playlists": lambda _: {"name": PRIVATE, "comment": PRIVATE, "rules": ALL},
    "/shares": lambda music: {"kind": "track", "item_ids": [music.track], "description": PRIVATE},
}
#: What belongs to somebody and is made in another way.
MADE_OTHERWISE: Mapping[str, Callable[[Household, str], Awaitable[UUID]]] = {
    "/jobs": asked_job,
    "/sessions": another_session,
    "/users": themselves,
}
#: Of what belongs to somebody, what others may be told the id of: who made a playlist, who listens now.
KNOWN_TO_ALL = {"/users"}
#: What its owner may show to the household: the body that makes one so shown, by the path.
SHOWN: Mapping[str, Body] = {
    "/playlists": lambda music: {
        "name": "for all",
        "visibility": "collaborative",
        "track_ids": [music.track, *music.others],
    },
    "/smart-playlists": lambda _: {"name": "for all", "visibility": "collaborative", "rules": ALL},
}
#: What an ``{id}`` below these paths names belongs to the whole household, or is music (which libraries narrow).
EVERYBODYS = {
    "/albums": "music",
    "/artists": "music",
    "/files": "music",
    "/genres": "music",
    "/invitations": "the administrators'",
    "/libraries": "music",
    "/podcasts": "the household's",
    "/podcasts/episodes": "the household's",
    "/radio-stations": "the household's",
    "/scans": "the household's",
    "/schedules": "the administrators'",
    "/tracks": "music",
}
#: Bodies of the operations on a single thing, with which its owner succeeds; without one here it is empty.
BODIES: Mapping[str, Body] = {
    "edit_playlist": lambda music: {
        "operations": [
            {"do": "insert", "id": "0190c3f2-7d1a-7b3e-8a4f-5d2c9e6b1f0c", "track_id": music.others[0], "after": None}
        ]
    },
    "update_bookmark": lambda _: {"position_ms": 5000},
    "update_job": lambda _: {"state": "cancelled"},
    "update_user": lambda _: {"password": "another one", "current_password": PASSWORD},
    "update_playlist": lambda _: {"name": f"{PRIVATE} too"},
}
#: Operations on what is named otherwise than by an ``{id}``, and why nobody has to be kept out.
BY_SECRET = {
    "read_public_share": "whoever was given the link",
    "read_public_share_audio": "whoever was given the link",
}
#: Operations whose answer goes on for as long as somebody listens, and where what they tell to whom is tested.
STREAMS = {"listen_to_events": "tests/api/rest/test_rest_events.py"}
#: What somebody makes that has no ``{id}``, of some music, by the name of the operation.
MADE_IN_PLACE: Mapping[str, Body] = {
    "create_now_playing": lambda music: {"track_id": music.track, "client": "The household sees this."},
    "update_queue": lambda music: {"track_ids": [music.track, *music.others], "client": PRIVATE},
}
#: What is asked by a body, of whatever music there is.
ASKED_BY_BODY: Mapping[str, dict[str, Any]] = {"preview_smart_playlist": {"rules": ALL}}
#: What else changes something without naming it, and what: the caller's own.
OWN_ONLY = {"delete_now_playing": "what they are playing", "delete_session": "the session that asks"}


def resource(operation: Operation) -> str:
    """The path before its ``/{id}``."""
    return operation.path.partition("/{id}")[0]


class Endpoint(NamedTuple):
    """What a Subsonic endpoint takes."""

    kinds: str = ""
    """The kinds of ids (their prefixes) that its ``id`` may be of; what has none takes no id of music."""
    access: Access = Access.SIGNED_IN
    beside: Mapping[str, str] = {}
    """What has to be given besides."""


ENDPOINTS: Mapping[str, Endpoint] = {
    "download": Endpoint("tr"),
    "getAlbum": Endpoint("al"),
    "getAlbumList": Endpoint(beside={"type": "newest"}),
    "getAlbumList2": Endpoint(beside={"type": "newest"}),
    "getArtist": Endpoint("ar"),
    "getArtists": Endpoint(),
    "getCoverArt": Endpoint("ar al tr pi"),
    "getGenres": Endpoint(),
    "getIndexes": Endpoint(),
    "getLicense": Endpoint(),
    "getMusicDirectory": Endpoint("ar al"),
    "getMusicFolders": Endpoint(),
    "getRandomSongs": Endpoint(),
    "getScanStatus": Endpoint(),
    "getSong": Endpoint("tr"),
    "getSongsByGenre": Endpoint(beside={"genre": "Air"}),
    "getStarred": Endpoint(),
    "getStarred2": Endpoint(),
    "getUser": Endpoint(beside={"username": "cy"}),
    "ping": Endpoint(),
    "scrobble": Endpoint("tr"),
    "search2": Endpoint(beside={"query": ""}),
    "search3": Endpoint(beside={"query": ""}),
    "setRating": Endpoint("ar al tr", Access.MEMBERS, {"rating": "4"}),
    "star": Endpoint("ar al tr", Access.MEMBERS),
    "startScan": Endpoint(access=Access.ADMINISTRATORS),
    "stream": Endpoint("tr"),
    "tokenInfo": Endpoint(),
    "unstar": Endpoint("ar al tr", Access.MEMBERS),
}
