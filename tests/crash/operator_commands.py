"""What a person does beside the daemon, and what makes good for it when the command died half-way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Act:
    """A command that the operator gives, and what must come before and after it.

    `before` is given first when there is nothing to do `command` to. `is_of_a_message`: the message must be sent again
    afterwards.
    """

    command: Command
    before: Command | None = None
    is_of_a_message: bool = False


def _mark_alert(store: Store) -> Positions | None:
    return _with(("alerts", "mark"), store, "SELECT id FROM alerts", "relevant")


def _mark_missed(store: Store) -> Positions | None:
    return _with(("entries", "mark"), store, UNALERTED, "--topic", "echo", "--missed")


def _poll_a_feed(store: Store) -> Positions | None:
    found = store.rows("SELECT url FROM feeds ORDER BY next_poll_at DESC LIMIT 1")
    return ("feeds", "poll", str(found[0][0])) if found else None


COMMANDS: Mapping[str, Act] = {
    "retry_notification": Act(_of_notification("outbox", "retry"), is_of_a_message=True),
    "drop_notification": Act(_of_notification("outbox", "drop"), is_of_a_message=True),
    "mark_alert": Act(_mark_alert),
    "unmark_alert": Act(
        lambda store: _with(("alerts", "mark"), store, "SELECT alert_id FROM marks", "unmarked"), before=_mark_alert
    ),
    "add_missed": Act(_mark_missed),
    "remove_missed": Act(
        lambda store: _with(("entries", "mark"), store, MISSED, "--topic", "echo", "--not-missed"), before=_mark_missed
    ),
    "add_silence": Act(lambda _: SILENCE),
    "expire_silence": Act(
        lambda store: _with(("silence", "expire"), store, "SELECT id FROM silences ORDER BY ends_at DESC")
    ),
    "acquire_named_feeds": Act(_poll_a_feed),
}
"""By transaction."""
