"""Servers that want something of the next poll, or lie to it: the whole trip, on a clock that is moved."""

from __future__ import annotations

from datetime import timedelta

from houses import House, Item, rss
from servers import Answer, Request

from watcher.model.feed import PollState

HOUR = timedelta(hours=1)
XML = {"Content-Type": "application/rss+xml"}


def only_state(house: House) -> PollState:
    [state] = house.store().feed_states()
    return state


def test_what_a_lying_304_hid_is_found_once_a_day_and_the_liar_not_asked_again(house: House) -> None:
    """Its ETag never changes, and so it always says that nothing did."""
    items = [Item("a", "Ceasefire agreed", house.clock.now() - HOUR)]

    def lie(request: Request) -> Answer:
        if "if-none-match" in request.headers:
            return Answer(304, {"ETag": '"same"'})
        return Answer(200, XML | {"ETag": '"same"'}, rss("wire", items))

    house.feed_urls.append(house.feeds.put("/wire", lie))
    assert house.once().alerts == 1
    items.insert(0, Item("b", "Ceasefire broken", house.clock.now() + HOUR))
    for _ in range(3):
        house.clock.advance(6 * HOUR)
        assert (house.once().not_modified, house.told()) == (1, ["Ceasefire agreed"])
    house.clock.advance(7 * HOUR)
    assert house.once().alerts == 1
    assert house.told() == ["Ceasefire agreed", "Ceasefire broken"]
    assert only_state(house).validators_distrusted

    items.insert(0, Item("c", "Ceasefire restored", house.clock.now()))
    house.clock.advance(HOUR)
    assert (house.once().fetched, house.told()[-1]) == (1, "Ceasefire restored")
    assert "if-none-match" not in house.feeds.requests[-1].headers


def test_a_wish_of_days_is_kept_for_one_even_when_forced(house: House) -> None:
    url = house.feeds.put("/wire", Answer(503, {"Retry-After": "317100"}))
    house.feed_urls.append(url)
    assert house.once().failed == 1
    house.clock.advance(23 * HOUR)
    assert house.once(force=True).feeds == 0
    house.clock.advance(4 * HOUR)
    assert house.once().feeds == 1


def test_what_a_document_asks_for_is_waited_for(house: House) -> None:
    items = [Item("a", "Ceasefire agreed", house.clock.now() - HOUR)]
    for headers in ({"Cache-Control": "max-age=7200"}, {"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}):
        house.feeds.put("/wire", Answer(200, XML | headers, rss("wire", items)))
        house.feed_urls = [house.feeds.url("/wire")]
        house.once()
        wait = only_state(house).next_poll_at - house.clock.now()
        assert timedelta(hours=2) <= wait <= timedelta(hours=24) * 1.1
        house.clock.advance(wait)


def test_gone_is_told_and_asked_ever_more_rarely(house: House) -> None:
    url = house.feeds.put("/wire", Answer(410))
    house.feed_urls.append(url)
    waits = []
    for _ in range(8):
        assert house.once(force=False).failed == 1
        wait = only_state(house).next_poll_at - house.clock.now()
        waits.append(wait)
        house.clock.advance(wait)
    assert waits[0] < HOUR
    assert all(wait > timedelta(days=6) for wait in waits[2:])
    assert timedelta(days=26) < waits[-1] < timedelta(days=34)
    health = house.command("feeds", "health").stdout
    assert "http_gone" in health
    assert "take it out of the configuration" in health
