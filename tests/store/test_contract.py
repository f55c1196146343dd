"""What every engine must do: feeds, leases, polls and what is remembered of entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.harness.store_samples import (
    ASSIGNER,
    DAY,
    FEED,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    acquire_one,
    alert,
    fold_copies,
    identified,
    notify_all,
    poll,
    save_alerts,
)
from watcher.errors import PollReason
from watcher.model.alert import AlertState, EarlierAlert, stable_hash
from watcher.model.entry import EntryDecision, IdentityScheme, Seen, SeenProbe
from watcher.model.feed import PollState, Validators
from watcher.model.story import AlertDecider, AlertDecision, Verdict
from watcher.model.topic import Level
from watcher.store.records import PollSaved
from watcher.store.store import Store

A, B, C = (f"https://feeds.example.org/{name}.xml" for name in "abc")


def acquired_urls(store: Store, owner: str = "me", *, now=NOW, limit: int = 10, force: bool = False) -> list[str]:
    return [feed.state.url for feed in store.polls.acquire_due(owner, now, now + MINUTE, limit, force=force)]


def save_state(store: Store, state: PollState, now=NOW) -> PollSaved:
    feed = acquire_one(store, state.url, now)
    return store.polls.save("me", [replace(poll(feed, now), state=state)], now, notify_all, ASSIGNER)[0]


class TestFeeds:
    def test_new_feeds_are_due_at_once(self, store: Store) -> None:
        store.feeds.sync([B, A], NOW)
        assert store.feeds.states() == [PollState(A, NOW), PollState(B, NOW)]

    def test_feeds_that_leave_are_paused_and_return_with_their_state(self, store: Store) -> None:
        store.feeds.sync([A], NOW)
        state = PollState(A, NOW + DAY, Validators("e", "m"), title="Ä feed")
        save_state(store, state)
        store.feeds.sync([], NOW)
        assert store.feeds.states() == []
        assert store.feeds.states(include_paused=True) == [state]
        assert acquired_urls(store, now=NOW + 2 * DAY) == []
        store.feeds.sync([A], NOW + HOUR)
        assert store.feeds.states() == [replace(state, next_poll_at=NOW + HOUR)]

    def test_a_feed_that_returns_is_not_due_before_what_its_server_asked_for(self, store: Store) -> None:
        save_state(store, PollState(A, NOW + 2 * DAY, not_before=NOW + DAY))
        store.feeds.sync([], NOW)
        store.feeds.sync([A], NOW + HOUR)
        assert store.feeds.states()[0].next_poll_at == NOW + DAY

    def test_a_feed_that_returns_late_keeps_its_earlier_due_time(self, store: Store) -> None:
        save_state(store, PollState(A, NOW + HOUR))
        store.feeds.sync([], NOW)
        store.feeds.sync([A], NOW + DAY)
        assert store.feeds.states()[0].next_poll_at == NOW + HOUR

    def test_a_state_comes_back_as_it_was_saved(self, store: Store) -> None:
        times = {
            name: NOW + timedelta(microseconds=number)
            for number, name in enumerate(
                ["baseline_at", "last_polled_at", "last_success_at", "last_changed_at", "failing_since", "not_before"]
            )
        }
        state = PollState(
            A,
            NOW + HOUR,
            Validators('W/"é"', "Mon, 23 Nov 2026 08:00:00 GMT"),
            failures=3,
            reason=PollReason.TIMEOUT,
            detail="no answer",
            interval=timedelta(minutes=7, microseconds=1),
            title="الأخبار",
            identity=IdentityScheme.LINK,
            **times,
        )
        assert save_state(store, state) == PollSaved(A, True)
        assert store.feeds.states() == [state]

    def test_failing_feeds_are_tried_again_when_asked_but_not_before_retry_after(self, store: Store) -> None:
        save_state(store, PollState(A, NOW + DAY, failures=3))
        save_state(store, PollState(B, NOW + DAY, failures=3, not_before=NOW + HOUR))
        save_state(store, PollState(C, NOW + DAY))
        store.feeds.sync([A, B, C], NOW)
        assert acquired_urls(store) == []
        store.feeds.sync([A, B, C], NOW, retry_failing=True)
        assert acquired_urls(store) == [A]
        assert acquired_urls(store, now=NOW + HOUR) == [A, B]


class TestLeases:
    def test_most_overdue_first_then_by_url_up_to_the_limit(self, store: Store) -> None:
        save_state(store, PollState(C, NOW - SECOND))
        store.feeds.sync([A, B, C], NOW)
        assert acquired_urls(store, limit=2) == [C, A]
        assert acquired_urls(store, limit=2) == [B]

    def test_what_is_not_due_is_left(self, store: Store) -> None:
        save_state(store, PollState(A, NOW + SECOND))
        assert acquired_urls(store) == []
        assert acquired_urls(store, now=NOW + SECOND) == [A]

    def test_a_leased_feed_is_nobody_elses_until_the_lease_runs_out(self, store: Store) -> None:
        store.feeds.sync([A], NOW)
        first = store.polls.acquire_due("one", NOW, NOW + MINUTE, 1)[0]
        assert acquired_urls(store, "two", now=NOW + MINUTE - SECOND) == []
        second = store.polls.acquire_due("two", NOW + MINUTE, NOW + 2 * MINUTE, 1)[0]
        assert (first.epoch, second.epoch, second.until) == (1, 2, NOW + 2 * MINUTE)

    def test_force_takes_what_is_not_due_but_polls_each_feed_once(self, store: Store) -> None:
        save_state(store, PollState(A, NOW + HOUR, last_polled_at=NOW - HOUR))
        later = NOW + MINUTE
        [feed] = store.polls.acquire_due("me", later, later + MINUTE, 10, force=True)
        assert feed.state.url == A
        polled = replace(poll(feed, later), state=PollState(A, NOW + HOUR, last_polled_at=later))
        store.polls.save("me", [polled], later, notify_all, ASSIGNER)
        assert acquired_urls(store, now=later, force=True) == []

    def test_force_respects_retry_after_and_the_backoff(self, store: Store) -> None:
        save_state(store, PollState(A, NOW + HOUR, not_before=NOW + HOUR))
        save_state(store, PollState(B, NOW + HOUR, failures=1))
        save_state(store, PollState(C, NOW - HOUR, failures=1))
        store.feeds.sync([A, B, C], NOW)
        assert acquired_urls(store, force=True) == [C]


class TestPolls:
    def test_a_stale_epoch_writes_nothing(self, store: Store) -> None:
        store.feeds.sync([A], NOW)
        stale = store.polls.acquire_due("one", NOW, NOW + MINUTE, 1)[0]
        fresh = store.polls.acquire_due("two", NOW + MINUTE, NOW + HOUR, 1)[0]
        brought = {"decision": EntryDecision(new=(identified("x", url=A),)), "alerts": (alert("x", url=A),)}
        before = store.feeds.states()
        assert store.polls.save("one", [poll(stale, **brought)], NOW + MINUTE, notify_all, ASSIGNER) == [
            PollSaved(A, False)
        ]
        assert store.polls.save("two", [poll(stale, **brought)], NOW + MINUTE, notify_all, ASSIGNER) == [
            PollSaved(A, False)
        ]
        assert (store.feeds.states(), store.entries.since(NOW), store.alerts.newest()) == (before, [], [])
        assert store.polls.save("two", [poll(fresh, **brought)], NOW + MINUTE, notify_all, ASSIGNER)[0].saved

    def test_a_lease_that_ran_out_but_was_not_taken_still_counts(self, store: Store) -> None:
        feed = acquire_one(store)
        assert store.polls.save("me", [poll(feed)], feed.until + HOUR, notify_all, ASSIGNER)[0].saved

    def test_saving_gives_the_lease_back(self, store: Store) -> None:
        feed = acquire_one(store)
        assert store.polls.save("me", [poll(feed)], NOW, notify_all, ASSIGNER)[0].saved
        assert not store.polls.save("me", [poll(feed)], NOW, notify_all, ASSIGNER)[0].saved
        assert acquired_urls(store, "other", now=NOW + HOUR) == [FEED]

    def test_one_stale_poll_does_not_hold_up_the_others(self, store: Store) -> None:
        store.feeds.sync([A, B], NOW)
        one, two = store.polls.acquire_due("me", NOW, NOW + MINUTE, 2)
        saved = store.polls.save("me", [poll(replace(one, epoch=9)), poll(two)], NOW, notify_all, ASSIGNER)
        assert saved == [PollSaved(A, False), PollSaved(B, True)]

    def test_a_feed_nobody_knows_is_not_saved(self, store: Store) -> None:
        feed = acquire_one(store)
        strange = replace(feed, state=replace(feed.state, url="https://elsewhere.example"))
        assert store.polls.save("me", [poll(strange)], NOW, notify_all, ASSIGNER) == [
            PollSaved("https://elsewhere.example", False)
        ]

    def test_entries_are_kept_with_their_feed(self, store: Store) -> None:
        one, two = identified("1"), identified("2")
        decision = EntryDecision(new=(one,), quiet=(two,), is_baseline=True)
        feed = acquire_one(store)
        store.polls.save("me", [poll(feed, decision=decision)], NOW, notify_all, ASSIGNER)
        found = {record.key: record for record in store.entries.since(NOW)}
        assert found[one.key].entry == one.entry
        assert (found[one.key].feed_title, found[one.key].labels) == ("Example News", {"region": "mena"})
        assert (found[one.key].feed_url, found[one.key].first_seen) == (FEED, NOW)

    def test_what_was_only_rekeyed_is_remembered_but_not_kept_twice(self, store: Store) -> None:
        rekeyed = identified("new-id")
        feed = acquire_one(store)
        store.polls.save("me", [poll(feed, decision=EntryDecision(quiet=(rekeyed,)))], NOW, notify_all, ASSIGNER)
        assert store.entries.since(NOW) == []
        assert store.polls.seen(FEED, SeenProbe(frozenset({rekeyed.key}), frozenset(), frozenset())) != []

    def test_an_updated_entry_takes_its_new_text_and_keeps_its_first_date(self, store: Store) -> None:
        store.polls.save(
            "me", [poll(acquire_one(store), decision=EntryDecision(new=(identified("1"),)))], NOW, notify_all, ASSIGNER
        )
        later, update = NOW + 2 * HOUR, identified("1", text="another text")
        decision = EntryDecision(updated=(update,))
        store.polls.save(
            "me", [poll(acquire_one(store, now=later), later, decision=decision)], later, notify_all, ASSIGNER
        )
        record = store.entries.find(update.key)
        assert record is not None
        assert (record.entry, record.first_seen) == (update.entry, NOW)

    def test_an_entry_is_found_by_eight_digits_of_its_key(self, store: Store) -> None:
        one = identified("1")
        store.polls.save(
            "me", [poll(acquire_one(store), decision=EntryDecision(new=(one,)))], NOW, notify_all, ASSIGNER
        )
        found = store.entries.find(one.key[:8].upper())
        assert found is not None
        assert found.key == one.key
        assert [store.entries.find(text) for text in (one.key[:7], "not a key", "0" * 33, "")] == [None] * 4

    def test_entries_since_are_the_oldest_up_to_the_limit(self, store: Store) -> None:
        for hours in (1, 2, 3):
            now = NOW + hours * HOUR
            decision = EntryDecision(new=(identified(str(hours)),))
            store.polls.save(
                "me", [poll(acquire_one(store, now=now), now, decision=decision)], now, notify_all, ASSIGNER
            )
        assert [record.entry.id for record in store.entries.since(NOW + 2 * HOUR)] == ["2", "3"]
        assert [record.entry.id for record in store.entries.since(NOW, limit=2)] == ["1", "2"]

    def test_text_that_engines_refuse_does_not_stop_a_poll(self, store: Store) -> None:
        odd = replace(identified("1"), entry=replace(identified("1").entry, title="\0 and \ud800"))
        record = poll(acquire_one(store), feed_title="\0\udfff", decision=EntryDecision(new=(odd,)))
        assert store.polls.save("me", [record], NOW, notify_all, ASSIGNER)[0].saved
        assert store.entries.since(NOW)[0].feed_title == "??"


class TestSeen:
    def test_a_shared_key_link_or_fingerprint_is_found_in_this_feed_only(self, store: Store) -> None:
        store.feeds.sync([A, B], NOW)
        one, two, three = (identified(name, url=A, text=name) for name in "123")
        feed = next(feed for feed in store.polls.acquire_due("me", NOW, NOW + MINUTE, 2) if feed.state.url == A)
        store.polls.save("me", [poll(feed, decision=EntryDecision(new=(one, two, three)))], NOW, notify_all, ASSIGNER)
        probe = SeenProbe(
            frozenset({one.key, stable_hash("unknown")}),
            frozenset({str(two.link_hash)}),
            frozenset({three.text_fingerprint, ""}),
        )
        assert {found.key for found in store.polls.seen(A, probe)} == {one.key, two.key, three.key}
        by_title = SeenProbe(frozenset(), frozenset(), frozenset({three.title_fingerprint}))
        assert [found.key for found in store.polls.seen(A, by_title)] == [three.key]
        assert store.polls.seen(B, probe) == []
        assert store.polls.seen("https://unknown.example", probe) == []

    def test_what_is_remembered_comes_back_whole(self, store: Store) -> None:
        bare = replace(identified("1"), link_hash=None, title_fingerprint="", text_fingerprint="")
        store.polls.save(
            "me", [poll(acquire_one(store), decision=EntryDecision(new=(bare,)))], NOW, notify_all, ASSIGNER
        )
        probe = SeenProbe(frozenset({bare.key}), frozenset(), frozenset({""}))
        assert store.polls.seen(FEED, probe) == [Seen(bare.key, None, "", "", NOW)]

    def test_of_a_title_that_very_many_share_some_are_found_and_every_key(self, store: Store) -> None:
        alike = tuple(replace(identified(str(number)), title_fingerprint=stable_hash("same")) for number in range(400))
        save_one = poll(acquire_one(store), decision=EntryDecision(new=alike))
        assert store.polls.save("me", [save_one], NOW, notify_all, ASSIGNER)[0].saved
        keys = frozenset(one.key for one in alike[-3:])
        found = {
            row.key for row in store.polls.seen(FEED, SeenProbe(keys, frozenset(), frozenset({stable_hash("same")})))
        }
        assert keys <= found
        assert 10 * len(keys) < len(found) < 200

    def test_a_probe_may_be_larger_than_any_limit_on_parameters(self, store: Store) -> None:
        many = frozenset(stable_hash(str(number)) for number in range(40_000))
        acquire_one(store)
        assert store.polls.seen(FEED, SeenProbe(many, frozenset(), frozenset())) == []


class TestJudging:
    def test_the_judge_is_given_the_same_entry_and_the_same_story_on_this_topic(self, store: Store) -> None:
        heard: dict[str, list[str]] = {}

        def listen(candidate: object, before: list[EarlierAlert]) -> AlertDecision:
            heard[candidate.id] = [earlier.id for earlier in before]  # type: ignore[attr-defined]
            return AlertDecision(Verdict.NOTIFY)

        first = alert("1", story="s")
        same_story = alert("2", story="s")
        higher = alert("1", story="t", level=Level.MENTION)
        others = (alert("3", story="s", topic="detention"), alert("4", story="u"))
        save_alerts(store, first, same_story, higher, *others, decide=listen)
        assert heard[first.id] == []
        assert heard[same_story.id] == [first.id]
        assert heard[higher.id] == [first.id]
        assert [heard[other.id] for other in others] == [[], []]

    def test_folded_alerts_are_kept_with_what_was_sent_instead(self, store: Store) -> None:
        first, copy = alert("1", story="s"), alert("2", story="s", title="Other News")
        saved = save_alerts(store, first, copy, decide=fold_copies)
        assert (saved.alerts_new, saved.alerts_folded) == ((first.id,), (copy.id,))
        kept = store.alerts.find(copy.id)
        assert kept is not None
        assert (kept.state, kept.folded_into) == (AlertState.FOLDED, first.id)
        kept = store.alerts.find(first.id)
        assert kept is not None
        assert kept.sources == ("Other News",)
        assert [one.id for one in store.routing.unrouted(10)] == [first.id]

    def test_what_is_folded_into_a_folded_alert_goes_to_the_one_sent(self, store: Store) -> None:
        first, second, third = (alert(name, story="s") for name in "123")
        into = {second.id: first.id, third.id: second.id}

        def judge(candidate: object, _before: object) -> AlertDecision:
            target = into.get(candidate.id)  # type: ignore[attr-defined]
            return AlertDecision(Verdict.FOLD, target) if target else AlertDecision(Verdict.NOTIFY)

        save_alerts(store, first, second, third, decide=judge)
        kept = store.alerts.find(third.id)
        assert kept is not None
        assert kept.folded_into == first.id

    def test_a_repetition_is_not_kept(self, store: Store) -> None:
        repeat: AlertDecider = lambda _alert, _before: AlertDecision(Verdict.REPEAT)  # noqa: E731
        assert save_alerts(store, alert("1"), decide=repeat) == PollSaved(FEED, True)
        assert store.alerts.newest() == []

    def test_the_same_alert_again_is_a_repetition_whatever_the_judge_says(self, store: Store) -> None:
        save_alerts(store, alert("1"))
        assert save_alerts(store, alert("1", score=900), now=NOW + DAY).alerts_new == ()
        assert [one.score for one in store.alerts.newest()] == [740]
