"""Whether an entry meets a query, by reading its words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from watcher.search.node import And, AnyWord, Beginning, Label, LabelKind, Node, Not, Or, Word, Words
from watcher.search.numbers import rows, spellings
from watcher.search.text import IndexedText, alerted_label, feed_label, is_form_of, language_label, link_label
from watcher.text.fold import fold

FeedNames = Mapping[int, Collection[str]]
"""The names of feeds (title, address) by id."""


class Matcher:
    """One query over many entries; what is known of a word is remembered."""

    def __init__(self, node: Node, feeds: FeedNames, languages: tuple[str, ...]) -> None:
        self._feeds = feeds
        self._languages = languages
        self._forms: dict[str, dict[str, bool]] = {}
        self._meets = self._compiled(node)

    def meets(self, text: IndexedText) -> bool:
        """Whether an entry with these words meets the query."""
        return self._meets(text)

    def _compiled(self, node: Node) -> Callable[[IndexedText], bool]:  # noqa: PLR0911 - one for each node
        match node:
            case And(parts):
                every = [self._compiled(part) for part in parts]
                return lambda text: all(part(text) for part in every)
            case Or(parts):
                some = [self._compiled(part) for part in parts]
                return lambda text: any(part(text) for part in some)
            case Not(part):
                inside = self._compiled(part)
                return lambda text: not inside(text)
            case Label():
                wanted = frozenset(label_words(node, self._feeds))
                return lambda text: not wanted.isdisjoint(text.labels)
            case AnyWord(words, title):
                exact = frozenset(words)
                return lambda text: any(not exact.isdisjoint(field) for field in (*_fields(text, title), text.labels))
            case Words(texts, title):
                spelled = spellings(texts)
                return lambda text: (
                    any(any(rows(words, spelled)) for words in _fields(text, title)[:2])
                    or (len(texts) == 1 and not title and texts[0] in text.joined)
                )
            case Beginning(start, title):
                return lambda text: any(word.startswith(start) for words in _fields(text, title) for word in words)
            case Word(word, exact, title):
                return self._one_word(word, exact, title)

    def _one_word(self, wanted: str, exact: bool, title: bool) -> Callable[[IndexedText], bool]:
        if exact:
            return lambda text: any(wanted in words for words in _fields(text, title))
        known = self._forms.setdefault(wanted, {})

        def is_form(word: str) -> bool:
            found = known.get(word)
            if found is None:
                found = known[word] = is_form_of(word, wanted, self._languages)
            return found

        return lambda text: any(is_form(word) for words in _fields(text, title) for word in words)


def label_words(label: Label, feeds: FeedNames) -> list[str]:
    """The words of an entry that each say that the label holds; none where no feed is meant."""
    match label.kind:
        case LabelKind.FEED:
            found = (number for number, names in feeds.items() if any(label.value in fold(name) for name in names))
            return [feed_label(number) for number in found]
        case LabelKind.LANGUAGE:
            return [language_label(label.value)]
        case LabelKind.ALERTED:
            return [alerted_label(label.value)]
        case LabelKind.LINK:
            return [link_label(label.value)]


def _fields(text: IndexedText, title: bool) -> tuple[tuple[str, ...], ...]:
    return (text.title,) if title else (text.title, text.body, text.joined)
