"""What a swift walk collects about a feed, an entry or an Atom source."""

from __future__ import annotations

from watcher.parse.raw import NO_TEXT, RawEntry, RawText


class NeedsFeedparser(Exception):
    """The swift reader is not certain to read this document as the tolerant one would."""


class EntryBuilder:
    """Fields by the names feedparser gives them. In an entry, what stands deeper does not replace what stands higher."""

    __slots__ = ("authors", "contents", "depths", "fields", "is_entry", "markup", "tags", "title_language")

    def __init__(self, *, is_entry: bool) -> None:
        self.is_entry = is_entry
        self.fields: dict[str, str] = {}
        self.markup: dict[str, bool] = {}
        self.depths: dict[str, int] = {}
        self.contents: list[RawText] = []
        self.tags: list[list[str | None]] = []
        self.authors: list[dict[str, str]] = []
        self.title_language: str | None = None

    def store(self, name: str, value: str, depth: int) -> None:
        depths = self.depths
        if name not in depths or depth <= depths[name] or not self.is_entry:
            depths[name] = depth
            self.fields[name] = value

    def store_text(self, name: str, value: str, markup: bool, depth: int) -> None:
        self.store(name, value, depth)
        self.markup[name] = markup

    def add_content(self, value: str, markup: bool) -> None:
        """A content; the first text of an entry is its summary, too."""
        self.contents.append(RawText(value, markup))
        self.fields.setdefault("summary", value)

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
        self.settle_author()
        if not self.authors:
            self.authors.append({})
        self.authors[-1][key] = value

    def settle_author(self) -> None:
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
        return RawText(value, self.markup.get(name, True)) if value else NO_TEXT

    def as_entry(self) -> RawEntry:
        fields = self.fields
        return RawEntry(
            id=fields.get("id", ""),
            link=fields.get("link", ""),
            title=self.text("title"),
            summary=self._summary(),
            contents=self.contents,
            author=fields.get("author", ""),
            published=fields.get("published", ""),
            updated=fields.get("updated", ""),
            categories=[term for tag in self.tags if (term := tag[0] or tag[1])],
            language=fields.get("language") or self.title_language,
            source_title=fields.get("source_title", ""),
            source_link=fields.get("source_link", ""),
        )

    def _summary(self) -> RawText:
        if "summary" not in self.markup:
            value = self.fields.get("summary", "")
            return next((content for content in self.contents if content.value == value), self.text("summary"))
        return self.text("summary")
