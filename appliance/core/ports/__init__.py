"""What the core needs of the world, as contracts. Adapters implement them; ``compose`` introduces them.

One file for each part of the world. They name the nouns of the core; the use cases beside the nouns name them, so that
what comes with a use case is imported here for its type alone.
"""

from appliance.core.ports.catalogue import (
    Albums,
    Artists,
    Artworks,
    Catalogue,
    Files,
    Genres,
    KnownFiles,
    Libraries,
    Search,
    Tracks,
)
from appliance.core.ports.jobs import Calendar, Events, Jobs, Schedules
from appliance.core.ports.listening import Bookmarks, Likes, Listening, NowPlaying, Plays, Queues, Ratings
from appliance.core.ports.machine import Machine, MusicFolders, Progress
from appliance.core.ports.media import Conditions, Cover, Covers, Media, MediaReply, Offload
from appliance.core.ports.people import (
    Audit,
    Devices,
    HouseholdSettings,
    Invitations,
    Sessions,
    Users,
    Vault,
)
from appliance.core.ports.playlists import Playlists
from appliance.core.ports.scanning import Scans
from appliance.core.ports.sharing import Podcasts, RadioStations, Shares
from appliance.core.ports.smart_playlists import SmartPlaylists
from appliance.core.ports.store import Store, UnitOfWork

__all__ = [
    "Albums",
    "Artists",
    "Artworks",
    "Audit",
    "Bookmarks",
    "Calendar",
    "Catalogue",
    "Conditions",
    "Cover",
    "Covers",
    "Devices",
    "Events",
    "Files",
    "Genres",
    "HouseholdSettings",
    "Invitations",
    "Jobs",
    "KnownFiles",
    "Libraries",
    "Likes",
    "Listening",
    "Machine",
    "Media",
    "MediaReply",
    "MusicFolders",
    "NowPlaying",
    "Offload",
    "Playlists",
    "Plays",
    "Podcasts",
    "Progress",
    "Queues",
    "RadioStations",
    "Ratings",
    "Scans",
    "Schedules",
    "Search",
    "Sessions",
    "Shares",
    "SmartPlaylists",
    "Store",
    "Tracks",
    "UnitOfWork",
    "Users",
    "Vault",
]
