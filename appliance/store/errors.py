"""What can keep the store from opening. Each message is one line that says what to do."""

from appliance.core.errors import TonearmError


class StoreError(TonearmError):
    """The database cannot be used, and waiting does not help."""


class EmbeddedServerError(StoreError):
    """PostgreSQL from the wheel does not start, or has ended by itself."""


class DataDirectoryInUse(StoreError):
    """Another Tonearm holds the data directory."""


class WrongMajorVersion(StoreError):
    """The data directory was written by another major version of PostgreSQL than the one at hand."""


class NewerSchema(StoreError):
    """The database was migrated by a newer Tonearm than this one."""
