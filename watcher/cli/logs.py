"""The log: one line of text per event on a terminal, JSON lines elsewhere, quiet about repetition."""

from __future__ import annotations

import logging
import sys
import time
from collections import OrderedDict
from collections.abc import Callable

from watcher.text.redact import redact_addresses

# structlog takes rich, where there is one, for tracebacks with variables. Ours have none, and rich is a tenth of a
# start.
_IS_HIDDEN = sys.modules.setdefault("rich", None) is None  # type: ignore[arg-type]
import structlog  # noqa: E402

if _IS_HIDDEN:
    del sys.modules["rich"]

QUIET = 60.0
"""Seconds in which a repeated warning or error is counted, not written."""
MOST_REMEMBERED = 1_000


def configure_logs(*, verbose: bool = False, as_text: bool | None = None) -> None:
    """Sends the log to standard error, by default as text where that is a terminal.

    Events carry no secret: the caller keeps them out (I12).

    A traceback never shows the variables of a function, among which may be a password or an address with a token.
    """
    is_terminal = sys.stderr.isatty()
    as_text = is_terminal if as_text is None else as_text
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=is_terminal, exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            CountRepetitions(time.monotonic),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_secrets,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _without_secrets(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hides `?token=…` and the like in the addresses of feeds."""
    return {key: redact_addresses(value) if isinstance(value, str) else value for key, value in event.items()}


class CountRepetitions:
    """Drops a warning or error that says the same as one of the last minute; the next one that is written has the
    count.

    A full disk is then one line a minute, not two a second. Events that differ in a fact are different events.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._written: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """When each event was written last, and how often it was dropped since."""

    def __call__(self, logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if event.get("level") not in ("warning", "error", "critical"):
            return event
        key = repr(sorted((name, str(value)) for name, value in event.items()))
        now = self._clock()
        written, dropped = self._written.get(key, (-QUIET, 0))
        if now - written < QUIET:
            self._written[key] = (written, dropped + 1)
            raise structlog.DropEvent
        self._written[key] = (now, 0)
        self._written.move_to_end(key)
        if len(self._written) > MOST_REMEMBERED:
            self._written.popitem(last=False)
        return {**event, "repeated": dropped} if dropped else event
