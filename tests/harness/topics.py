"""Short ways to write a topic and an entry in tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from watcher.match.compile import CompiledTopic, compile_topic
from watcher.model.entry import Entry
from watcher.model.topic import Near, Term, Topic


def topic(
    terms: Mapping[float, Iterable[str]] | None = None, near: Iterable[tuple[Any, Any, int, float]] = (), **rest: Any
) -> Topic:
    """`terms` as in the configuration: points → texts; `near`: (any, of, within, points)."""
    return Topic(
        name=rest.pop("name", "topic"),
        title="",
        terms=tuple(Term(text, round(points * 100)) for points, texts in (terms or {}).items() for text in texts),
        near=tuple(Near(tuple(one), tuple(of), within, round(points * 100)) for one, of, within, points in near),
        focus=round(rest.pop("focus", 5) * 100),
        **rest,
    )


def compiled(raw: Topic) -> CompiledTopic:
    """The topic compiled; a problem fails the test."""
    result = compile_topic(raw)
    assert isinstance(result, CompiledTopic), result
    return result


def entry(title: str = "", content: str = "", **rest: Any) -> Entry:
    """An entry with texts only."""
    return Entry(id=rest.pop("id", "1"), link="", title=title, content=content, **rest)
