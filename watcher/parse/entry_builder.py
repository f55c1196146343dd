"""Collects what the lxml reader finds of a feed, an entry or an Atom source."""

from __future__ import annotations

from dataclasses import fields

from watcher.parse.normalise import NO_TEXT, RawEntry, RawText
from watcher.parse.plaintext import TextKind

_PLAIN_FIELDS = frozenset(one.name for one in fields(RawEntry) if one.type == "str")


class NeedsFeedparser(Exception):
    """The lxml reader is not certain to read this document as feedparser would."""


class EntryBuilder:
    """Collects a feed, an entry or an Atom source, by feedparser's names of fields.

    In an entry, what is deeper does not replace what is higher.
    """

    __slots__ = (
        "authors",
        "contents",
        "depths",
        "fields",
        "is_entry",
        "kinds",
        "other_links",
        "tags",
        "title_language",
    )

    def __init__(self, *, is_entry: bool) -> None:
        self.is_entry = is_entry
        self.fields: dict[str, str] = {}
        self.kinds: dict[str, TextKind] = {}
        self.depths: dict[str, int] = {}
        self.contents: list[RawText] = []
        self.other_links: list[str] = []
        self.tags: list[list[str | None]] = []
        self.authors: list[dict[str, str]] = []
        self.title_language: str | None = None

    def store(self, name: str, value: str, depth: int) -> None:
        depths = self.depths
        if name not in depths or depth <= depths[name] or not self.is_entry:
            depths[name] = depth
            self.fields[name] = value

    def store_text(self, name: str, text: RawText, depth: int) -> None:
        self.store(name, text.value, depth)
        self.kinds[name] = text.kind

    def add_content(self, text: RawText) -> None:
        """Adds a content; the first text of an entry is its summary, too."""
        self.contents.append(text)
        self.fields.setdefault("summary", text.value)

    def add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        if term or scheme or label:
            self.tags.append([term, label])

    def add_tag_text(self, value: str) -> None:
        """The text of a category names the last one if that has no name yet, else it is one of its own."""
        if self.tags and not self.tags[-1][0]:
            self.tags[-1][0] = value
        else:
            self.tags.append([value, None])

    def add_author_detail(self, key: str, value: str) -> None:
        self.finish_author()
        if not self.authors:
            self.authors.append({})
        self.authors[-1][key] = value

    def finish_author(self) -> None:
        """Name and e-mail of the last author become the author; without them, an earlier one lends its name."""
        detail = self.authors[-1] if self.authors else {}
        author = self.fields.get("author", "")
        if detail:
            name, email = detail.get("name", ""), detail.get("email", "")
            if name or email:
                self.fields["author"] = f"{name} ({email})" if name and email else name or email
        elif author and self.authors:
            if "@" in author and len(self.authors) > 1:
                raise NeedsFeedparser("an author follows one with an e-mail address")
            detail["name"] = author

    def text(self, name: str) -> RawText:
        value = self.fields.get(name, "")
        return RawText(value, self.kinds.get(name, TextKind.HTML)) if value else NO_TEXT

    def as_entry(self) -> RawEntry:
        """The entry; a plain text field needs no line here, `store` by its name is enough."""
        entry = RawEntry(
            title=self.text("title"),
            summary=self._summary(),
            contents=self.contents,
            categories=[term for tag in self.tags if (term := tag[0] or tag[1])],
            language=self.fields.get("language") or self.title_language,
            other_links=self.other_links,
        )
        for name, value in self.fields.items():
            if name in _PLAIN_FIELDS:
                setattr(entry, name, value)
        return entry

    def _summary(self) -> RawText:
        if "summary" not in self.kinds:
            value = self.fields.get("summary", "")
            return next((content for content in self.contents if content.value == value), self.text("summary"))
        return self.text("summary")
