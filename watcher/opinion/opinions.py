"""Opinions on entries that words alone do not decide: closeness in meaning first, then a second look.

    undecided matches ─▶ vectors (child) ─▶ closeness ─▶ second look ─▶ budgets ─▶ mentions

Nothing here lowers a level, and nothing here stops a poll: what fails is no opinion, logged and counted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog

from watcher.clock import Clock
from watcher.fetch.post import Poster
from watcher.lazy_dataclass import dataclass
from watcher.match.lifting import best_first, is_worth_asking, lifted, wants_lift, with_meaning
from watcher.model.alert import Opinion, OpinionKind, stable_hash
from watcher.model.feed import FetchFailed
from watcher.model.opinion import Considered, OpinionResult, Undecided
from watcher.model.secret import reveal
from watcher.model.settings import Meaning, SecondLook
from watcher.model.topic import Level, Topic
from watcher.opinion.second_look import NoOpinion, Question, opinion_of, question
from watcher.opinion.texts import MarkedText, entry_text, texts_of
from watcher.store.store import Store
from watcher.threads import ThreadPool

if TYPE_CHECKING:
    from watcher.match.meaning import Sense
    from watcher.opinion.vectors import Vectors

log = structlog.get_logger()

T = TypeVar("T")

SENSE_LIFE = timedelta(hours=6)
"""How long marks of users may wait before they count."""
_QUESTIONS_AT_ONCE = 4
_ANSWER_BYTES = 200_000
SECOND_LOOKS = "second looks"
"""The budget of questions."""


@dataclass(slots=True)
class _TimedSense:
    sense: Sense | None
    until: datetime


class Opinions:
    """Gives opinions, under one configuration. Use on one event loop; close it.

    Without a store nothing is remembered, there are no marks, and no budget ends.
    """

    def __init__(
        self,
        topics: Sequence[Topic],
        meaning: Meaning,
        second_look: SecondLook | None,
        clock: Clock,
        *,
        vectors: Vectors | None,
        poster: Poster | None,
        store: Store | None = None,
        store_pool: ThreadPool | None = None,
    ) -> None:
        self._topics = {topic.name: topic for topic in topics}
        self._meaning = meaning
        self._second_look = second_look
        self._clock = clock
        self._vectors = vectors if meaning.enabled else None
        self._poster = poster
        self._store = store
        self._store_pool = store_pool
        self._senses: dict[str, _TimedSense] = {}
        self._making_sense = asyncio.Lock()
        self._questions = asyncio.Semaphore(_QUESTIONS_AT_ONCE)

    @property
    def topics(self) -> frozenset[str]:
        """The topics whose matches are considered."""
        if self._second_look is not None:
            return frozenset(self._topics)
        if self._vectors is None:
            return frozenset()
        return frozenset(name for name, topic in self._topics.items() if topic.meaning and texts_of(topic).relevant)

    async def consider(self, those: Sequence[Undecided]) -> Considered:
        """The matches with their opinions. Raises `StoreError`; a cancelled call leaves nothing half done."""
        counts: Counter[OpinionResult] = Counter()
        with_closeness = await self.with_closeness(those)
        looked = await asyncio.gather(*(self._look(one, counts) for one in with_closeness))
        kept = [(one.entry_key, one.match) for one in looked if one.match.level is not Level.NONE]
        for key, match in best_first((one.entry_key, one.match) for one in looked):
            by = wants_lift(match)
            if by is None:
                continue
            if await self._within_budget(by, key, match.topic):
                counts[OpinionResult.LIFTED] += 1
                kept.append((key, lifted(match, by)))
            else:
                counts[OpinionResult.OVER_BUDGET] += 1
        return Considered(tuple(kept), counts)

    async def with_closeness(self, those: Sequence[Undecided]) -> list[Undecided]:
        """The same with closeness in meaning, where it can be measured. Raises `StoreError`."""
        senses = {name: await self.sense(name) for name in sorted({one.match.topic for one in those})}
        wanted = [one for one in those if senses[one.match.topic] is not None]
        if self._vectors is None or not wanted:
            return list(those)
        vectors = await self._vectors.of(entry_text(one.entry) for one in wanted)
        found = []
        for one in those:
            sense, vector = senses[one.match.topic], vectors.get(entry_text(one.entry))
            if sense is None or vector is None:
                found.append(one)
            else:
                found.append(replace(one, match=with_meaning(one.match, sense.opinion(vector))))
        return found

    async def sense(self, name: str) -> Sense | None:
        """What a topic means, with what was learned from its marks so far. Raises `StoreError`."""
        topic = self._topics[name]
        if self._vectors is None or not topic.meaning:
            return None
        async with self._making_sense:
            known = self._senses.get(name)
            if known is None or known.until <= self._clock.now():
                from watcher.opinion.senses import sense_of  # needs numpy, which only the extra has

                marks = await self._marks(name)
                sense = await sense_of(topic, marks, self._vectors, self._meaning.closeness)
                known = self._senses[name] = _TimedSense(sense, self._clock.now() + SENSE_LIFE)
        return known.sense

    async def aclose(self) -> None:
        """Ends the encoder and closes connections."""
        if self._vectors is not None:
            await self._vectors.aclose()
        if self._poster is not None:
            await self._poster.aclose()

    async def _look(self, one: Undecided, counts: Counter[OpinionResult]) -> Undecided:
        look = self._second_look
        if look is None or self._poster is None or not is_worth_asking(one.match):
            return one
        topic = self._topics[one.match.topic]
        asked = question(look.model, topic.title, texts_of(topic), one.entry)
        opinion = await self._answer(look, self._poster, asked)
        if isinstance(opinion, NoOpinion):
            counts[OpinionResult.FAILED] += 1
            log.warning("second_look.failed", topic=topic.name, entry=one.entry_key, reason=str(opinion))
            return one
        if opinion is None:
            counts[OpinionResult.OVER_BUDGET] += 1
            return one
        counts[OpinionResult.YES if opinion.favours else OpinionResult.NO] += 1
        return replace(one, match=replace(one.match, opinions=(*one.match.opinions, opinion)))

    async def _answer(self, look: SecondLook, poster: Poster, asked: Question) -> Opinion | NoOpinion | None:
        """From the store where the same was asked before; None when the budget is used up."""
        key = stable_hash("answer", asked.body.decode())
        known = await self._stored(lambda store: store.opinions.values((key,), self._clock.now()))
        if known is not None and key in known:
            return opinion_of(known[key], asked.text)
        now = self._clock.now()
        if await self._stored(lambda store: store.opinions.take(SECOND_LOOKS, key, look.per_day, now)) is False:
            return None
        async with self._questions:
            answered = await poster.post(
                reveal(look.url), asked.body, key=look.key, within=look.timeout, most_bytes=_ANSWER_BYTES
            )
        if isinstance(answered, FetchFailed):
            return NoOpinion(f"{answered.reason}: {answered.detail}")
        if answered.status != 200:
            return NoOpinion(f"the service answered with status {answered.status}")
        opinion = opinion_of(answered.body, asked.text)
        if isinstance(opinion, Opinion):
            await self._stored(lambda store: store.opinions.keep({key: answered.body}, self._clock.now()))
        return opinion

    async def _within_budget(self, by: OpinionKind, key: str, topic: str) -> bool:
        """A question was paid for when it was asked."""
        if by is OpinionKind.SECOND_LOOK:
            return True
        most, now = self._meaning.per_day, self._clock.now()
        took = await self._stored(lambda store: store.opinions.take(meaning_budget(topic), key, most, now))
        return took is not False

    async def _marks(self, topic: str) -> list[MarkedText]:
        marked = await self._stored(lambda store: store.marks.alerts(topic)) or []
        missed = await self._stored(lambda store: store.marks.missed(topic)) or []
        said = [MarkedText(entry_text(one.alert.entry), one.is_relevant) for one in marked]
        return [*said, *(MarkedText(entry_text(one.entry), True) for one in missed)]

    async def _stored(self, work: Callable[[Store], T]) -> T | None:
        if self._store is None or self._store_pool is None:
            return None
        return await self._store_pool(work, self._store)


def meaning_budget(topic: str) -> str:
    """The budget of a topic's entries that are mentions by their meaning."""
    return f"meaning {topic}"
