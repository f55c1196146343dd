"""Matchers on labels as they are written: `level="focus"`, `topic=~"ceasefire.*"`, `score>=12`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import cast

from watcher.config.did_you_mean import did_you_mean
from watcher.lazy_dataclass import dataclass
from watcher.model.route import OWN_LABELS, Matcher, Operator
from watcher.model.settings import Settings
from watcher.model.topic import OWN_TOPIC, Level

_MATCHER = re.compile(
    r"""\s*(?P<label>[a-zA-Z_]\w*)\s*(?P<operator>=~|!~|!=|>=|<=|=)\s*
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"'{},]+))\s*""",
    re.VERBOSE | re.ASCII,
)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class MatcherProblem:
    """What is wrong; `column` counts from 0 inside the text."""

    message: str
    column: int = 0


def read_matcher(text: str) -> Matcher | MatcherProblem:
    """One matcher. A regex means the whole value and is RE2 syntax; `>=` and `<=` compare numbers."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        return MatcherProblem('not a matcher; write label, operator and value, like level="focus" (= != =~ !~ >= <=)')
    operator = cast(Operator, found["operator"])
    column = found.start("bare") if found["quoted"] is None else found.start("quoted")
    value = found["bare"] if found["quoted"] is None else re.sub(r"\\([\"\\])", r"\1", found["quoted"])
    if operator in (">=", "<=") and not _NUMBER.fullmatch(value):
        return MatcherProblem(f'{operator} compares numbers, and "{value}" is not one', column)
    if operator in ("=~", "!~"):
        problem = regex_problem(value)
        if problem:
            return MatcherProblem(problem.message, column + problem.column)
    return Matcher(found["label"], operator, value)


def regex_problem(pattern: str) -> MatcherProblem | None:
    """Why RE2 rejects a pattern, at the part it names; None for a valid one."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        cause, _, piece = text.partition(": ")
        column = pattern.find(piece) if piece and piece != pattern else 0
        return MatcherProblem(
            f"not a regular expression of RE2: {cause}" + (f" ({piece})" if piece else ""), max(column, 0)
        )
    return None


def impossible_labels(settings: Settings, given: Mapping[str, str]) -> Iterator[str]:
    """Labels and values that no alert of this configuration can have."""
    labels = {*OWN_LABELS, *(label for feed in settings.feeds for label in feed.labels)}
    for name in given:
        if name not in labels:
            yield f'no alert has a label "{name}"{did_you_mean(name, labels) or f"; known: {_listed(labels)}"}'
    topics = [*(topic.name for topic in settings.topics), OWN_TOPIC]
    values = {"topic": topics, "level": [Level.MENTION.value, Level.FOCUS.value]}
    for name, known in values.items():
        if name in given and given[name] not in known:
            hint = did_you_mean(given[name], known) or f"; known: {_listed(known)}"
            yield f'no {name} is named "{given[name]}"{hint}'


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
