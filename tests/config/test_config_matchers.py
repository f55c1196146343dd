from __future__ import annotations

import pytest

from watcher.config.matchers import MatcherProblem, read_matcher
from watcher.model.route import Matcher


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ('level="focus"', Matcher("level", "=", "focus")),
        ("level = focus", Matcher("level", "=", "focus")),
        ('topic=~"ceasefire.*"', Matcher("topic", "=~", "ceasefire.*")),
        ('topic !~ "a|b"', Matcher("topic", "!~", "a|b")),
        ('region!=""', Matcher("region", "!=", "")),
        ('score>="12.5"', Matcher("score", ">=", "12.5")),
        ("score<=-3", Matcher("score", "<=", "-3")),
        (r'desk="a \"b\" \\ c"', Matcher("desk", "=", r'a "b" \ c')),
        ('desk="دمشق, x=y"', Matcher("desk", "=", "دمشق, x=y")),
    ],
)
def test_matchers(text: str, matcher: Matcher) -> None:
    assert read_matcher(text) == matcher


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("focus", 0), ("level=", 0), ('level=="focus"', 0), ("level='focus'", 0), ('level="focus', 0), ('2nd="x"', 0),
        ('score>="high"', 8), ("score<=x", 7), ('topic=~"bomb(s"', 8), ('topic=~"ok[z-a]"', 11),
    ],
)  # fmt: skip
def test_not_a_matcher(text: str, column: int) -> None:
    problem = read_matcher(text)
    assert isinstance(problem, MatcherProblem)
    assert problem.column == column


@pytest.mark.parametrize("pattern", ["(?=x)", "(a)\\1", "(?<!x)y"])
def test_what_re2_cannot_bound_is_refused(pattern: str) -> None:
    problem = read_matcher(f'topic=~"{pattern}"')
    assert isinstance(problem, MatcherProblem)
    assert "RE2" in problem.message
