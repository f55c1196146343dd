"""The section `feeds`: addresses, feeds with options, and OPML files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import timedelta
from pathlib import Path

from watcher.config.credentials import Credentials
from watcher.config.includes import file_bytes
from watcher.config.reader import Reader
from watcher.config.schema import FeedShape, OpmlShape
from watcher.config.secrets import SecretSource
from watcher.config.yaml_tree import Where
from watcher.errors import Position, Problem
from watcher.lazy_dataclass import dataclass
from watcher.model.feed import Feed, FullText, public_address
from watcher.model.route import OWN_LABELS
from watcher.model.secret import Secret
from watcher.model.trust import Trust
from watcher.text.addresses import web_url_problem

_PROBLEMS_SHOWN = 20
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@dataclass(slots=True)
class _Feeds:
    """Feeds in the order written; `places` says where each was first seen."""

    reader: Reader
    credentials: Credentials
    shortest_interval: timedelta
    feeds: dict[str, Feed] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    opml_files: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FeedLists:
    """Every feed once, and the OPML files that were included."""

    feeds: tuple[Feed, ...]
    opml_files: tuple[Path, ...]


def read_feeds(reader: Reader, credentials: Credentials, shortest_interval: timedelta) -> FeedLists:
    """The feeds of the file itself, which win over the same ones in its OPML files.

    `shortest_interval` (polling.min) bounds the intervals that OPML files set.
    """
    gathered = _Feeds(reader, credentials, shortest_interval)
    opml: list[int] = []
    for index in reader.items(("feeds",)):
        where: Where = ("feeds", index)
        if "opml" in reader.keys(where):
            opml.append(index)
        else:
            _own_feed(gathered, where)
    for index in opml:
        _opml_feeds(gathered, ("feeds", index))
    return FeedLists(tuple(gathered.feeds.values()), tuple(gathered.opml_files))


def _own_feed(gathered: _Feeds, where: Where) -> None:
    reader = gathered.reader
    _refuse_own_labels(reader, where)
    shape = reader.shape(FeedShape, where, text_key="url")
    if shape is None:
        return
    headers = _headers(gathered, where, shape.headers)
    address = _secret_address(gathered, where, shape.url) if isinstance(shape.url, SecretSource) else None
    url = shape.url if isinstance(shape.url, str) else public_address(address or Secret(str(shape.url)))
    if url in gathered.places:
        reader.problem(where, f"this feed is already listed in {gathered.places[url]}; remove one of the two")
        return
    gathered.places[url] = f"line {reader.position(where).line}"
    gathered.feeds[url] = Feed(
        url,
        shape.name,
        shape.labels,
        shape.interval,
        headers,
        tuple(shape.moves_to),
        tuple(shape.allow),
        trust=Trust[shape.trust.upper()],
        is_aggregator=shape.aggregator,
        is_critical=shape.critical,
        full_text=FullText(shape.full_text),
        address=address,
    )


def _secret_address(gathered: _Feeds, where: Where, source: SecretSource) -> Secret:
    """The address of a feed, known to every command that can find it: the feed's identity names its host."""
    at = (*where, "url")
    address = gathered.credentials.kept(source, at)
    if address.value is not None:
        address = replace(address, value=address.value.strip())
    problem = web_url_problem(address.value) if address.value is not None else None
    if problem is None:
        return address
    gathered.reader.problem(at, f"what {address.origin} holds is no address of a feed: {problem}")
    return Secret(address.origin)


def _headers(gathered: _Feeds, where: Where, written: Mapping[str, str | SecretSource]) -> dict[str, Secret]:
    headers: dict[str, Secret] = {}
    for name, value in written.items():
        at = (*where, "headers", name)
        secret = gathered.credentials.secret(value, at)
        if not _HEADER_NAME.fullmatch(name):
            gathered.reader.problem(at, f'"{name}" is not the name of a header', at_key=True)
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", secret.value or ""):
            gathered.reader.problem(at, "the value of a header must be one line of plain text")
        headers[name] = secret
    return headers


def _opml_feeds(gathered: _Feeds, where: Where) -> None:
    reader = gathered.reader
    _refuse_own_labels(reader, where)
    shape = reader.shape(OpmlShape, where)
    if shape is None:
        return
    from watcher.config.opml import read_opml  # lxml is slow to import

    path = reader.file.parent / Path(shape.opml).expanduser()
    gathered.opml_files.append(path)
    try:
        found = read_opml(file_bytes(path))
    except FileNotFoundError:
        reader.warn((*where, "opml"), f"{path} does not exist yet; `watcher feeds add` and `import` create it")
        return
    except OSError as error:
        reader.problem((*where, "opml"), f"{path} cannot be read: {error.strerror or error}")
        return
    if not found.is_list:
        reader.problems += [_problem_at(path, problem.line, problem.message) for problem in found.problems]
        return
    for problem in found.problems[:_PROBLEMS_SHOWN]:
        reader.warnings.append(_problem_at(path, problem.line, f"{problem.message}; left out"))
    if (rest := len(found.problems) - _PROBLEMS_SHOWN) > 0:
        reader.warnings.append(_problem_at(path, None, f"{rest} more outlines are left out for reasons like these"))
    for feed, line in found.feeds:
        _opml_feed(gathered, shape, path, feed, line)


def _problem_at(path: Path, line: int | None, message: str) -> Problem:
    return Problem(path, Position(line, 1) if line else None, "", message)


def _opml_feed(gathered: _Feeds, shape: OpmlShape, path: Path, feed: Feed, line: int) -> None:
    """Takes a feed of a list, unless it is known; labels and intervals that the list may not set are left out."""
    warnings = gathered.reader.warnings
    if feed.url in gathered.places:
        message = f"the feed {feed.url} is already listed in {gathered.places[feed.url]}, which counts"
        warnings.append(_problem_at(path, line, message))
        return
    if clash := sorted(set(feed.labels) & set(OWN_LABELS)):
        message = f'the feed {feed.url} has a label "{clash[0]}", which every alert has by itself; left out'
        warnings.append(_problem_at(path, line, message))
    labels = {label: value for label, value in feed.labels.items() if label not in OWN_LABELS}
    interval = feed.interval or shape.interval
    if feed.interval is not None and feed.interval < gathered.shortest_interval:
        interval = gathered.shortest_interval
        message = f"the feed {feed.url} has an interval shorter than polling.min, which is taken in its place"
        warnings.append(_problem_at(path, line, message))
    gathered.places[feed.url] = f"{path.name} line {line}"
    gathered.feeds[feed.url] = Feed(
        feed.url,
        feed.name,
        labels | shape.labels,
        interval,
        moves_to=feed.moves_to,
        trust=Trust[shape.trust.upper()],
        is_aggregator=shape.aggregator,
        is_critical=shape.critical,
        full_text=FullText(shape.full_text),
    )


def _refuse_own_labels(reader: Reader, where: Where) -> None:
    for label in reader.keys((*where, "labels")):
        if label in OWN_LABELS:
            message = f'every alert has a label "{label}" by itself; give this one another name'
            reader.problem((*where, "labels", label), message, at_key=True)
