"""Who is calling: an API key, token and salt, or a password, plain or in hex. Cookies open nothing here.

Keys are devices' secrets, which serve as passwords as well.

https://opensubsonic.netlify.app/docs/api-reference/ and
https://opensubsonic.netlify.app/docs/extensions/apikeyauth/
"""

from appliance.api.subsonic.errors import Code, Refusal, missing
from appliance.api.subsonic.request import Parameters
from appliance.core.accounts import Accounts, User
from appliance.core.errors import WrongCredentials
from appliance.core.ports import UnitOfWork

_HEX = "enc:"
#: Characters of a name that are looked at: more than any account's has, and few enough that comparing a stranger's
#: (Unicode's normal forms take quadratic time) costs nothing.
_LONGEST_NAME = 200


async def authenticate(accounts: Accounts, work: UnitOfWork, parameters: Parameters, network: str) -> User:
    """The user of the credentials. ``network``: the peer's address, for the throttle.

    Refuses a missing part (10), parts that contradict each other (43), an API key that is none (44). Raises
    ``WrongCredentials``, ``TooManyAttempts``, or ``Forbidden`` for a device that is not for Subsonic.
    """
    key, name, password, token, salt = (_single(parameters, part) for part in ("apiKey", "u", "p", "t", "s"))
    if key is not None:
        if any(part is not None for part in (name, password, token, salt)):
            raise _conflict()
        return await _by_key(accounts, work, key, network)
    if not name:
        raise missing("u")
    if password is not None and token is not None:
        raise _conflict()
    app = parameters.optional("c") or ""
    if password is not None:
        return await accounts.by_app_password(work, name[:_LONGEST_NAME], _plain(password), network, app=app)
    if token is None:
        raise missing("p, or t and s")
    if salt is None:
        raise missing("s")
    return await accounts.by_token(work, name[:_LONGEST_NAME], token, salt, network, app=app)


async def _by_key(accounts: Accounts, work: UnitOfWork, key: str, network: str) -> User:
    try:
        return await accounts.by_api_key(work, key, network)
    except WrongCredentials:
        raise Refusal(Code.INVALID_API_KEY, "This API key is not, or no longer, valid.") from None


def _single(parameters: Parameters, name: str) -> str | None:
    """A credential given once. Twice the same may come of a client that fills both query and body."""
    values = set(parameters.many(name))
    if len(values) > 1:
        raise _conflict()
    return values.pop() if values else parameters.given(name)


def _plain(password: str) -> str:
    """What is not the hex of UTF-8 is taken literally: it is somebody's password, or a wrong guess that counts."""
    if not password.startswith(_HEX):
        return password
    try:
        return bytes.fromhex(password.removeprefix(_HEX)).decode()
    except ValueError:
        return password


def _conflict() -> Refusal:
    return Refusal(Code.CONFLICTING_AUTHENTICATION, "Multiple conflicting ways to sign in were given.")
