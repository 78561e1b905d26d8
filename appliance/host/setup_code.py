"""The code that set-up asks for when the owner wants it: to be read from a screen and typed on a phone."""

import secrets
from typing import Final

#: Crockford's thirty-two: no I, L, O or U, which look or sound like others. Five bits each.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_code() -> str:
    """Eight of them, 40 random bits, as in ``7KQM-2XWD``: guesses are throttled."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
