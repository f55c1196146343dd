"""Whether two entries report the same: their leads agree, and nothing in headline or lead contradicts.

A copy may have another headline, be cut short, or be edited here and there. What only looks like a copy is a template
filled in for another place, a new event above yesterday's background, or an update in which one word decides. `leads`
says which differences between two leads contradict. In doubt, entries do not agree.
"""

from __future__ import annotations

from datetime import timedelta

from watcher.lazy_dataclass import dataclass
from watcher.model.local_time import representable
from watcher.model.story import Kinship, Sketch
from watcher.story.leads import Difference, align, leads_differ
from watcher.story.opposites import exclude_each_other
from watcher.story.sketch import DISTINCTIVE_TITLE, SHORT_BODY, Overlap, overlap
from watcher.story.wording import CORRECTIONS, Wording, has_words, wording_of

IS_PART = 0.8
"""Containment from which a text that begins elsewhere is a part of the other one."""
IS_EXACT = 0.95
"""Containment from which a text whose lead is the same word for word is the same."""
LEAST_SHARED = 3
NEEDED = ((8, 0.85), (20, 0.65), (40, 0.45))
"""Up to so many shingles in the shorter text, so much of it must be shared; short texts need more agreement."""
NEEDED_OF_LONG = 0.38
NEEDED_OF_ONE_PUBLISHER = 0.6
"""What two entries of one publisher share may be no more than the frame that it puts around all of them."""
THIN_TEXT, SHORT_TEXT = 20, 60
"""Words below which a text is little evidence."""
GROWN = 2.5
"""A text so many times as long as a thin one says more than that."""
KIN = 0.25
"""The share of equal content words from which two headlines are about the same; a new number contradicts then."""
ALIKE = 0.5
"""The share of equal content words from which two headlines are the same but for a word."""

HEADLINE_WINDOW = timedelta(hours=6)
SHORT_WINDOW = timedelta(hours=24)
ONE_PUBLISHER_WINDOW, ONE_PUBLISHER_SHORT_WINDOW = timedelta(hours=12), timedelta(hours=1)
"""How far apart two entries of one publisher with the same text may be dated; later ones are new events."""


@dataclass(frozen=True, slots=True)
class Relation:
    """How a new entry relates to an earlier one. `agreement` is 0 to 1, 0 for entries that have nothing to do with each
    other; with a `difference` they contradict, and the new entry belongs to no story of which the earlier one is a
    part, unless it `is_exact`: it says what another entry of that story says, word for word.
    """

    kinship: Kinship = Kinship.FIRST
    agreement: float = 0.0
    shared: int = 0
    difference: Difference | None = None
    is_exact: bool = False


UNRELATED = Relation()


def compare(new: Sketch, old: Sketch, age: timedelta, gap: timedelta) -> Relation:
    """How `new` relates to `old`, an entry seen `gap` ago, of a story that began `age` ago."""
    found = overlap(new, old)
    if new.publisher == old.publisher != "" or (new.feed_url == old.feed_url != "" and not new.is_aggregator):
        return _of_one_publisher(new, old, found, gap)
    title, old_title = wording_of(new.title), wording_of(old.title)
    has_equal_title = len(title.words) >= DISTINCTIVE_TITLE and title.words == old_title.words
    if not (_has_text(new) and _has_text(old)):
        return _by_headline(new, old, has_equal_title=has_equal_title, age=max(age, _dates_apart(new, old)))
    relation = _by_text(new, old, found, age)
    if relation is UNRELATED and has_equal_title and age <= SHORT_WINDOW:
        return Relation(Kinship.REPORT, agreement=0.25, shared=found.shared)
    return relation


def _of_one_publisher(new: Sketch, old: Sketch, found: Overlap, gap: timedelta) -> Relation:
    """The same text of the same publisher is a copy at once (two of its feeds), and a new event later."""
    if not (_has_text(new) and _has_text(old)) or found.containment < NEEDED_OF_ONE_PUBLISHER:
        return UNRELATED
    relation = _by_text(new, old, found, timedelta(0))
    if relation.kinship is not Kinship.COPY or (new.link and new.link == old.link):
        return relation
    is_short = len(wording_of(new.text).words) < SHORT_TEXT
    window = ONE_PUBLISHER_SHORT_WINDOW if is_short else ONE_PUBLISHER_WINDOW
    if max(gap, _dates_apart(new, old)) > window:
        return Relation(agreement=relation.agreement, shared=found.shared, difference=Difference.RECURRING)
    return relation


