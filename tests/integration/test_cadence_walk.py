"""Servers that want something of the next poll, or lie to it: the whole trip, on a clock that is moved."""

from __future__ import annotations

from datetime import timedelta

from tests.harness.harness import Harness, Item, rss
from tests.harness.servers import Answer, Request
from watcher.model.feed import PollState

HOUR = timedelta(hours=1)
XML = {"Content-Type": "application/rss+xml"}


def only_state(harness: Harness) -> PollState:
    [state] = harness.store().feeds.states()
    return state


def test_what_a_lying_304_hid_is_found_once_a_day_and_the_liar_not_asked_again(harness: Harness) -> None:
    """Its ETag never changes, and so it always says that nothing did."""
    items = [Item("a", "Ceasefire agreed", harness.clock.now() - HOUR)]

    def lie(request: Request) -> Answer:
        if "if-none-match" in request.headers:
            return Answer(304, {"ETag": '"same"'})
        return Answer(200, XML | {"ETag": '"same"'}, rss("wire", items))

    harness.feed_urls.append(harness.feeds.put("/wire", lie))
    assert harness.once().alerts == 1
    items.insert(0, Item("b", "Ceasefire broken", harness.clock.now() + HOUR))
    for _ in range(3):
        harness.clock.advance(6 * HOUR)
        assert (harness.once().not_modified, harness.alerted_titles()) == (1, ["Ceasefire agreed"])
    harness.clock.advance(7 * HOUR)
    assert harness.once().alerts == 1
    assert harness.alerted_titles() == ["Ceasefire agreed", "Ceasefire broken"]
    assert only_state(harness).validators_distrusted

    items.insert(0, Item("c", "Ceasefire restored", harness.clock.now()))
    harness.clock.advance(HOUR)
    assert (harness.once().fetched, harness.alerted_titles()[-1]) == (1, "Ceasefire restored")
    assert "if-none-match" not in harness.feeds.requests[-1].headers


def test_a_retry_after_of_days_is_kept_for_one_even_when_forced(harness: Harness) -> None:
    url = harness.feeds.put("/wire", Answer(503, {"Retry-After": "317100"}))
    harness.feed_urls.append(url)
    assert harness.once().failed == 1
    harness.clock.advance(23 * HOUR)
    assert harness.once(force=True).feeds == 0
    harness.clock.advance(4 * HOUR)
    assert harness.once().feeds == 1


def test_what_a_document_asks_for_is_waited_for(harness: Harness) -> None:
    items = [Item("a", "Ceasefire agreed", harness.clock.now() - HOUR)]
    for headers in ({"Cache-Control": "max-age=7200"}, {"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}):
        harness.feeds.put("/wire", Answer(200, XML | headers, rss("wire", items)))
        harness.feed_urls = [harness.feeds.url("/wire")]
        harness.once()
        wait = only_state(harness).next_poll_at - harness.clock.now()
        assert timedelta(hours=2) <= wait <= timedelta(hours=24) * 1.1
        harness.clock.advance(wait)


def test_gone_is_reported_and_asked_ever_more_rarely(harness: Harness) -> None:
    url = harness.feeds.put("/wire", Answer(410))
    harness.feed_urls.append(url)
    waits = []
    for _ in range(8):
        assert harness.once(force=False).failed == 1
        wait = only_state(harness).next_poll_at - harness.clock.now()
        waits.append(wait)
        harness.clock.advance(wait)
    assert waits[0] < HOUR
    assert all(wait > timedelta(days=6) for wait in waits[2:])
    assert timedelta(days=26) < waits[-1] < timedelta(days=34)
    assert "http_gone" in harness.command("feeds", "health").stdout
