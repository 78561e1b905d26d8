"""Whether the server is there, and what it can do."""

from appliance.api.subsonic.call import Call, Done, Element
from appliance.api.subsonic.responses import Extension, License, TokenInfo

#: Those that work, with their versions: https://opensubsonic.netlify.app/docs/extensions/
EXTENSIONS = [
    Extension(name="apiKeyAuthentication", versions=[1]),
    Extension(name="formPost", versions=[1]),
    Extension(name="transcodeOffset", versions=[1]),
]


async def ping(_call: Call) -> Done:
    """Say that the server is there, and that the credentials are right."""
    return Done()


async def get_license(_call: Call) -> Element:
    """Free software: always valid."""
    return Element("license", License(valid=True))


async def get_open_subsonic_extensions() -> Element:
    """In public, since a client asks before it signs in."""
    return Element("openSubsonicExtensions", EXTENSIONS)


async def token_info(call: Call) -> Element:
    """Whose the API key is."""
    return Element("tokenInfo", TokenInfo(username=call.user.name))
