"""Which story an entry belongs to, and which of a story's alerts are sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from watcher.model.alert import Alert, EarlierAlert, stable_hash
from watcher.model.story import AlertDecision, Placement, Sketch, StoryMember, Verdict
from watcher.story.compare import Relation, compare
from watcher.story.leads import Difference
from watcher.story.sketch import is_of_title
from watcher.story.wording import wording_of

WINDOW = timedelta(hours=72)
"""How long after its first entry a story takes in others; short texts and headlines count for less, see `compare`."""
MOST_STORIES = 16
"""A hash that more stories share is boilerplate and finds no candidates."""
MOST_CANDIDATES = 12
TITLE_HITS = 3
"""What an equal headline counts for among the hashes that find candidates."""


class StoryAssigner:
    """The `AssignsStories` that the service uses."""

    window: timedelta = WINDOW

    def candidates(self, sketch: Sketch, postings: Mapping[int, Sequence[int]]) -> list[int]:
        """Those that share the most hashes; a hash that many stories share says nothing."""
        hits: Counter[int] = Counter()
        for value, numbers in postings.items():
            if len(numbers) <= MOST_STORIES:
                for number in numbers:
                    hits[number] += TITLE_HITS if is_of_title(value) else 1
        return [number for number, _ in hits.most_common(MOST_CANDIDATES)]

    def place(self, sketch: Sketch, members: Sequence[StoryMember], now: datetime) -> Placement:
        """Where `assign` puts it."""
        return assign(sketch, members, now)


def assign(sketch: Sketch, members: Iterable[StoryMember], now: datetime) -> Placement:
    """Puts an entry into the story of the member that it agrees with most, or begins one.

    Members share some of the sketch's `hashes`; more of them do no harm. A story is out of the question when a member
    of it contradicts the entry, or is the same alarm of the same publisher before. The outcome does not depend on the
    order of members.
    """
    contradicting: dict[str, list[StoryMember]] = {}
    ended: set[str] = set()
    kin: list[tuple[Relation, StoryMember]] = []
    for member in members:
        found = compare(sketch, member.sketch, now - member.begun_at, now - member.seen_at)
        if found.difference is Difference.RECURRING:
            ended.add(member.story)
        elif found.difference is not None:
            contradicting.setdefault(member.story, []).append(member)
        elif found.agreement > 0:
            kin.append((found, member))
    whole = {story: [member for _, member in kin if member.story == story] for story in contradicting}
    contradicted = {
        story
        for story, against in contradicting.items()
        if not all(any(_is_part(member, one) for one in whole[story]) for member in against)
    }
    open_to = [
        (found, member)
        for found, member in kin
        if member.story not in ended and (found.is_exact or member.story not in contradicted)
    ]
    if not open_to:
        return Placement(stable_hash("story", "entry", sketch.entry_key))
    found, member = max(open_to, key=_closeness)
    return Placement(member.story, found.kinship, member.sketch.entry_key)


def _is_part(member: StoryMember, whole: StoryMember) -> bool:
    """Whether a member says nothing but what another one says: its text is the beginning of the other's, or a part.

    An entry that agrees with the whole agrees with the part; the part alone has too few words to show that a text
    was edited and is no template. Without this, the outcome would depend on which of the three came last.
    """
    part, text = wording_of(member.sketch.text).words, wording_of(whole.sketch.text).words
    return len(part) < len(text) and part == text[: len(part)]


def _closeness(related: tuple[Relation, StoryMember]) -> tuple[int, float, float, int, str]:
    """Of stories that an entry agrees with as much, the one that began first: it was reported to more readers."""
    found, member = related
    return found.kinship, found.agreement, -member.begun_at.timestamp(), found.shared, member.sketch.entry_key


def decide_alert(alert: Alert, earlier: Sequence[EarlierAlert]) -> AlertDecision:
    """Sends the first alert of a story on a topic, and another when the story rises to a higher level.

    `earlier` are the alerts of the topic on the same entry and on the story that it copies. An entry that has alerted
    at this level or above is a REPEAT, unless it has a new title and its topic wants updates; a copy is folded into the
    latest alert of its story that was that high and that comes from a feed trusted at least as much.
    """
    as_high = [one for one in earlier if one.level.rank >= alert.level.rank]
    if any(one.entry_key == alert.entry_key for one in as_high):
        return AlertDecision(Verdict.NOTIFY if alert.revision else Verdict.REPEAT)
    if not alert.folds:
        return AlertDecision(Verdict.NOTIFY)
    of_story = [one for one in as_high if one.story == alert.story and one.trust >= alert.trust]
    if of_story:
        return AlertDecision(Verdict.FOLD, into=of_story[-1].id)
    return AlertDecision(Verdict.NOTIFY)
