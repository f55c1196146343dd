"""Failpoints: places where a test can kill or stop this process, to prove that it loses nothing.

`WATCHER_FAILPOINT=freeze.after_commit:3` kills the process (SIGKILL) when it passes that failpoint for the third time;
`…:3:stop` stops it there instead (SIGSTOP) until it is continued. Several are separated by commas; the first one
reached counts. Unset, as always in production, `pass_by` does nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from itertools import count

VARIABLE = "WATCHER_FAILPOINT"

TRANSACTIONS: Mapping[str, str] = {
    "upgrade": "the schema is created or brought to this version",
    "announce_configuration": "a node says which configuration it works with",
    "copy_store": "a store is copied into another one",
    "sync_feeds": "the stored feeds follow the configuration",
    "acquire_due_feeds": "feeds are leased",
    "acquire_named_feeds": "feeds that a user named are leased",
    "ask_for_poll": "a feed that a user wants polled becomes due",
    "save_polls": "entries, seen keys, alerts and the state of their feeds are saved",
    "save_routing": "alerts become waiting deliveries",
    "reroute_waiting": "a changed configuration withdraws what is not frozen",
    "freeze": "waiting deliveries become a notification",
    "close_digest": "waiting deliveries become a digest",
    "freeze_empty": "an empty digest is made, which says that nothing matched",
    "hold_waiting": "waiting deliveries are held for quiet hours or over a budget",
    "hold_longer": "held deliveries are held for longer",
    "release": "held deliveries become a notification",
    "silence_waiting": "waiting deliveries are silenced",
    "add_silence": "a silence is stored",
    "expire_silence": "a silence is ended",
    "mark_alert": "a mark of an alert is stored",
    "unmark_alert": "such a mark is removed again",
    "add_missed": "an entry that should have made an alert is stored",
    "remove_missed": "such an entry is removed again",
    "save_pause": "the pause of a failing channel is stored or removed",
    "acquire_notifications": "notifications are leased",
    "begin_attempt": "the lease is checked and an attempt is logged",
    "record_outcome": "the outcome of an attempt is written",
    "bury_removed": "notifications of removed receivers die",
    "retry_notification": "an operator retries a notification",
    "drop_notification": "an operator drops a notification",
    "keep_values": "vectors of texts or answers of a model are stored",
    "use_values": "such values are kept for longer, because they are used",
    "take_budget": "one entry is taken out of a budget of opinions",
    "report_feeds": "alerts about feed issues are saved, and that they were made",
    "remember": "a fact about the store is written",
    "clear_index": "a new, empty index of words is made",
    "fill_index": "the words of entries are indexed",
    "drop_index_parts": "parts of the index whose entries have all gone are dropped",
    "purge": "a chunk of expired rows is deleted",
}
"""Writing transactions of the store: each has a failpoint before and one after its commit."""

STEPS: Mapping[str, str] = {
    "migration.step": "one migration has run inside the transaction of `upgrade`",
    "attempt.before": "a notification is leased, its lease is not checked yet",
    "send.before": "the lease is checked, nothing is sent yet",
    "send.after": "the channel has answered, its answer is not written yet",
}
"""The other failpoints."""

FAILPOINTS: Mapping[str, str] = dict(STEPS) | {
    f"{name}.{side}_commit": f"{side} the commit in which {what}"
    for name, what in TRANSACTIONS.items()
    for side in ("before", "after")
}
"""Every name with what happens there, as `watcher debug failpoints` lists them."""

ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def _do_nothing(name: str) -> None:
    """`pass_by` in production."""


def armed(wanted: str) -> Callable[[str], None]:
    """A `pass_by` for a value of the variable. Raises `ValueError` for a value that is not understood."""
    actions = dict(_parsed(part) for part in wanted.split(","))
    passages: dict[str, Iterator[int]] = {name: count(1) for name in actions}

    def pass_by(name: str) -> None:
        if name in actions and next(passages[name]) == actions[name][0]:
            os.write(2, f'\n{{"event": "failpoint", "name": "{name}", "action": "{actions[name][1]}"}}\n'.encode())
            os.kill(os.getpid(), ACTIONS[actions[name][1]])

    return pass_by


def _parsed(part: str) -> tuple[str, tuple[int, str]]:
    name, _, rest = part.partition(":")
    passage, _, action = rest.partition(":")
    if name not in FAILPOINTS or not passage.isdigit() or (action or "kill") not in ACTIONS:
        raise ValueError(
            f"{VARIABLE}: {part!r} is not NAME:PASSAGE or NAME:PASSAGE:stop; see `watcher debug failpoints`"
        )
    return name, (int(passage), action or "kill")


pass_by: Callable[[str], None] = armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _do_nothing
"""Called at a failpoint with its name."""
