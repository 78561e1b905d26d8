"""Structured logs: for people on a terminal, as JSON lines elsewhere. Every line of a request carries its id."""

import logging
import sys
from collections.abc import Mapping
from typing import Any, Protocol

import structlog


class Stream(Protocol):
    """Where lines go: a text file, or whatever speaks to the person who watches."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


class Sink(Protocol):
    """Where whole events go, rather than lines: systemd's journal."""

    def __call__(self, event: Mapping[str, Any], /) -> None:
        """Take ``event``, ``level``, ``logger``, maybe ``exception`` (a traceback), and what is bound to the event."""
        ...


def configure(level: str, style: str, stream: Stream = sys.stderr, journal: Sink | None = None) -> None:
    """Set up structlog and hand it what libraries log by the standard library.

    ``level`` and ``style`` as the settings ``log_level`` and ``log_format`` have them. ``journal`` takes the events of
    the style ``journal``; where there is none, they are JSON lines.
    """
    people = style == "console" or (style == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if people else "iso", utc=not people),
    ]
    ending: list[structlog.typing.Processor]
    handler: logging.Handler = logging.StreamHandler(stream)
    if style == "journal" and journal is not None:
        ending = [structlog.processors.format_exc_info, _Handing(journal)]
        handler = _Unwritten()
    elif people:
        # Plain tracebacks: the pretty ones print local variables, tokens and passwords among them.
        ending = [
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    else:
        ending = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # What libraries say of their insides is of interest to nobody who plays music.
    for talkative in ("asyncio", "alembic", "hypercorn", "PIL", "libav"):
        logging.getLogger(talkative).setLevel(max(logging.WARNING, root.level))


class _Handing:
    """The last processor where a sink takes the events: nothing is left to be written."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def __call__(self, _logger: object, _name: str, event: structlog.typing.EventDict, /) -> str:
        self._sink(event)
        return ""


class _Unwritten(logging.Handler):
    """Lets its formatter see each record, and writes nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.format(record)
        except Exception:  # noqa: BLE001 - as every handler has it: a line that cannot be logged is told on stderr
            self.handleError(record)
