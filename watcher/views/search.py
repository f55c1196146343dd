"""The answer to a search as it is shown: what was understood, the entries found, and how far it looked."""

from __future__ import annotations

from datetime import datetime

from watcher.lazy_dataclass import dataclass
from watcher.render.highlight import Run
from watcher.views.entries import EntryRow


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An entry found. `title` and `passage` (the part of its text with the first words found) are pieces, and whether
    each is a word that was searched; `passage` is empty when all such words are in the title.
    """

    row: EntryRow
    title: tuple[Run, ...]
    passage: tuple[Run, ...]

    def facts(self) -> dict[str, object]:
        """The hit for JSON."""
        return {**self.row.facts(), "marked_title": _marked(self.title), "passage": _marked(self.passage)}


def _marked(runs: tuple[Run, ...]) -> list[dict[str, object]]:
    return [{"text": text, "marked": marked} for text, marked in runs]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits, newest first or the best first.

    `understood` is the query as it was read, `notes` say what was left out, `unknown` are words that no entry has.
    `count` is None behind the first page; with `is_more` there are more than that. `before` continues behind the page.
    `looked_back_to`: the time was up, and older entries were not looked at.
    """

    rows: tuple[SearchHit, ...]
    understood: str
    notes: tuple[str, ...]
    unknown: tuple[str, ...]
    count: int | None
    is_more: bool
    before: int | None
    looked_back_to: datetime | None
    milliseconds: int

    @property
    def how_many(self) -> str:
        """The number of hits in words, "" where it is not known."""
        if self.count is None:
            return ""
        return f"{self.count:,}{'+' if self.is_more else ''} {'entry' if self.count == 1 else 'entries'}"
