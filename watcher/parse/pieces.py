"""Leaves out of a document the entries that stood in the last one byte by byte, before it is parsed.

    <channel>…<item>1</item> <item>2</item> <item>3</item></channel>  ─▶  <channel>…<item/><item>3</item></channel>

What an entry means depends on its bytes, on the elements around it and on the language of the feed; all of them are in
its hash. The bytes are cut without a parser, so that lxml must confirm the cuts: the tree must have as many entries as
there are tags that look like the start of one, in comments and CDATA too. Then all of them are starts, and each piece
is one entry. A document that is not of this plain form is read as a whole.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Sequence
from hashlib import sha256

from watcher.lazy_dataclass import dataclass
from watcher.model.entry import ENTRY_HASH
from watcher.parse.elements import HANDLERS
from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.lxml_reader import TreeWalk, parse_xml
from watcher.parse.normalise import MANY_ENTRIES, RawFeed

_FIRST = re.compile(rb"<(item|entry)(?=[\s/>])")
_LONGEST_HEAD = 500_000
"""Bytes before the first entry: what is hashed of more would cost more than it saves."""

_AROUND = re.compile(rb"<(?!!)(?:[^<]*language[^<]*(?:<![^<]*)*|[^<]*>)", re.IGNORECASE)
"""Of all before the first entry: the tags, and the text of an element that may be the language of the feed."""

_BEHIND = re.compile(rb"(?:\s++|</[\w.:-]++\s*+>|<!--.*?-->)*+", re.DOTALL)
"""What may follow the last entry: more could change the meaning of the feed without changing a hash."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A document whose entries follow each other; `name` is their tag.

    `spans` are where each of them begins and where its end tag does: all places where such a tag seems to begin.
    """

    document: bytes
    name: bytes
    spans: Sequence[tuple[int, int]]
    hashes: Sequence[str]

    @classmethod
    def of(cls, document: bytes, *, url: str, language: str | None) -> Pieces | None:
        """None for a document whose entries do not follow each other up to its end, or are too many."""
        first = _FIRST.search(document, 0, _LONGEST_HEAD)
        if first is None:
            return None
        name = first.group(1)
        spans = _spans(document, name, first.start())
        if not spans or _BEHIND.fullmatch(document, spans[-1][1] + len(name) + 3) is None:
            return None
        around = (found.rstrip() for found in _AROUND.findall(document, 0, first.start()))
        hash_around = sha256(b"\0".join([repr((url, language)).encode(), name, *around]))
        hashes = []
        bytes_of = memoryview(document)
        for start, end in spans:
            hashing = hash_around.copy()
            hashing.update(bytes_of[start:end])
            hashes.append(b64encode(hashing.digest()[: ENTRY_HASH * 6 // 8]).decode("ascii"))
        return cls(document, name, spans, hashes)

    def read_others(self, known: Collection[str], *, url: str, language: str | None) -> RawFeed | None:
        """The feed with the entries that are not known; None where the document must be read as a whole."""
        if not any(hash_ in known for hash_ in self.hashes):
            return None
        document, hashes = self._without(known)
        root = parse_xml(document)
        if root is None:
            return None
        declaring = document if document.find(b"xmlns", self.spans[0][0]) < 0 else self.document
        try:
            walk = TreeWalk(root, HANDLERS, document=declaring, base=url, language=language)
            raw = walk.feed()
        except NeedsFeedparser:
            return None
        if document.count(b"<" + self.name, self.spans[0][0]) != len(hashes) or not self._are_entries(hashes, walk):
            return None
        raw.entries = [entry for entry, hash_ in zip(raw.entries, hashes, strict=True) if hash_]
        raw.hashes = [hash_ for hash_ in hashes if hash_]
        raw.unchanged = [hash_ for hash_ in self.hashes if hash_ in known]
        return raw

    def give_hashes(self, raw: RawFeed, walk: TreeWalk) -> None:
        """Gives the entries of the whole document their hashes, if each of them is a piece."""
        if self._are_entries(self.hashes, walk):
            raw.hashes = self.hashes

    def _are_entries(self, hashes: Sequence[str], walk: TreeWalk) -> bool:
        return len(walk.entries) == len(hashes) and walk.entries_are_plain(self.name.decode("ascii"))

    def _without(self, known: Collection[str]) -> tuple[bytes, Sequence[str]]:
        """The document with an empty element for each run of known entries, and the hashes of its entries, "" there."""
        closing, empty = b"</" + self.name + b">", b"<" + self.name + b"/>"
        pieces, hashes = [self.document[: self.spans[0][0]]], []
        for hash_, (start, end) in zip(self.hashes, self.spans, strict=True):
            if hash_ not in known:
                pieces += self.document[start:end], closing
                hashes.append(hash_)
            elif hashes[-1:] != [""]:
                pieces.append(empty)
                hashes.append("")
        behind = self.document[self.spans[-1][1] + len(closing) :]
        return b"".join([*pieces, behind]), hashes


def _spans(document: bytes, name: bytes, start: int) -> Sequence[tuple[int, int]]:
    """Where entries begin and where their end tags do; none if there is anything else between two of them."""
    opening, closing = b"<" + name, b"</" + name + b">"
    spans: list[tuple[int, int]] = []
    while start >= 0:
        following = document.find(opening, start + 1)
        end = document.rfind(closing, start, following if following >= 0 else None)
        between = document[end + len(closing) : following] if following >= 0 else b""
        if end < 0 or between.strip(b" \t\r\n") or len(spans) == MANY_ENTRIES:
            return ()
        spans.append((start, end))
        start = following
    return spans
