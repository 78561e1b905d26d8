"""What the adapters of ``api`` are given by ``compose``."""

import msgspec

from appliance.core.accounts import Accounts
from appliance.core.ports import Covers, Media, Store
from appliance.core.setup import Setup


class Services(msgspec.Struct, frozen=True, kw_only=True):
    store: Store
    accounts: Accounts
    setup: Setup
    media: Media
    covers: Covers
    version: str
    """Of Tonearm, as shown to clients."""
