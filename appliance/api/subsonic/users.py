"""Who the user is, and what the app may offer."""

from appliance.api.subsonic import responses
from appliance.api.subsonic.call import Call, Element
from appliance.core.accounts import Role, User
from appliance.core.errors import Forbidden, NotFound
from appliance.core.text import fold


async def get_user(call: Call) -> Element:
    """Oneself; administrators also anybody else."""
    name = call.parameters.text("username")
    folders = [library.number for library in await call.work.libraries.all()]
    return Element("user", _described(await _named(call, name), folders))


async def _named(call: Call, name: str) -> User:
    if fold(name) == fold(call.user.name):
        return call.user
    if call.user.role is not Role.ADMIN:
        raise Forbidden("Only administrators may look at other users.")
    account = await call.work.users.by_name(name)
    if account is None:
        raise NotFound("There is no such user.")
    return account.user


def _described(user: User, folders: list[int]) -> responses.User:
    """Each flag says what works through this API, so that apps hide the rest."""
    return responses.User(
        username=user.name,
        scrobbling_enabled=True,
        admin_role=user.role is Role.ADMIN,
        settings_role=False,
        download_role=True,
        upload_role=False,
        playlist_role=False,
        cover_art_role=False,
        comment_role=False,
        podcast_role=False,
        stream_role=True,
        jukebox_role=False,
        share_role=False,
        video_conversion_role=False,
        folder=folders,
    )
