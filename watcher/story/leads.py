"""Two leads word by word: where they differ, and which of the differences contradict.

A copy may be cut short, or edited here and there. What only looks like a copy is a template filled in for another place
(warnings, bulletins, tickers), or an update in which one word decides. So every difference is looked at:

    a number, a word that excludes the other one  always contradicts
    a word that is only negated                   always contradicts
    few differences, each in its slot             a template: any content word contradicts
    one content word, the others of style         contradicts when it stands for another content word
    some differences                              a negation contradicts
    many differences                              an edited copy, unless names make up half of them

In scripts without capitals any word may be a name, so more differences are looked at as slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.story.opposites import exclude_each_other, is_negated
from watcher.story.wording import AUXILIARIES, NEGATIONS, Wording

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
class Hunk:
    """Words of the new lead where the old text has others: [start, end) in each of them."""

    old: tuple[int, int]
    new: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The lead of a text beside the text that may contain it. `begins_inside`: not at the beginning of that text."""

    old: Wording
    new: Wording
    hunks: tuple[Hunk, ...]
    agrees: bool
    begins_inside: bool = False


def align(old: Wording, text: Wording) -> Alignment:
    """Where the lead of `text` is in `old`, word by word. What `old` has besides is no difference; nor is what the new
    text goes on to say after the old one has ended.
    """
    new = text.beginning(LEAD)
    matcher = SequenceMatcher(None, old.words, new.words, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return Alignment(old, new, (), agrees=False)
    hunks = []
    at_old, at_new = max(0, blocks[0].a - blocks[0].b), 0
    for block in blocks:
        if block.b > at_new or block.a > at_old:
            hunks.append(Hunk((at_old, block.a), (at_new, block.b)))
        at_old, at_new = block.a + block.size, block.b + block.size
    end = at_new
    if at_new < len(new.words) and at_old < len(old.words):
        rest = len(new.words) - at_new
        hunks.append(Hunk((at_old, min(len(old.words), at_old + rest)), (at_new, len(new.words))))
        end = len(new.words)
    matched = [block.size for block in blocks]
    in_first = sum(max(0, min(block.b + block.size, FIRST_SENTENCE) - block.b) for block in blocks)
    agrees = (
        sum(matched) >= LEADS_AGREE * end
        and in_first >= FIRST_SENTENCES_AGREE * min(end, FIRST_SENTENCE)
        and all(hunk.new[1] - hunk.new[0] <= LONGEST_ADDITION for hunk in hunks)
    )
    return Alignment(old, new, tuple(hunks), agrees, begins_inside=blocks[0].a - blocks[0].b > LONGEST_ADDITION)


def leads_differ(lead: Alignment) -> Difference | None:
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


def _that_decides(lead: Alignment, found: Sequence[tuple[Hunk, Difference]]) -> Difference | None:
    """A difference that contradicts whatever else was edited."""
    if any(difference is Difference.NUMBER for _, difference in found):
        return Difference.NUMBER
    if _has_opposite(lead):
        return Difference.OPPOSITE
    if any(difference is Difference.NEGATION and _is_only_negated(lead, hunk) for hunk, difference in found):
        return Difference.NEGATION
    return None


def _of_hunk(lead: Alignment, hunk: Hunk) -> Difference | None:
    """What one difference means; None when it is only a matter of style."""
    old, new = lead.old.part(*hunk.old), lead.new.part(*hunk.new)
    if _has_other_number(lead, hunk):
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


def _has_opposite(lead: Alignment) -> bool:
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


def _is_replacement(lead: Alignment, hunk: Hunk) -> bool:
    old, new = lead.old.part(*hunk.old), lead.new.part(*hunk.new)
    return bool(old.without(new).content and new.without(old).content)


def _is_only_negated(lead: Alignment, hunk: Hunk) -> bool:
    """Whether both say the same but for the negation: "will not accept", "did not accept" beside "accepted"."""
    old, new = lead.old.part(*hunk.old), lead.new.part(*hunk.new)
    plain, negated = (new, old) if old.has_negation else (old, new)
    return not plain.without(negated).words and not (negated.without(plain).content - NEGATIONS - AUXILIARIES)


def _has_other_number(lead: Alignment, hunk: Hunk) -> bool:
    """Whether a number stands for another one, in words that may be numbers, too, or where there was nothing before."""
    whole = _of_whole_numbers(lead, hunk)
    old, new = lead.old.part(*whole.old), lead.new.part(*whole.new)
    if old.numbers and new.numbers:
        return not new.numbers <= old.numbers
    if old.numbers or new.numbers:
        unsure = (new if old.numbers else old).unsure_numbers
        if unsure:
            return unsure.isdisjoint(old.numbers | new.numbers)
    is_added = hunk.old[0] == hunk.old[1]  # "a week ago" has a one in many languages
    return is_added and bool(new.numbers - lead.old.beginning(LEAD).numbers - {"1"})


def _of_whole_numbers(lead: Alignment, hunk: Hunk) -> Hunk:
    """The hunk with as many equal words around it as the numbers need of which it has a part."""
    sides = ((lead.old, hunk.old), (lead.new, hunk.new))
    spans = [(one, side) for text, side in sides for one in text.spans if one.start < side[1] and one.end > side[0]]
    left = max((side[0] - one.start for one, side in spans), default=0)
    right = max((one.end - side[1] for one, side in spans), default=0)
    left, right = max(left, 0), max(right, 0)
    return Hunk((max(0, hunk.old[0] - left), hunk.old[1] + right), (max(0, hunk.new[0] - left), hunk.new[1] + right))


def _of_continuation(lead: Alignment) -> Difference | None:
    """What a text says after the other one has ended may be the news: a number that was not known before."""
    if len(lead.old.words) >= LEAD:
        return None
    return Difference.NUMBER if lead.new.numbers - lead.old.numbers else None
