"""``tonearm host console``: the screen on HDMI. It says where the box is and how it is, and never shows a log."""

import signal
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

from appliance.core.errors import Unavailable
from appliance.host.patience import Patience
from appliance.host.screen import draw
from appliance.host.sight import Sight, sight
from appliance.host.surroundings import Surroundings
from appliance.host.virtual_terminal import Terminal

#: Seconds between two looks, while something is still to come and once all is well.
_EAGER: Final = 2.0
_CALM: Final = 10.0
#: Seconds after which the same is painted again, over what the kernel may have written across it.
_AGAIN: Final = 60.0
#: Minutes until the screen goes dark, once there is nothing more to do.
_DARK: Final = 30

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_HEARD: Final = _STOP | {signal.SIGWINCH}


def show_once(surroundings: Surroundings, out: TextIO = sys.stdout) -> None:
    """Print the screen, for whoever asks by ssh; in colours on a terminal only."""
    terminal = Terminal(out.fileno())
    columns, rows = terminal.size()
    canvas = draw(sight(surroundings.facts(), surroundings.port), columns, rows - 1, halves=terminal.has_halves)
    lines = canvas.inked(terminal.inks) if out.isatty() else canvas.plain()
    while lines and not lines[-1].removesuffix("\033[0m").strip():
        lines.pop()
    out.write("\n".join([*lines, ""]))
    out.flush()


def show(surroundings: Surroundings, descriptor: int = 1) -> None:
    """Keep the screen true until SIGTERM, which is obeyed within the time that one look takes (some seconds).

    Raises ``Unavailable`` when the terminal goes away.
    """
    # Held back, and taken where we wait for them: no handler interrupts a look or half a picture.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    try:
        terminal = Terminal(descriptor)
        terminal.open()
        try:
            _keep(surroundings, terminal, _pause)
        finally:
            terminal.close()
    except OSError as error:
        raise Unavailable(f"The screen is gone: {error.strerror}.") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _keep(surroundings: Surroundings, terminal: Terminal, pause: Callable[[float], bool]) -> None:
    picture, patience = Picture(terminal), Patience()
    while True:
        seen = sight(patience.view(surroundings.facts(), time.monotonic()), surroundings.port)
        picture.show(seen, surroundings.monitors())
        if not pause(_EAGER if seen.is_bad or not seen.is_settled else _CALM):
            return


class Picture:
    """What is on the screen now, so that it is painted only when that changes."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._shown: tuple[Sight, tuple[int, int], tuple[str, ...]] | None = None
        self._painted_at = 0.0

    def show(self, seen: Sight, monitors: tuple[str, ...]) -> None:
        """Show this, on these monitors."""
        size = self._terminal.size()
        shown = (seen, size, monitors)
        if shown == self._shown and time.monotonic() - self._painted_at < _AGAIN:
            return
        canvas = draw(seen, *size, halves=self._terminal.has_halves)
        self._terminal.paint(canvas.inked(self._terminal.inks))
        if shown != self._shown:
            self._terminal.wake(dark_after=_DARK if seen.is_settled else 0)
        self._shown, self._painted_at = shown, time.monotonic()


def _pause(seconds: float) -> bool:
    """Wait; False when it is time to end. A terminal of another size ends the wait."""
    heard = signal.sigtimedwait(_HEARD, seconds)
    return heard is None or heard.si_signo not in _STOP