def _by_headline(new: Sketch, old: Sketch, *, has_equal_title: bool, age: timedelta) -> Relation:
    """Without a text an equal headline is all there is: enough for hours, unless what little text there is differs."""
    if not has_equal_title or age > HEADLINE_WINDOW:
        return UNRELATED
    little, other = wording_of(new.text), wording_of(old.text)
    if _has_text(new) or _has_text(old) or not little.words or not other.words or little.words == other.words:
        return Relation(Kinship.COPY, agreement=1.0)
    return Relation(agreement=1.0, difference=Difference.WORD)


def _by_text(new: Sketch, old: Sketch, found: Overlap, age: timedelta) -> Relation:
    if found.shared < LEAST_SHARED or found.containment < _needed(min(new.size, old.size)):
        return UNRELATED
    text, old_text = wording_of(new.text), wording_of(old.text)
    lead = align(old_text, text)
    if not lead.agrees or (lead.begins_inside and found.containment < IS_PART):
        return UNRELATED
    difference = _headlines_differ(new, old) or _datelines_differ(new, old) or leads_differ(lead)
    if difference is not None:
        return Relation(agreement=found.containment, shared=found.shared, difference=difference)
    length = min(len(text.words), len(old_text.words))
    if length < SHORT_TEXT and age > (HEADLINE_WINDOW if length < THIN_TEXT else SHORT_WINDOW):
        return Relation(agreement=found.containment, shared=found.shared, difference=Difference.RECURRING)
    is_thin = len(old_text.words) < THIN_TEXT
    if is_thin and (lead.hunks or len(text.words) > GROWN * len(old_text.words)):
        return Relation(Kinship.REPORT, agreement=found.containment / 2, shared=found.shared)
    is_exact = not lead.hunks and found.containment >= IS_EXACT
    return Relation(Kinship.COPY, agreement=found.containment, shared=found.shared, is_exact=is_exact)


def _has_text(sketch: Sketch) -> bool:
    return has_words(sketch.text, SHORT_BODY)


def _needed(size: int) -> float:
    return next((share for longest, share in NEEDED if size <= longest), NEEDED_OF_LONG)


def _dates_apart(new: Sketch, old: Sketch) -> timedelta:
    if new.published is None or old.published is None:
        return timedelta(0)
    return abs(representable(new.published) - representable(old.published))


def _headlines_differ(new: Sketch, old: Sketch) -> Difference | None:
    title, old_title = wording_of(new.title), wording_of(old.title)
    if _corrects(title, new) and not _corrects(old_title, old):
        return Difference.CORRECTION
    shared = title.content - title.without(old_title).content
    likeness = len(shared) / max(len(title.content), len(old_title.content), 1)
    known = wording_of(old.text)
    if title.numbers - old_title.numbers - known.numbers and likeness >= (0.1 if old_title.numbers else KIN):
        return Difference.NUMBER
    if likeness >= KIN and exclude_each_other(old_title.opposites, title.opposites):
        return Difference.OPPOSITE
    if likeness < ALIKE:
        return None
    if title.has_negation != old_title.has_negation:
        return Difference.NEGATION
    # One way only, so that the order of arrival matters: a later headline that says less hides nothing when it folds.
    return Difference.HEADLINE if title.without(old_title).without(known).content else None


def _corrects(title: Wording, sketch: Sketch) -> bool:
    beginning = wording_of(sketch.text).beginning(SHORT_BODY)
    return any(word in CORRECTIONS for word in (*title.words, *beginning.words))


def _datelines_differ(new: Sketch, old: Sketch) -> Difference | None:
    if not new.dateline or not old.dateline:
        return None
    here, there = wording_of(new.dateline), wording_of(old.dateline)
    return Difference.DATELINE if len(here.without(there).words) == len(here.words) else None
