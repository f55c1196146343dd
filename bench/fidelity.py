"""How much of what feedparser with its defaults reads our reader reads alike, entry by entry and field by field.

    python bench/fidelity.py [--corpus FOLDER] [--other FOLDER] [--show]

Both read each document with its address (that of its own `self` link, where it has one) and both are followed by our
normalisation. Ids, links, titles and dates must be equal in every entry, or the difference must be in
`bench/differences.yaml` with its reason, in at most 0.2 % of the entries; every other field must be equal in at least
99.8 %; the lxml reader must serve at least 95 % of the feeds. Exit 1 when a bar is missed, or when a listed difference
is not there any more. `--other` reads a second folder, for instance the test files of feedparser's source, and prints
the same figures without a bar; `--show` names every difference.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import feedparser
import yaml

from watcher.errors import ParseError
from watcher.model.entry import Entry, ReaderName
from watcher.parse.document import parse_document
from watcher.parse.feedparser_reader import raw_entry
from watcher.parse.normalise import RawFeed, normalise

DIFFERENCES = Path(__file__).with_name("differences.yaml")
FIELDS = tuple(one.name for one in fields(Entry))
STRICT = ("id", "link", "title", "published", "updated")
MOST_LISTED, LEAST_EQUAL, LEAST_LXML = 0.002, 0.998, 0.95
_SELF = re.compile(rb"<(?:atom:|atom10:|a10:)?link\b[^>]*\brel=[\"']self[\"'][^>]*>", re.IGNORECASE)
_HREF = re.compile(rb"\bhref=[\"'](https?://[^\"'<>\s]+)[\"']", re.IGNORECASE)

Difference = tuple[str, int, str]
"""Feed, entry counted from 0, field."""


@dataclass(slots=True)
class Comparison:
    entries: int = 0
    readers: Counter[str] = field(default_factory=Counter)
    differences: list[tuple[Difference, object, object]] = field(default_factory=list)
    other_count: list[str] = field(default_factory=list)

    def unequal(self, name: str) -> int:
        return sum(found[2] == name for found, _, _ in self.differences)


def address_of(body: bytes, name: str) -> str:
    """Where the document says that it lives; the first such link is the feed's own."""
    link = _SELF.search(body)
    href = _HREF.search(link.group()) if link else None
    return href.group(1).decode("ascii", "replace") if href else f"https://example.org/feeds/{name}"


def by_us(body: bytes, url: str) -> tuple[str, Sequence[Entry]]:
    try:
        feed = parse_document(body, url=url, headers={})
    except ParseError as error:
        return str(error.reason), ()
    return feed.reader.label, feed.entries


def by_defaults(body: bytes, url: str) -> Sequence[Entry]:
    """feedparser as it comes, both of its passes over HTML on, and our normalisation."""
    document: Any = feedparser.parse(io.BytesIO(body), response_headers={"content-location": url})
    is_atom = document.version.startswith("atom")
    entries = [raw_entry(entry, is_atom=is_atom) for entry in document.entries]
    return normalise(RawFeed(ReaderName.FEEDPARSER, entries=entries), url=url).entries


def compare(files: Iterable[Path]) -> Comparison:
    found = Comparison()
    for path in files:
        body = path.read_bytes()
        url = address_of(body, path.name)
        reader, ours = by_us(body, url)
        theirs = by_defaults(body, url)
        found.readers[reader] += 1
        found.entries += len(theirs)
        if len(ours) != len(theirs):
            found.other_count.append(f"{path.name}: {len(ours)} entries ({reader}), feedparser {len(theirs)}")
            continue
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            for name in FIELDS:
                if getattr(mine, name) != getattr(other, name):
                    found.differences.append(((path.stem, number, name), getattr(mine, name), getattr(other, name)))
    return found


def report(title: str, found: Comparison, *, show: bool) -> None:
    readers = ", ".join(f"{reader} {count}" for reader, count in found.readers.most_common())
    print(f"{title}: {found.readers.total()} documents, {found.entries:,} entries; read by {readers}")
    for name in FIELDS:
        unequal = found.unequal(name)
        print(f"  {name:<12} equal in {1 - unequal / max(1, found.entries):9.4%}   ({unequal} differ)")
    for line in found.other_count:
        print(f"  {line}")
    if show:
        for (feed, number, name), mine, other in found.differences:
            print(f"  {feed} {number} {name}: ours {str(mine)[:120]!r}, feedparser {str(other)[:120]!r}")


def missed(found: Comparison, listed: set[Difference]) -> list[str]:
    """Every bar that the corpus does not reach, as a sentence."""
    seen = {difference for difference, _, _ in found.differences}
    strict = {one for one in seen if one[2] in STRICT}
    touched = {(feed, number) for feed, number, _ in strict}
    said = [f"{one} differs and is not listed" for one in sorted(strict - listed)]
    said += [f"{one} is listed but does not differ" for one in sorted(listed - seen)]
    said += [f"another number of entries, {line}" for line in found.other_count]
    if len(touched) > MOST_LISTED * found.entries:
        said.append(f"ids, links, titles or dates differ in {len(touched)} entries")
    said += [
        f"{name} is equal in too few entries"
        for name in FIELDS
        if name not in STRICT and found.unequal(name) > (1 - LEAST_EQUAL) * found.entries
    ]
    if found.readers[ReaderName.LXML.label] < LEAST_LXML * found.readers.total():
        said.append(f"the lxml reader serves {found.readers[ReaderName.LXML.label]} feeds only")
    return said


def main() -> int:
    warnings.simplefilter("ignore", DeprecationWarning)
    root = Path(os.environ.get("WATCHER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--corpus", type=Path, default=root / "feeds")
    arguments.add_argument("--other", type=Path, default=None)
    arguments.add_argument("--show", action="store_true")
    options = arguments.parse_args()
    listed = yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8"))["corpus"]
    found = compare(sorted(options.corpus.iterdir()))
    report("corpus", found, show=options.show)
    broken = missed(found, {(item["feed"], item["entry"], item["field"]) for item in listed})
    for sentence in broken:
        print(f"BROKEN: {sentence}")
    if options.other:
        files = sorted(path for path in options.other.rglob("*") if path.is_file() and path.suffix in {".xml", ".json"})
        report(str(options.other), compare(files), show=options.show)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
