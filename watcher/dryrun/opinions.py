"""Closeness in meaning for commands: no budget is used, no language model is asked, nothing is stored but vectors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from watcher.clock import SystemClock
from watcher.errors import UsageError
from watcher.lazy_dataclass import dataclass
from watcher.match.lifting import lifted, wants_lift
from watcher.model.alert import Match, OpinionKind
from watcher.model.entry import Entry
from watcher.model.opinion import Undecided
from watcher.opinion.opinions import Opinions, meaning_budget
from watcher.service.load import (
    ENCODER_EXTRA,
    CompiledConfig,
    encoder_is_installed,
    open_config_store,
    open_opinions,
)
from watcher.threads import ThreadPool

if TYPE_CHECKING:
    from watcher.match.meaning import Sense
    from watcher.store.store import Store


def refuse_without_encoder() -> None:
    """Raises `UsageError` when closeness cannot be measured here."""
    if not encoder_is_installed():
        raise UsageError(f"closeness in meaning needs an extra: install {ENCODER_EXTRA}")


def with_meaning_on(compiled: CompiledConfig) -> CompiledConfig:
    """The configuration with meaning, whether it wants it or not."""
    settings = compiled.settings
    return replace(compiled, settings=replace(settings, meaning=replace(settings.meaning, enabled=True)))


async def matches_with_meaning(
    compiled: CompiledConfig, entries: Sequence[Entry], labels: Mapping[str, str] | None = None, *, stored: bool
) -> list[dict[str, Match]]:
    """For each entry the matches that words do not decide, by topic, with their closeness; close enough is a mention.

    `stored`: marks of the store count, and vectors are kept in it.
    """
    async with _opened(compiled, stored=stored) as (opinions, _):
        return [{} for _ in entries] if opinions is None else await _matches(compiled, opinions, entries, labels)


@dataclass(frozen=True, slots=True)
class TopicMeaning:
    """What closeness to a topic is measured by: examples, labelled entries of its packs, or marks of both kinds with
    the quality on unseen ones.

    `today`: entries that became mentions so in the last 24 hours.
    """

    topic: str
    relevant: int
    others: int
    by: OpinionKind
    quality: Mapping[str, float]
    today: int


async def meaning_of(compiled: CompiledConfig) -> list[TopicMeaning]:
    """The meaning of each topic that has one. Raises `StoreError`."""
    async with _opened(compiled, stored=True) as (opinions, store):
        if opinions is None or store is None:
            return []
        found = []
        for topic in compiled.settings.topics:
            sense = await opinions.sense(topic.name)
            if sense is not None:
                used = store.opinions.used(meaning_budget(topic.name), SystemClock().now())
                found.append(_topic_meaning(topic.name, sense, used))
        return found


def _topic_meaning(name: str, sense: Sense, used: int) -> TopicMeaning:
    learned = sense.learned
    if learned is None and sense.packs:
        relevant, others = sum(one.relevant for one in sense.packs), sum(one.irrelevant for one in sense.packs)
        return TopicMeaning(name, relevant, others, OpinionKind.PACKS, {}, used)
    if learned is None:
        return TopicMeaning(name, len(sense.relevant), len(sense.irrelevant), OpinionKind.MEANING, {}, used)
    quality = asdict(learned.quality)
    return TopicMeaning(name, learned.relevant, learned.irrelevant, OpinionKind.MARKS, quality, used)


def meaning_json(one: TopicMeaning) -> dict[str, Any]:
    """As JSON values; `quality` is null until there are enough marks."""
    by = "examples" if one.by is OpinionKind.MEANING else one.by.value
    return {**asdict(one), "by": by, "quality": dict(one.quality) or None}


@asynccontextmanager
async def _opened(compiled: CompiledConfig, *, stored: bool) -> AsyncIterator[tuple[Opinions | None, Store | None]]:
    async with AsyncExitStack() as stack:
        pool = ThreadPool("store", 1)
        stack.callback(pool.close)
        store = open_config_store(compiled) if stored else None
        if store is not None:
            stack.callback(store.close)
        asking_nobody = replace(compiled, settings=replace(compiled.settings, second_look=None))
        opinions = open_opinions(asking_nobody, SystemClock(), store, pool)
        if opinions is not None:
            stack.push_async_callback(opinions.aclose)
        yield opinions, store


async def _matches(
    compiled: CompiledConfig, opinions: Opinions, entries: Sequence[Entry], labels: Mapping[str, str] | None
) -> list[dict[str, Match]]:
    undecided = [
        Undecided(str(number), entry, match)
        for number, entry in enumerate(entries)
        for match in compiled.percolator.undecided(entry, opinions.topics, labels)
    ]
    found: list[dict[str, Match]] = [{} for _ in entries]
    for one in await opinions.with_closeness(undecided):
        by = wants_lift(one.match)
        found[int(one.entry_key)][one.match.topic] = one.match if by is None else lifted(one.match, by)
    return found
