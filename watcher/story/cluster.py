"""Which entries tell one story, and which of its alerts is told."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.model.alert import Alert, ToldAlert, stable_hash
from watcher.model.entry import Entry, Identified
from watcher.model.story import Judgement, Verdict

TELLING_CHARACTERS = 120
"""From this length on, an equal text is a copy whatever the headline."""


def story_of(identified: Identified) -> str:
    """The story id of an entry: the same for entries with the same text, else the entry's own."""
    if _text_length(identified.entry) >= TELLING_CHARACTERS and identified.text_fingerprint:
        return stable_hash("story", identified.text_fingerprint)
    return stable_hash("story", "entry", identified.key)


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


def _text_length(entry: Entry) -> int:
    return len(entry.content or entry.summary)
