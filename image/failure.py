"""What keeps an image from being made."""

from appliance.core.errors import TonearmError


class ImageFailed(TonearmError):
    """A step could not be done. Its message says which, and what would help; it is the line that the terminal shows."""
