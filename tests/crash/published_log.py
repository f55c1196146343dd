"""What is published: invented entries, each with a token that can be found again wherever it is told."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

TOKEN = re.compile(r"\bn\d{7}\b")
TERMS = {"alpha": "ceasefire", "beta": "detainee", "gamma": "earthquake", "delta": "flood", "echo": "drought"}
WEIGHTS = {"alpha": 10, "beta": 10, "gamma": 10, "delta": 8, "echo": 2}
HUSHED = "echo"
"""A person has silenced this topic; what was told of it before, or while the silence was away, is no mistake."""
CHANNELS = {
    "alpha": ("hook/webhook/0", "desk/email/0"),
    "beta": ("desk/email/0",),
    "gamma": ("pair/email/0", "pair/webhook/0"),
    "delta": ("quiet/webhook/0",),
    "echo": ("quiet/webhook/0",),
}
"""Where the configuration of `deployment.py` sends each topic."""

SYLLABLES = ("ba", "ko", "ri", "ten", "mu", "sal", "vor", "ne", "lim", "dra", "pu", "gor", "shi", "wen", "tal", "qui")
SHARE_OF_NOISE = 0.3
SHARE_OF_COPIES = 0.05


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed. `topic` None: no topic may match it. `story` is the token of the first with this text."""

    token: str
    feed: int
    topic: str | None
    story: str
    title: str
    text: str

    @property
    def link(self) -> str:
        return f"https://news.example.org/{self.token}"


class Author:
    """Writes entries; the same seed gives the same entries."""

    def __init__(self, seed: int, feeds: int) -> None:
        self._random = random.Random(seed)
        self._feeds = feeds
        self._written = 0
        self._last: Entry | None = None

    def write(self) -> Entry:
        self._written += 1
        token = f"n{self._written:07d}"
        feed = self._written % self._feeds
        if self._last is not None and self._random.random() < SHARE_OF_COPIES and self._last.feed != feed:
            first = self._last
            title = first.title.replace(first.token, token)
            return Entry(token, feed, first.topic, first.story, title, first.text)
        topic = None if self._random.random() < SHARE_OF_NOISE else self._topic()
        title, words = self._words(3), self._words(40)
        if topic is not None and self._random.random() < 0.7:
            title = f"{title} {TERMS[topic]}"
        elif topic is not None:
            words = f"{self._words(5)} {TERMS[topic]} {words}"
        entry = Entry(token, feed, topic, token, f"{token} {title}", words)
        self._last = entry if topic else self._last
        return entry

    def _topic(self) -> str:
        return self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    def _words(self, count: int) -> str:
        return " ".join("".join(self._random.choices(SYLLABLES, k=4)) for _ in range(count))
