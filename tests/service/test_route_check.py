"""`check` warns of routes without any alert; `routes test` says when a route sends."""

from __future__ import annotations

from tests.harness.harness import Harness
from watcher.service.load import load_config
from watcher.service.route_check import route_warnings


def warned(harness: Harness) -> list[tuple[str, bool]]:
    """The path of each warning, and whether its position is known."""
    settings = load_config(harness.write(), {}, secrets="require").settings
    return [(problem.path, problem.position is not None) for problem in route_warnings(settings)]


def test_a_route_behind_one_that_takes_everything(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.route = """
    receiver: desk
    routes:
      - receiver: chat
      - {receiver: desk, matchers: ['level="focus"']}
    """
    assert warned(harness) == [("route.routes.1", True), ("route", True)]
    checked = harness.command("check")
    assert checked.returncode == 0
    assert "route.routes.1" in checked.stderr


def test_a_label_value_that_no_feed_has_is_named_once(harness: Harness) -> None:
    feed = {"url": "https://news.example/feed", "labels": {"region": "iraq"}}
    harness.feed_urls.append(feed)  # type: ignore[arg-type]
    harness.route = """
    receiver: desk
    routes:
      - {receiver: chat, matchers: ['region="irak"'], continue: true}
      - {receiver: chat, matchers: ['region=~"ira.*"'], continue: true}
      - {receiver: desk}
    """
    assert warned(harness) == [("route.routes.0.matchers.0", True)]


def test_names_of_feeds_alternatives_and_quiet_hours_without_end(harness: Harness) -> None:
    feed = {"url": "https://news.example/feed", "name": "News", "labels": {"region": "iraq"}}
    harness.feed_urls.append(feed)  # type: ignore[arg-type]
    harness.route = """
    receiver: desk
    routes:
      - {receiver: chat, matchers: ['feed="Nws"'], continue: true}
      - {receiver: chat, matchers: ['topic=~"watcher|no such"'], continue: true}
      - {receiver: chat, matchers: ['region="iraq"'], hold: {between: ["00:00-12:00", "12:00-24:00"], zone: UTC}}
    """
    assert warned(harness) == [
        ("route.routes.0.matchers.0", True),
        ("route.routes.1.matchers.0", True),
        ("route", True),
        ("route.routes.2.hold", True),
    ]


def test_every_recipe_of_the_harness_is_reachable(harness: Harness) -> None:
    harness.publish("/wire", [])
    assert warned(harness) == []


def test_routes_test_says_when_and_what_quiet_hours_do_with_a_score(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.route = """
    receiver: desk
    digest: {at: ["07:00"], zone: Europe/Istanbul, days: [mon]}
    routes:
      - receiver: chat
        matchers: ['level="focus"']
        group_wait: 30s
        hold: {between: ["00:00-24:00"], zone: UTC, break_through: 12}
        budget: {max: 10, per: 1h}
        continue: true
      - receiver: desk
    """
    harness.write()
    loud = harness.command("routes", "test", "level=focus", "score=12.5").stdout
    assert "30s after the first alert" in loud
    assert "12.5 is" in loud
    assert "10 messages in 1h" in loud
    assert "07:00 Europe/Istanbul on mon" in loud
    assert "is not" in harness.command("routes", "test", "level=focus", "score=11").stdout
    assert harness.command("routes", "test", "score=many").returncode == 2
