"""Whether two entries report the same: their leads agree, and nothing in headline or lead contradicts.

A copy may have another headline, be cut short, or be edited here and there. What only looks like a copy is a template
filled in for another place (warnings, bulletins, tickers), a new event above yesterday's background, or an update in
which one word decides. So every difference between the two leads is looked at:

    a number, a word that excludes the other one  always contradicts
    a word that is only negated                   always contradicts
    few differences, each in its slot             a template: any content word contradicts
    one content word, the others a matter of style  contradicts when it stands for another content word
    some differences                              a negation contradicts
    many differences                              an edited copy, unless names make up half of them

In scripts without capitals any word may be a name, so more differences are looked at as slots. In doubt, entries do not
agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from enum import StrEnum

from watcher.model.local_time import representable
from watcher.model.story import Kinship, Sketch
from watcher.story.opposites import exclude_each_other, is_negated
from watcher.story.sketch import DISTINCTIVE_TITLE, SHORT_BODY, Overlap, overlap
from watcher.story.wording import AUXILIARIES, CORRECTIONS, NEGATIONS, Wording, has_words, wording_of

LEAD = 100
"""Words at the beginning of a text that are compared one by one; in scripts without spaces, characters."""
FIRST_SENTENCE = 25
LEADS_AGREE = 0.7
"""The share of a lead that the other text must contain, and ..."""
FIRST_SENTENCES_AGREE = 0.6
"""... of its first sentence."""
LONGEST_ADDITION = 7
"""Words in a row that a lead may add to the other text; more are a sentence of their own."""
SLOTS = 3
"""So many differences are looked at as slots of a template."""
SLOTS_WITHOUT_CASE = 4
"""In scripts without capitals, where any word may be a name, so many."""
LIGHTLY_EDITED = 4
"""Differences up to which a negation is looked at."""
NAMES_EXPLAIN = 0.5
"""The share of the differences in names from which the text is a template."""
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


class Difference(StrEnum):
    """Why two entries that share much do not report the same."""

    CORRECTION = "correction"
    DATELINE = "dateline"
    NUMBER = "number"
    NEGATION = "negation"
    OPPOSITE = "opposite"
    NAME = "name"
    WORD = "word"
    HEADLINE = "headline"
    RECURRING = "recurring"


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
    lead = _align(old_text, text)
    if not lead.agrees or (lead.begins_inside and found.containment < IS_PART):
        return UNRELATED
    difference = _headlines_differ(new, old) or _datelines_differ(new, old) or _leads_differ(lead)
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


@dataclass(frozen=True, slots=True)
class _Hunk:
    """Words of the new lead where the old text has others: [start, end) in each of them."""

    old: tuple[int, int]
    new: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Alignment:
    """The lead of a text beside the text that may contain it. `begins_inside`: not at the beginning of that text."""

    old: Wording
    new: Wording
    hunks: tuple[_Hunk, ...]
    agrees: bool
    begins_inside: bool = False


def _align(old: Wording, text: Wording) -> _Alignment:
    """Where the lead of `text` is in `old`, word by word. What `old` has besides is no difference; nor is what the new
    text goes on to say after the old one has ended.
    """
    new = text.beginning(LEAD)
    matcher = SequenceMatcher(None, old.words, new.words, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return _Alignment(old, new, (), agrees=False)
    hunks = []
    at_old, at_new = max(0, blocks[0].a - blocks[0].b), 0
    for block in blocks:
        if block.b > at_new or block.a > at_old:
            hunks.append(_Hunk((at_old, block.a), (at_new, block.b)))
        at_old, at_new = block.a + block.size, block.b + block.size
    end = at_new
    if at_new < len(new.words) and at_old < len(old.words):
        rest = len(new.words) - at_new
        hunks.append(_Hunk((at_old, min(len(old.words), at_old + rest)), (at_new, len(new.words))))
        end = len(new.words)
    matched = [block.size for block in blocks]
    in_first = sum(max(0, min(block.b + block.size, FIRST_SENTENCE) - block.b) for block in blocks)
    agrees = (
        sum(matched) >= LEADS_AGREE * end
        and in_first >= FIRST_SENTENCES_AGREE * min(end, FIRST_SENTENCE)
        and all(hunk.new[1] - hunk.new[0] <= LONGEST_ADDITION for hunk in hunks)
    )
    return _Alignment(old, new, tuple(hunks), agrees, begins_inside=blocks[0].a - blocks[0].b > LONGEST_ADDITION)


def _leads_differ(lead: _Alignment) -> Difference | None:
    """The difference that makes two leads contradict, however much else they share."""
    all_found = [(hunk, _of_hunk(lead, hunk)) for hunk in lead.hunks]
    found = [(hunk, difference) for hunk, difference in all_found if difference is not None]
    if not found:
        return _of_continuation(lead)
    decisive = _that_decides(lead, found)
    if decisive is not None:
        return decisive
    kinds = [difference for _, difference in found]
    slots = SLOTS if lead.new.has_case else SLOTS_WITHOUT_CASE
    if len(lead.hunks) <= slots or (len(found) == 1 and _is_replacement(lead, found[0][0])):
        return kinds[0]
    if Difference.NEGATION in kinds and len(found) <= LIGHTLY_EDITED:
        return Difference.NEGATION
    return Difference.NAME if kinds.count(Difference.NAME) >= NAMES_EXPLAIN * len(kinds) else None


def _that_decides(lead: _Alignment, found: Sequence[tuple[_Hunk, Difference]]) -> Difference | None:
    """A difference that contradicts whatever else was edited."""
    if any(difference is Difference.NUMBER for _, difference in found):
        return Difference.NUMBER
    if _has_opposite(lead):
        return Difference.OPPOSITE
    if any(difference is Difference.NEGATION and _is_only_negated(lead, hunk) for hunk, difference in found):
        return Difference.NEGATION
    return None


def _of_hunk(lead: _Alignment, hunk: _Hunk) -> Difference | None:
    """What one difference means; None when it is only a matter of style."""
    old, new = lead.old.part(*hunk.old), lead.new.part(*hunk.new)
    if old.numbers and new.numbers and not new.numbers <= old.numbers:
        return Difference.NUMBER
    if old.has_negation != new.has_negation:
        return Difference.NEGATION
    near = lead.old.part(max(0, hunk.old[0] - 4), hunk.old[1] + 4)
    added = new.without(near)
    if not added.content and not added.names:
        return None
    if added.names and (old.names or not hunk.old[1] - hunk.old[0]):
        return Difference.NAME
    return Difference.WORD


def _has_opposite(lead: _Alignment) -> bool:
    """Whether a word was replaced by one that excludes it, in its place or somewhere else in the lead."""
    reach = 0 if lead.new.has_case else 1  # a word of a script without spaces may differ in one character only
    pairs = [(_around(lead.old, hunk.old, reach), _around(lead.new, hunk.new, reach)) for hunk in lead.hunks]
    if any(exclude_each_other(old.opposites, new.opposites) or _is_negated(old, new) for old, new in pairs):
        return True
    removed = {one for old, _ in pairs for one in old.opposites} - lead.new.opposites
    added = {one for _, new in pairs for one in new.opposites} - lead.old.beginning(LEAD).opposites
    return exclude_each_other(removed, added)


def _is_negated(old: Wording, new: Wording) -> bool:
    return any(is_negated(one, other) for one in old.words for other in new.words if one != other)


def _around(wording: Wording, span: tuple[int, int], reach: int) -> Wording:
    return wording.part(max(0, span[0] - reach), span[1] + reach) if span[1] > span[0] else wording.part(0, 0)


def _is_replacement(lead: _Alignment, hunk: _Hunk) -> bool:
    old, new = lead.old.part(*hunk.old), lead.new.part(*hunk.new)
    return bool(old.without(new).content and new.without(old).content)


def _is_only_negated(lead: _Alignment, hunk: _Hunk) -> bool:
    """Whether both say the same but for the negation: "will not accept", "did not accept" beside "accepted"."""
    old, new = lead.old.part(*hunk.old), lead.new.part(*hunk.new)
    plain, negated = (new, old) if old.has_negation else (old, new)
    return not plain.without(negated).words and not (negated.without(plain).content - NEGATIONS - AUXILIARIES)


def _of_continuation(lead: _Alignment) -> Difference | None:
    """What a text says after the other one has ended may be the news: a number that was not known before."""
    if len(lead.old.words) >= LEAD:
        return None
    return Difference.NUMBER if lead.new.numbers - lead.old.numbers else None


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
