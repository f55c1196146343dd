"""The log: one line of text per event on a terminal, JSON lines for the journal."""

from __future__ import annotations

import logging
import sys

import structlog

from watcher.text.redact import redact_addresses


def configure_logs(*, verbose: bool = False) -> None:
    """Sends the log to standard error. Events carry no secret: the caller keeps them out (I12)."""
    on_terminal = sys.stderr.isatty()
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    before = [] if on_terminal else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *before,
            _without_secrets,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _without_secrets(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hides `?token=…` and the like in the addresses of feeds."""
    return {key: redact_addresses(value) if isinstance(value, str) else value for key, value in event.items()}
