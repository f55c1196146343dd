"""What a person does beside the daemon, and what makes good for it when the command died half-way."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.crash.stores import Store

Positions = tuple[str, ...]
Command = Callable[[Store], Positions | None]
"""The words of a command for a store as it is; None when there is nothing to do it to."""

SILENCE: Positions = ("silence", "add", 'topic="echo"', "--for", "1d", "--comment", "the bench", "--author", "bench")
"""`echo` is the topic that nobody is told of."""

UNALERTED = "SELECT key FROM entries WHERE key NOT IN (SELECT entry_key FROM alerts WHERE topic = 'echo')"
MISSED = "SELECT entry_key FROM missed_entries WHERE topic = 'echo'"


def _of_notification(*words: str) -> Command:
    return lambda store: _with(
        words, store, "SELECT key FROM notifications WHERE finished_at IS NULL ORDER BY next_attempt_at DESC"
    )


def _with(words: Positions, store: Store, query: str, *after: str) -> Positions | None:
    found = store.rows(f"{query} LIMIT 1")
    return (*words, bytes(found[0][0]).hex(), *after) if found else None


COMMANDS: Mapping[str, tuple[Command, bool]] = {
    "retry_notification": (_of_notification("outbox", "retry"), True),
    "drop_notification": (_of_notification("outbox", "drop"), True),
    "mark_alert": (lambda store: _with(("alerts", "mark"), store, "SELECT id FROM alerts", "relevant"), False),
    "add_missed": (
        lambda store: _with(("entries", "mark"), store, UNALERTED, "--topic", "echo", "--missed"),
        False,
    ),
    "remove_missed": (
        lambda store: _with(("entries", "mark"), store, MISSED, "--topic", "echo", "--not-missed"),
        False,
    ),
    "add_silence": (lambda _: SILENCE, False),
    "expire_silence": (
        lambda store: _with(("silence", "expire"), store, "SELECT id FROM silences ORDER BY ends_at DESC"),
        False,
    ),
}
"""By transaction: the command, and whether a message must be sent again afterwards."""
