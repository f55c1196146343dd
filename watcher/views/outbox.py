"""Messages of the outbox as shown: where each is, why, and what helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from watcher.errors import AttemptReason
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Attempt, Notification, NotificationState

REMEDIES: Mapping[AttemptReason, str] = {
    AttemptReason.CONNECT: "the receiver could not be reached: check its address and the network",
    AttemptReason.TLS: "the connection could not be secured: check the certificate and network.ca_file",
    AttemptReason.TIMEOUT: "the receiver did not answer in time",
    AttemptReason.PROTOCOL: "the answer was none of this service: check the address",
    AttemptReason.AUTHENTICATION: "the password, token or address was refused: renew it, reload, then retry",
    AttemptReason.SENDER_REFUSED: "the mail server refuses our sender: check smtp.from",
    AttemptReason.SENDING_LIMIT: "the mail server's limit is reached: it is tried again later",
    AttemptReason.SLOW_DOWN: "the service asks us to wait: it is tried again later",
    AttemptReason.UNAVAILABLE: "the service has trouble of its own: it is tried again later",
    AttemptReason.NOT_THE_SERVICE: "something else answers at this address: check it",
    AttemptReason.REFUSED: "the service refused the message itself: see the detail",
    AttemptReason.RECIPIENT_REFUSED: "an address does not take mail: correct it under receivers, then retry",
    AttemptReason.GONE: "the receiver no longer exists: make a new one and write its address under receivers",
    AttemptReason.REDIRECTED: "the address leads elsewhere: write the new one under receivers",
    AttemptReason.TOO_LARGE: "the message is too large for the service",
    AttemptReason.RENDER: "the message could not be rendered: see the log, then retry",
    AttemptReason.DEFECT: "watcher itself failed: see the log, then retry",
    AttemptReason.RECEIVER_REMOVED: "its receiver left the configuration: add it again, then retry",
    AttemptReason.DROPPED: "a user dropped it",
}


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message. `last`: how it ended last. `is_dropped`: it is dead because a user gave it up. `paused_until`: its
    channel is paused after failures.
    """

    notification: Notification
    last: Attempt | None
    is_dropped: bool
    paused_until: datetime | None

    @property
    def failure(self) -> Attempt | None:
        """Why it is not delivered, None when it is, or was not tried yet."""
        return self.last if self.last and self.notification.state is not NotificationState.SENT else None

    def facts(self) -> dict[str, object]:
        """The row for JSON."""
        failure = self.failure
        return {
            **message_facts(self.notification),
            "dropped": self.is_dropped,
            "last_reason": failure.reason or None if failure else None,
            "last_detail": failure.detail or None if failure else None,
        }

    @property
    def state(self) -> str:
        return "dropped" if self.is_dropped else self.notification.state.value

    @property
    def next_attempt_at(self) -> datetime | None:
        """When it is tried next, not before the end of its channel's pause; None when it is finished."""
        due = self.notification.next_attempt_at
        if due is None or self.notification.state is not NotificationState.READY:
            return None
        return due if self.paused_until is None else max(due, self.paused_until)

    @property
    def may_retry(self) -> bool:
        return self.notification.state in {NotificationState.DEAD, NotificationState.READY}

    @property
    def may_drop(self) -> bool:
        return self.may_retry and not self.is_dropped


def remedy_of(attempts: Sequence[Attempt]) -> str:
    """What helps against the failure of the last attempt, "" when there was none or it succeeded."""
    last = next((one.reason for one in reversed(attempts) if one.finished_at is not None), "")
    return REMEDIES[AttemptReason(last)] if last in set(AttemptReason) else ""


def message_facts(notification: Notification) -> dict[str, object]:
    """A message for JSON."""
    return {
        "key": notification.key,
        "created_at": notification.created_at,
        "state": notification.state.value,
        "reason": notification.reason.value,
        "channel": str(notification.group.channel),
        "route": notification.group.route,
        "alerts": [alert.id for alert in notification.alerts],
        "omitted": notification.omitted,
        "attempts": notification.attempts,
        "next_attempt_at": notification.next_attempt_at,
    }


def attempt_facts(attempt: Attempt) -> dict[str, object]:
    """One attempt for JSON."""
    return {
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "outcome": attempt.result,
        "reason": attempt.reason or None,
        "detail": attempt.detail or None,
    }
