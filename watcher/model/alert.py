"""A match, what proves it, and the alert it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import Entry, Identified
from watcher.model.fingerprint import stable_hash_of_bytes
from watcher.model.topic import OWN_TOPIC, Level, Points, Topic, format_points
from watcher.model.trust import Trust


@dataclass(frozen=True, slots=True)
class Evidence:
    """One part of a score: a term (or near pair) in one field. The parts add up to the score (I11).

    `text` is the passage of the *original* text around the first occurrence; `highlights` are the
    [start, end) character ranges of the words inside `text`.
    """

    term: str
    field: str
    count: int
    points: Points
    text: str = ""
    highlights: tuple[tuple[int, int], ...] = ()


class OpinionKind(StrEnum):
    """What has an opinion on an entry beside the words of a topic.

    MEANING: how close it is to the topic's examples. PACKS: a regression made from labelled entries, which comes with
    the topic's packs. MARKS: one made from what users marked. SECOND_LOOK: a language model that was asked.
    """

    MEANING = "meaning"
    PACKS = "packs"
    MARKS = "marks"
    SECOND_LOOK = "second_look"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What something else than a topic's words says of an entry. It is beside the score, never in it.

    `value` and `least`, in hundredths: closeness or probability, and from where it speaks for the entry. `quote`: words
    of the entry that prove a second look.
    """

    kind: OpinionKind
    favours: bool
    value: int = 0
    least: int = 0
    quote: str = ""

    def facts(self) -> dict[str, object]:
        """It as JSON values; closeness and probability between 0 and 1."""
        return {
            "kind": self.kind.value,
            "favours": self.favours,
            "value": self.value / 100,
            "least": self.least / 100,
            "quote": self.quote,
        }


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that reached a level of a topic. `lifted_by`: it is a mention by this opinion, not by its words."""

    topic: str
    score: Points
    level: Level
    focus: Points
    evidence: tuple[Evidence, ...]
    opinions: tuple[Opinion, ...] = ()
    lifted_by: OpinionKind | None = None


class AlertState(StrEnum):
    """Where an alert stands before it has deliveries."""

    UNROUTED = "unrouted"
    ROUTED = "routed"
    FOLDED = "folded"


@dataclass(frozen=True, slots=True)
class FoldedReport:
    """Another report on the story of an alert, which was folded into it: its publisher, headline and link."""

    source: str
    title: str
    link: str


@dataclass(frozen=True, slots=True)
class LateCopies:
    """Reports folded into an alert (`alert_id`) after the message that shows it was made; `source` is its publisher."""

    alert_id: str
    topic: str
    topic_title: str
    title: str
    link: str
    reports: tuple[FoldedReport, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A match worth notifying, complete in itself: what it says does not change after it is saved (I2).

    `labels` are frozen with it: ours (topic level score feed language story publishers) and the feed's.
    `publishers` is how many independent publishers had its story when it was frozen into a message; the label of that
    name says how many there were when the alert was made. `folded_into` names the alert of the same topic and story
    that was sent instead; `reason` says why a routed alert has no deliveries.
    """

    id: str
    topic: str
    topic_title: str
    level: Level
    score: Points
    focus: Points
    evidence: tuple[Evidence, ...]
    entry_key: str
    entry: Entry
    feed_url: str
    feed_title: str
    first_seen: datetime
    story: str
    labels: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    reports: tuple[FoldedReport, ...] = ()
    """Those whose headline differs from that of the alert, in order of creation (I13)."""
    state: AlertState = AlertState.UNROUTED
    folded_into: str | None = None
    created_at: datetime | None = None
    reason: str = ""
    publishers: int = 1
    trust: Trust = Trust.NORMAL
    folds: bool = True
    """False: its topic wants copies of a story, too."""
    revision: str = ""
    """The fingerprint of the new title of an entry that is sent again for it."""
    opinions: tuple[Opinion, ...] = ()
    lifted_by: OpinionKind | None = None
    """The opinion that made it a mention; None when its words did."""

    @property
    def rank(self) -> Points:
        return rank_of(self.topic, self.level, self.score)


ABOVE_ALL = 2**31 - 1
"""The rank of a report on a critical feed: more than any score, and no more than an integer column takes."""


def rank_of(topic: str, level: Level, score: Points) -> Points:
    """What quiet hours and budgets go by: an alert's score. Reports on critical feeds, without points, come first."""
    return ABOVE_ALL if topic == OWN_TOPIC and level is Level.FOCUS else score


@dataclass(frozen=True, slots=True)
class MarkedAlert:
    """An alert that a user called relevant or not. Its entry is as complete as it was known when it was marked."""

    alert: Alert
    is_relevant: bool
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class MissedEntry:
    """An entry for which a user says that it should have made an alert of `topic`. The entry is complete."""

    topic: str
    key: str
    entry: Entry
    feed_url: str
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class EarlierAlert:
    """What is known of an earlier alert on the same topic and the same entry or story when a new one is decided on."""

    id: str
    level: Level
    entry_key: str
    story: str
    created_at: datetime
    trust: Trust = Trust.NORMAL


def alert_id(topic: str, entry_key: str, level: Level, revision: str = "") -> str:
    """The name of an alert: 128 bits over (topic, entry key, level), in hex (I2); of a new title, also over that."""
    return stable_hash("alert", topic, entry_key, level.value, *([revision] if revision else []))


def stable_hash(*parts: str) -> str:
    """128 bits over a list of texts, in hex; the parts cannot run into one another."""
    return stable_hash_of_bytes(*(part.encode("utf-8", "surrogatepass") for part in parts))


SUMMARY_LIMIT = 2_000
"""Characters of an entry's text that an alert keeps of its own; the full text stays with the entry."""


def entry_of_alert(entry: Entry) -> Entry:
    """The entry as an alert carries it: short enough to be frozen into every message that lists it."""
    return replace(entry, summary=(entry.summary or entry.content)[:SUMMARY_LIMIT], content="")


@dataclass(frozen=True, slots=True)
class AlertOrigin:
    """Where an entry was found: what an alert says about its feed.

    `feed_label` is the configured name, else the address; `feed_title`, for display only, may be the feed's own title.
    """

    feed_url: str
    feed_label: str
    feed_title: str
    feed_labels: Mapping[str, str]
    language: str | None
    trust: Trust = Trust.NORMAL


def make_alert(match: Match, topic: Topic, identified: Identified, origin: AlertOrigin, first_seen: datetime) -> Alert:
    """A match worth notifying, with its labels. Feed labels never overrule ours (the configuration refuses the clash).

    `story` and `publishers` are still to be found, when it is saved.
    """
    entry, entry_key = identified.entry, identified.entry_key
    revision = identified.title_fingerprint if topic.updates and identified.is_retitled else ""
    labels = {
        **origin.feed_labels,
        "topic": match.topic,
        "level": match.level.value,
        "score": format_points(match.score),
        "feed": origin.feed_label,
        "language": entry.language or origin.language or "",
        "story": "",
        "publishers": "1",
    }
    return Alert(
        id=alert_id(match.topic, entry_key, match.level, revision),
        topic=match.topic,
        topic_title=topic.title,
        level=match.level,
        score=match.score,
        focus=match.focus,
        evidence=match.evidence,
        entry_key=entry_key,
        entry=entry_of_alert(entry),
        feed_url=origin.feed_url,
        feed_title=origin.feed_title,
        first_seen=first_seen,
        story="",
        labels=labels,
        created_at=first_seen,
        trust=origin.trust,
        folds=topic.folds,
        revision=revision,
        opinions=match.opinions,
        lifted_by=match.lifted_by,
    )
