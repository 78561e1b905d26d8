"""What a person is told of a wish that may have come true."""

from typing import Final


def unknown(field: str, value: object) -> str:
    """Nobody said in time whether it came true, and it still may."""
    return _UNKNOWN[field].format(value)


def not_announced(name: str) -> str:
    """The machine has the name, and whoever announces it in the network may not know."""
    return f"It is renamed; {name}.local answers once the box was turned off and on."


_UNKNOWN: Final = {
    "name": (
        "The box did not say in time whether it is called {0} now. Where http://{0}.local does not answer, the name "
        "that it had does."
    ),
    "time_zone": "The box did not say in time whether its time zone is {} now.",
    "clock": "The box did not say in time whether its clock is set.",
}
