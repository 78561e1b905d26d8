"""What the core needs of the world, as contracts. Adapters implement them; ``compose`` introduces them.

One file for each part of the world. They name the nouns of the core; the use cases beside the nouns name them, so that
what comes with a use case is imported here for its type alone.
"""

from appliance.core.ports.catalogue import (
    Albums,
    Artists,
    Artworks,
    Catalogue,
    Genres,
    KnownFiles,
    Libraries,
    Search,
    Tracks,
)
from appliance.core.ports.listening import Listening
from appliance.core.ports.machine import Machine, MusicFolders, Progress
from appliance.core.ports.media import Conditions, Cover, Covers, Media, MediaReply, Offload
from appliance.core.ports.people import Sessions, Users, Vault
from appliance.core.ports.scanning import Scans
from appliance.core.ports.store import Store, UnitOfWork

__all__ = [
    "Albums",
    "Artists",
    "Artworks",
    "Catalogue",
    "Conditions",
    "Cover",
    "Covers",
    "Genres",
    "KnownFiles",
    "Libraries",
    "Listening",
    "Machine",
    "Media",
    "MediaReply",
    "MusicFolders",
    "Offload",
    "Progress",
    "Scans",
    "Search",
    "Sessions",
    "Store",
    "Tracks",
    "UnitOfWork",
    "Users",
    "Vault",
]
