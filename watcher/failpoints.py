"""Places where a test or a bench can make this process die or stand still, to prove that it loses nothing.

`WATCHER_FAILPOINT=freeze.after_commit:3` kills the process (SIGKILL) when it passes that place for the third time;
`…:3:stop` stops it there instead (SIGSTOP), until somebody continues it. Several are separated by commas: whichever
is reached first. Unset, as always in service, `pass_by` is a function that does nothing, chosen when the program starts.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from itertools import count

VARIABLE = "WATCHER_FAILPOINT"

TRANSACTIONS: Mapping[str, str] = {
    "upgrade": "the schema is created or brought to this version",
    "sync_feeds": "the stored feeds follow the configuration",
    "acquire_due_feeds": "feeds are leased",
    "save_polls": "entries, seen keys, alerts and the state of their feeds are saved",
    "save_routing": "alerts become waiting deliveries",
    "reroute_waiting": "a changed configuration withdraws what is not frozen",
    "freeze": "waiting deliveries become a notification",
    "close_digest": "waiting deliveries become a digest",
    "freeze_empty": "a digest is made that says that nothing matched",
    "hold_waiting": "waiting deliveries are held for quiet hours or over a budget",
    "hold_longer": "what is held is held for longer",
    "release": "held deliveries become a notification",
    "silence_waiting": "waiting deliveries are silenced",
    "add_silence": "a person's silence is kept",
    "expire_silence": "a person ends a silence",
    "mark_alert": "a person's word on an alert is kept",
    "acquire_notifications": "notifications are leased",
    "begin_attempt": "the lease is checked and an attempt is logged",
    "record_outcome": "what an attempt came to is written",
    "bury_removed": "notifications of removed receivers die",
    "retry_notification": "a person wants a notification sent again",
    "drop_notification": "a person drops a notification",
    "remember": "a small fact is kept",
    "purge": "a chunk of what is past its time is deleted",
}
"""Writing transactions of the store: each has a failpoint before and one after its commit."""

STEPS: Mapping[str, str] = {
    "migration.step": "one migration has run inside the transaction of `upgrade`",
    "attempt.before": "a notification is leased, its lease is not checked yet",
    "send.before": "the lease is checked, nothing is sent yet",
    "send.after": "the channel has answered, its answer is not written yet",
}
"""The other places."""

FAILPOINTS: Mapping[str, str] = dict(STEPS) | {
    f"{name}.{side}_commit": f"{side} the commit in which {what}"
    for name, what in TRANSACTIONS.items()
    for side in ("before", "after")
}
"""Every name with what happens there, for `watcher debug failpoints`."""

ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def _do_nothing(name: str) -> None:
    """What `pass_by` is in service."""


def armed(wanted: str) -> Callable[[str], None]:
    """A `pass_by` for a value of the variable. Raises `ValueError` when it cannot be understood."""
    plan = dict(_planned(part) for part in wanted.split(","))
    passages: dict[str, Iterator[int]] = {name: count(1) for name in plan}

    def pass_by(name: str) -> None:
        if name in plan and next(passages[name]) == plan[name][0]:
            os.write(2, f'\n{{"event": "failpoint", "name": "{name}", "action": "{plan[name][1]}"}}\n'.encode())
            os.kill(os.getpid(), ACTIONS[plan[name][1]])

    return pass_by


def _planned(part: str) -> tuple[str, tuple[int, str]]:
    name, _, rest = part.partition(":")
    passage, _, action = rest.partition(":")
    if name not in FAILPOINTS or not passage.isdigit() or (action or "kill") not in ACTIONS:
        raise ValueError(
            f"{VARIABLE}: {part!r} is not NAME:PASSAGE or NAME:PASSAGE:stop; see `watcher debug failpoints`"
        )
    return name, (int(passage), action or "kill")


pass_by: Callable[[str], None] = armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _do_nothing
"""To be called at a failpoint with its name."""
