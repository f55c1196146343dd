"""Which entries tell one story, and which of its alerts is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watcher.model.alert import Alert, ToldAlert, stable_hash
from watcher.model.entry import Identified, joined_texts
from watcher.model.story import Judgement, Verdict
from watcher.story.publisher import headline_of, publisher_of
from watcher.story.sketch import Overlap, Sketch, contradicts, overlap, sketch

COPY_FROM = 0.5
"""Containment from which a text is a copy; below it tells of the same event partly in other words."""
LEAST_SHARED = 3

_NEEDED = ((8, 0.85), (20, 0.65), (40, 0.45))
"""Up to so many shingles in the shorter text, so much of it must be shared; short texts need more agreement."""
_NEEDED_OF_LONG = 0.38
_NEEDED_OF_ONE_PUBLISHER = 0.6
"""What two entries of one publisher share may be no more than the frame that it puts around all of them."""


class Kinship(StrEnum):
    """What an entry is to the story that it belongs to."""

    FIRST = "first"
    COPY = "copy"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Telling:
    """What is kept of an entry for as long as its story lives. `publisher` is "" when unknown."""

    entry_key: str
    sketch: Sketch
    publisher: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A telling that belongs to a story."""

    story: str
    telling: Telling


@dataclass(frozen=True, slots=True)
class Assignment:
    """The story of an entry. `of` is the key of the entry it copies or reports with; None for the first one."""

    story: str
    kinship: Kinship
    of: str | None = None


def telling_of(identified: Identified, feed_url: str = "") -> Telling:
    """What must be known of an entry to find its story."""
    entry = identified.entry
    return Telling(
        identified.key,
        sketch(headline_of(entry), joined_texts(entry.summary, entry.content)),
        publisher_of(entry, feed_url),
    )


def assign(telling: Telling, candidates: Iterable[Member]) -> Assignment:
    """Puts an entry into the story of the candidate that it agrees with most, or begins one.

    Candidates share some of the sketch's `index_hashes`; more of them do no harm. A story is out of the question when
    a member of it is the same template with other figures. The outcome does not depend on the order of candidates.
    """
    refused: set[str] = set()
    kin: list[tuple[float, int, str, Member]] = []
    for member in candidates:
        found = overlap(telling.sketch, member.telling.sketch)
        agreement = _agreement(telling, member.telling, found)
        if agreement <= 0:
            continue
        if contradicts(telling.sketch, member.telling.sketch, found):
            refused.add(member.story)
        else:
            kin.append((agreement, found.shared, member.telling.entry_key, member))
    best = max((k for k in kin if k[3].story not in refused), key=lambda k: k[:3], default=None)
    if best is None:
        return Assignment(_new_story(telling), Kinship.FIRST)
    kinship = Kinship.COPY if best[0] >= COPY_FROM else Kinship.REPORT
    return Assignment(best[3].story, kinship, best[3].telling.entry_key)


def story_of(identified: Identified) -> str:
    """The story of an entry that no other one is compared with: equal texts have equal stories."""
    return _new_story(telling_of(identified))


def judge(alert: Alert, told: Sequence[ToldAlert]) -> Judgement:
    """Tells the first alert of a story on a topic, and again when the story rises to a higher level.

    `told` are the earlier alerts of the topic on the same entry or story. An entry that has alerted at this level or
    above is a REPEAT; another entry of a story that has is folded into the latest alert that was that high.
    """
    as_high = [earlier for earlier in told if earlier.level.rank >= alert.level.rank]
    if any(earlier.entry_key == alert.entry_key for earlier in as_high):
        return Judgement(Verdict.REPEAT)
    of_story = [earlier for earlier in as_high if earlier.story == alert.story]
    if of_story:
        return Judgement(Verdict.FOLD, into=of_story[-1].id)
    return Judgement(Verdict.TELL)


def _agreement(one: Telling, other: Telling, found: Overlap) -> float:
    """How much two tellings agree, 0 when not enough. Without a text, only different publishers can agree: who gives
    two entries the same headline means two things.
    """
    mine, theirs = one.sketch, other.sketch
    has_texts = mine.has_text and theirs.has_text
    are_strangers = not one.publisher or one.publisher != other.publisher
    needed = max(_needed(min(mine.size, theirs.size)), 0.0 if are_strangers else _NEEDED_OF_ONE_PUBLISHER)
    if found.shared >= LEAST_SHARED and found.containment >= needed:
        return found.containment if has_texts or are_strangers else 0.0
    if mine.title and mine.title == theirs.title and are_strangers:
        return COPY_FROM / 2 if has_texts else 1.0
    return 0.0


def _needed(size: int) -> float:
    return next((share for longest, share in _NEEDED if size <= longest), _NEEDED_OF_LONG)


def _new_story(telling: Telling) -> str:
    """Equal long texts begin equal stories, also in two processes that do not see each other yet."""
    kept = telling.sketch
    if kept.has_text:
        return stable_hash("story", " ".join(map(str, kept.shingles)), " ".join(map(str, kept.figures)))
    return stable_hash("story", "entry", telling.entry_key)
