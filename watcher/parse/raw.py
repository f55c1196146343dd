"""What a reader finds in a document, before the one normalisation that follows every reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from watcher.model.entry import ReaderName

MANY_ENTRIES = 20_000
"""Entries of one document that are read: no feed has more that means no harm."""


class RawText(NamedTuple):
    """A text as the document has it; `markup` says that it is HTML or XHTML source."""

    value: str
    markup: bool


NO_TEXT = RawText("", False)


class RawEntry(NamedTuple):
    """One entry as read. Links are resolved against their base; dates, texts and categories are as written."""

    id: str = ""
    link: str = ""
    title: RawText = NO_TEXT
    summary: RawText = NO_TEXT
    contents: Sequence[RawText] = ()
    author: str = ""
    published: str = ""
    updated: str = ""
    categories: Sequence[str] = ()
    language: str | None = None
    source_title: str = ""
    source_link: str = ""


@dataclass(slots=True)
class RawFeed:
    """A document as read by `reader`."""

    reader: ReaderName
    title: RawText = NO_TEXT
    link: str = ""
    language: str | None = None
    ttl: str = ""
    entries: list[RawEntry] = field(default_factory=list)
