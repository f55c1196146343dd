"""A sliding window of stories in memory, with an index from hashes to the entries that have them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.story.cluster import Assignment, Member, Telling, assign

WINDOW = timedelta(hours=72)
MOST_STORIES = 16
"""A hash that more stories share is boilerplate and finds no candidates."""
MOST_CANDIDATES = 12
TITLE_HITS = 3


@dataclass(slots=True)
class _Story:
    last_told: datetime
    members: list[Member] = field(default_factory=list)


class StoryWindow:
    """Stories told within the last `window`, counted from the last entry of each.

    A hash points to the first entry of each story that has it, so that a hundred copies cost no more than one.
    """

    def __init__(self, window: timedelta = WINDOW) -> None:
        self._window = window
        self._stories: dict[str, _Story] = {}
        self._index: dict[int, Member | list[Member]] = {}

    def __len__(self) -> int:
        return sum(len(story.members) for story in self._stories.values())

    def assign(self, telling: Telling, now: datetime) -> Assignment:
        """Finds or begins the story of an entry and remembers it there."""
        self.forget(now)
        assignment = assign(telling, self.candidates(telling))
        self.remember(Member(assignment.story, telling), now)
        return assignment

    def candidates(self, telling: Telling) -> list[Member]:
        """Those entries that share the most index hashes; the headline counts like several."""
        hits: Counter[str] = Counter()
        found: dict[str, Member] = {}
        for value in telling.sketch.index_hashes:
            for member in self._members_with(value):
                key = member.telling.entry_key
                hits[key] += TITLE_HITS if value == telling.sketch.title else 1
                found[key] = member
        return [found[key] for key, _ in hits.most_common(MOST_CANDIDATES)]

    def remember(self, member: Member, now: datetime) -> None:
        """Adds an entry to its story: also how the window is filled again after a start, oldest entry first."""
        story = self._stories.pop(member.story, None) or _Story(now)
        story.last_told = max(story.last_told, now)
        story.members.append(member)
        self._stories[member.story] = story  # the last told stands last
        for value in member.telling.sketch.index_hashes:
            self._post(value, member)

    def forget(self, now: datetime) -> None:
        """Lets go of stories that nobody has told within the window."""
        while self._stories:
            name, story = next(iter(self._stories.items()))
            if story.last_told >= now - self._window:
                return
            del self._stories[name]
            for member in story.members:
                for value in member.telling.sketch.index_hashes:
                    self._unpost(value, member)

    def _members_with(self, value: int) -> list[Member]:
        posted = self._index.get(value)
        if posted is None:
            return []
        if isinstance(posted, Member):
            return [posted]
        return posted if len(posted) <= MOST_STORIES else []

    def _post(self, value: int, member: Member) -> None:
        posted = self._index.get(value)
        if posted is None:
            self._index[value] = member
        elif isinstance(posted, Member):
            if posted.story != member.story:
                self._index[value] = [posted, member]
        elif len(posted) <= MOST_STORIES and all(other.story != member.story for other in posted):
            posted.append(member)

    def _unpost(self, value: int, member: Member) -> None:
        posted = self._index.get(value)
        if posted is member:
            del self._index[value]
        elif isinstance(posted, list):
            rest = [other for other in posted if other is not member]
            if rest:
                self._index[value] = rest[0] if len(rest) == 1 else rest
            else:
                del self._index[value]
