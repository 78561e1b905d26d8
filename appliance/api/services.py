"""What the adapters of ``api`` are given by ``compose``."""

import msgspec

from appliance.api.event_streams import EventStreams
from appliance.core.accounts import Accounts
from appliance.core.ports import Covers, Media, MusicFolders, Store
from appliance.core.schedules import Timetable
from appliance.core.setup import Setup


class Services(msgspec.Struct, frozen=True, kw_only=True):
    store: Store
    accounts: Accounts
    setup: Setup
    media: Media
    covers: Covers
    folders: MusicFolders
    timetable: Timetable
    events: EventStreams
    version: str
    """Of Tonearm, as shown to clients."""
