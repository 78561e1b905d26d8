"""The OpenSubsonic API, as https://opensubsonic.netlify.app/docs/ has it. What is supported: docs/subsonic.md."""

from appliance.api.subsonic.door import blueprint

__all__ = ["blueprint"]
