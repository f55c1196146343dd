from __future__ import annotations

from datetime import time, timedelta

import pytest

from tests.harness.config_reading import ReadText
from watcher.model.route import Budget, DigestTiming, GroupTiming, Hold, Matcher, Route

RECEIVERS = """
receivers:
  - {name: desk, slack: {url: "https://chat.example/a"}}
  - {name: chat, slack: {url: "https://chat.example/b"}}
"""


def route_of(read_text: ReadText, text: str) -> Route:
    reading = read_text(RECEIVERS + text)
    assert reading.problems == ()
    assert reading.settings is not None
    assert reading.settings.route is not None
    return reading.settings.route


def test_a_bare_route_is_prompt_and_grouped_by_topic(read_text: ReadText) -> None:
    route = route_of(read_text, "route: {receiver: desk}")
    assert route == Route("/", "desk", GroupTiming(timedelta(seconds=30), timedelta(minutes=5)), ("topic",))


def test_what_is_inherited_and_what_is_not(read_text: ReadText) -> None:
    route = route_of(
        read_text,
        """
route:
  receiver: desk
  group_by: [topic, level]
  group_wait: 10s
  group_interval: 1m
  routes:
    - matchers: ['level="focus"', score>=8]
      continue: true
      routes:
        - {receiver: chat, group_interval: 2m}
        - {group_by: []}
""",
    )
    [child] = route.routes
    first, second = child.routes
    assert (child.path, first.path, second.path) == ("/0", "/0/0", "/0/1")
    assert child.matchers == (Matcher("level", "=", "focus"), Matcher("score", ">=", "8"))
    assert (child.receiver, child.group_by, child.timing) == (route.receiver, route.group_by, route.timing)
    assert child.continues
    assert (first.matchers, first.continues) == ((), False)
    assert (first.receiver, first.timing) == ("chat", GroupTiming(timedelta(seconds=10), timedelta(minutes=2)))
    assert (second.receiver, second.group_by) == ("desk", ())


def test_setting_one_mode_clears_the_other_in_both_directions(read_text: ReadText) -> None:
    route = route_of(
        read_text,
        """
route:
  receiver: desk
  digest: {at: ["07:00"], zone: UTC}
  routes:
    - group_wait: 0s
      routes:
        - digest: {at: ["19:00"], zone: Asia/Tokyo}
    - receiver: chat
""",
    )
    prompt, same = route.routes
    assert route.timing == DigestTiming((time(7),), "UTC")
    assert route.group_by == ()
    assert (prompt.timing, prompt.group_by) == (GroupTiming(timedelta(0), timedelta(minutes=5)), ("topic",))
    assert (prompt.routes[0].timing, prompt.routes[0].group_by) == (DigestTiming((time(19),), "Asia/Tokyo"), ())
    assert (same.timing, same.group_by) == (route.timing, ())


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        ('topic="bomb"', 'did you mean "bombs"'),
        ('topic!="fires"', "matches always"),
        ('regin="mena"', 'did you mean "region"'),
    ],
)
def test_names_that_never_occur_are_warned_of(read_text: ReadText, matcher: str, said: str) -> None:
    reading = read_text(
        RECEIVERS
        + f"""
topics: [{{name: bombs, terms: {{3: [bomb*]}}}}]
feeds: [{{url: "https://a.example/feed.xml", labels: {{region: mena}}}}]
route:
  receiver: desk
  routes: [{{receiver: chat, matchers: ['{matcher}']}}]
"""
    )
    [warning] = reading.warnings
    assert said in warning.message
    assert warning.path == "route.routes.0.matchers.0"


def test_hold_and_budget_are_not_inherited(read_text: ReadText) -> None:
    route = route_of(
        read_text,
        """
route:
  receiver: desk
  hold: {between: "22:00-06:00", zone: Europe/Istanbul, break_through: 12.5}
  budget: {max: 10, per: 1h}
  routes: [{receiver: chat}]
""",
    )
    assert route.hold == Hold(((time(22), time(6)),), "Europe/Istanbul", 1250)
    assert route.budget == Budget(10, timedelta(hours=1))
    assert (route.routes[0].hold, route.routes[0].budget) == (None, None)


def test_a_digest_may_rank_by_publishers(read_text: ReadText) -> None:
    digest = '{receiver: desk, digest: {at: ["07:00"], zone: UTC, rank: publishers}}'
    timing = route_of(read_text, f"route: {digest}").timing
    assert isinstance(timing, DigestTiming)
    assert timing.rank == "publishers"
    [problem] = read_text(RECEIVERS + f"route: {digest.replace('publishers', 'publisher')}").problems
    assert problem.path == "route.digest.rank"
    assert 'did you mean "publishers"?' in problem.message
