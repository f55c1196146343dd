"""What every engine must do: replies to earlier messages, and pauses of channels."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.harness.store_samples import CHAT, DAY, DIGEST, HOUR, MAIL, MINUTE, NOW, PROMPT, alert, frozen, kept
from watcher.model.notification import AcquiredNotification, Delivered
from watcher.store.store import Store


def acquire(store: Store, owner: str = "me", now: datetime = NOW) -> list[AcquiredNotification]:
    return store.outbox.acquire(owner, now, now + MINUTE, 10)


class TestThreads:
    """The first message about a story is what later ones on its channel reply to."""

    def deliver(self, store: Store, name: str, receipt: str, now: datetime = NOW, **about: object) -> str:
        """Sends one notification; returns what it replied to."""
        group = about.pop("group", PROMPT)
        first = frozen(store, alert(name, **{"story": "s", **about}), group=group, now=now)  # type: ignore[arg-type]
        (leased,) = acquire(store, now=now)
        assert leased.notification.key == first.key
        assert store.outbox.record("me", first.key, leased.epoch, Delivered("ok", receipt), now, None)
        return leased.notification.reply_to

    def test_every_later_message_replies_to_the_first(self, store: Store) -> None:
        assert self.deliver(store, "1", "first") == ""
        assert self.deliver(store, "2", "second", NOW + HOUR) == "first"
        assert self.deliver(store, "3", "third", NOW + 2 * HOUR) == "first"

    def test_a_message_of_another_story_or_channel_replies_to_nothing(self, store: Store) -> None:
        self.deliver(store, "1", "first")
        assert self.deliver(store, "2", "second", NOW + HOUR, story="t") == ""
        assert self.deliver(store, "3", "third", NOW + 2 * HOUR, group=DIGEST) == ""

    def test_a_first_message_without_a_receipt_leaves_the_next_an_ordinary_one(self, store: Store) -> None:
        self.deliver(store, "1", "")
        assert self.deliver(store, "2", "second", NOW + HOUR) == ""
        assert self.deliver(store, "3", "third", NOW + 2 * HOUR) == "second"

    def test_a_message_about_several_stories_is_the_first_for_each_but_replies_to_none(self, store: Store) -> None:
        self.deliver(store, "1", "first")
        first = frozen(store, alert("2", story="s"), alert("3", story="t"), group=PROMPT, now=NOW + HOUR)
        (leased,) = acquire(store, now=NOW + HOUR)
        assert leased.notification.reply_to == ""
        store.outbox.record("me", first.key, leased.epoch, Delivered("ok", "both"), NOW + HOUR, None)
        assert self.deliver(store, "4", "x", NOW + 2 * HOUR, story="t") == "both"
        assert self.deliver(store, "5", "x", NOW + 3 * HOUR, story="s") == "first"

    def test_what_a_lost_lease_brings_is_not_remembered(self, store: Store) -> None:
        first = frozen(store, alert("1", story="s"), group=PROMPT)
        (leased,) = acquire(store)
        acquire(store, "another", NOW + HOUR)
        assert not store.outbox.record("me", first.key, leased.epoch, Delivered("ok", "first"), NOW + HOUR, None)
        (again,) = acquire(store, now=NOW + 2 * HOUR)
        store.outbox.record("me", first.key, again.epoch, Delivered("ok", "second"), NOW + 2 * HOUR, None)
        assert self.deliver(store, "2", "x", NOW + 3 * HOUR) == "second"

    @pytest.mark.parametrize("purged", [False, True])
    def test_an_old_message_is_not_replied_to_and_is_purged(self, store: Store, purged: bool) -> None:
        self.deliver(store, "1", "first")
        assert self.deliver(store, "2", "x", NOW + 14 * DAY) == "first"
        later = NOW + 14 * DAY + HOUR
        if purged:
            while store.purge(later, kept(30 * DAY, 90 * DAY), 1):
                pass
        assert self.deliver(store, "3", "new root", later) == ""
        assert self.deliver(store, "4", "x", later + HOUR) == "new root"


class TestPauses:
    def test_a_pause_is_shown_until_it_ends_or_is_taken_back(self, store: Store) -> None:
        store.outbox.save_pause(CHAT, NOW + HOUR)
        store.outbox.save_pause(MAIL, NOW + MINUTE)
        store.outbox.save_pause(MAIL, NOW + DAY)
        assert store.outbox.pauses(NOW) == {CHAT: NOW + HOUR, MAIL: NOW + DAY}
        assert store.outbox.pauses(NOW + HOUR) == {MAIL: NOW + DAY}
        store.outbox.save_pause(MAIL, None)
        store.outbox.save_pause(MAIL, None)
        assert store.outbox.pauses(NOW) == {CHAT: NOW + HOUR}
