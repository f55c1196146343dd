"""Reads a configuration file: settings when everything is right, every problem when anything is wrong.

bytes → YAML tree with positions → strict shapes → checks across sections → Settings, or problems
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from watcher.config.credentials import Credentials, SecretMode
from watcher.config.did_you_mean import did_you_mean
from watcher.config.feeds import read_feeds
from watcher.config.includes import file_bytes, include_files
from watcher.config.opinions import read_meaning, read_second_look
from watcher.config.reader import Reader
from watcher.config.receivers import read_receivers
from watcher.config.routes import Names, read_route
from watcher.config.server import (
    read_feed_reports,
    read_heartbeat,
    read_limits,
    read_network,
    read_polling,
    read_retention,
    read_smtp,
    read_store,
)
from watcher.config.source_map import place_inside
from watcher.config.topics import read_topics, read_vocabulary
from watcher.config.web import check_topics_of_tokens, read_web
from watcher.config.yaml_tree import MappingNode, read_document, walk
from watcher.errors import Position, Problem
from watcher.lazy_dataclass import dataclass
from watcher.model.feed import Feed
from watcher.model.route import Receiver, Route
from watcher.model.settings import Settings
from watcher.model.topic import OWN_TOPIC, Topic, TopicProblem
from watcher.text.redact import redact_addresses, secret_in_address

SECTIONS = (
    "include",
    "store",
    "polling",
    "limits",
    "retention",
    "meaning",
    "second_look",
    "feed_reports",
    "heartbeat",
    "network",
    "feeds",
    "vocabulary",
    "topics",
    "smtp",
    "receivers",
    "route",
    "web",
)
IGNORED = "x-"
"""Top-level keys that begin so are the user's own: places for YAML anchors."""


SECRET_ADDRESSES = 5
"""Feeds with a secret in their address that are warned of one by one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a file. Any problem means no settings.

    `topics` holds those that could be read even then, so that the caller can compile them and report their problems
    together with the file's (`in_order`).
    """

    settings: Settings | None
    topics: tuple[Topic, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def read_settings(path: Path, *, env: Mapping[str, str], secrets: SecretMode) -> Reading:
    """The configuration at `path`. Never raises for its contents, nor for a missing file.

    `env` is the environment with secrets and `STATE_DIRECTORY`. With `secrets="defer"` no secret is kept and a missing
    one is a warning; with `"require"` a missing one is a problem at its line.
    """
    try:
        data = file_bytes(path)
    except OSError as error:
        remedy = "name a file that this user may read with -c"
        if isinstance(error, FileNotFoundError):
            remedy = "`watcher init` writes a configuration to begin with"
        message = f"cannot be read: {error.strerror or error}; {remedy}"
        return Reading(None, (), (Problem(path, None, "", message),))
    document = read_document(data)
    flaws = tuple(Problem(path, flaw.position, ".".join(map(str, flaw.where)), flaw.message) for flaw in document.flaws)
    if not isinstance(document.root, MappingNode):
        return Reading(None, (), flaws or (Problem(path, Position(1, 1), "", _NOT_SECTIONS),))
    included = include_files(path, document.root)
    reader = Reader(path, document.text, included.root, env, included.texts)
    reader.problems.extend([*flaws, *included.problems])
    return _read_sections(reader, secrets)


def problem_of_topic(settings_file: Path, topic: Topic, problem: TopicProblem) -> Problem:
    """A problem inside a topic as a problem of the file, at its exact character where that is known."""
    place = place_inside(topic.positions, problem.path, problem.column or 0)
    if problem.column is None or place is None:
        place = topic.positions.get(problem.path) or topic.positions.get("")
    inside = problem.path.startswith("vocabulary.")
    path = problem.path if inside else ".".join(filter(None, (topic.path or f"topics.{topic.name}", problem.path)))
    return Problem(settings_file, place, path, problem.message)


def missing_for_run(settings: Settings) -> list[Problem]:
    """What `run` and `once` need; commands that send nothing do without."""
    needs = {
        "feeds": (settings.feeds, "there is no feed to poll; add one under feeds"),
        "topics": (settings.topics, "there is no topic to watch for; add one under topics"),
        "receivers": (settings.receivers, "there is no receiver; add one under receivers"),
        "route": (settings.route, "there is no route, so no alert would be sent; add one with a receiver"),
    }
    return [Problem(settings.file, None, path, message) for path, (value, message) in needs.items() if not value]


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and position."""
    return tuple(sorted(dict.fromkeys(problems), key=_file_and_position))


def _file_and_position(problem: Problem) -> tuple[str, int, int]:
    position = problem.position or Position(0, 0)
    return str(position.file or problem.file), position.line, position.column


_NOT_SECTIONS = f"must be a mapping with the sections {', '.join(SECTIONS)}; `watcher init` writes an example"


def _read_sections(reader: Reader, secrets: SecretMode) -> Reading:
    _refuse_unknown_sections(reader)
    credentials = Credentials(reader, secrets)
    store = read_store(reader, credentials)
    polling = read_polling(reader)
    network = read_network(reader, credentials)
    limits, retention = read_limits(reader), read_retention(reader)
    meaning, second_look = read_meaning(reader), read_second_look(reader, credentials)
    smtp, web = read_smtp(reader, credentials), read_web(reader, credentials)
    lists = read_feeds(reader, credentials, polling.min)
    topics = read_topics(reader, read_vocabulary(reader))
    check_topics_of_tokens(reader, web, {topic.name for topic in topics})
    receivers = read_receivers(reader, credentials)
    route = read_route(reader, _names(lists.feeds, topics, receivers, reader))
    reports, heartbeat = read_feed_reports(reader, route), read_heartbeat(reader, credentials)
    _check_mail(reader)
    if not reader.problems:
        _warn_of_unused_receivers(reader, route)
        _warn_of_topics_without_feeds(reader, topics, lists.feeds)
        _warn_of_secret_addresses(reader, lists.feeds)
    problems, warnings = in_order(reader.problems), in_order(reader.warnings)
    if problems:
        return Reading(None, topics, problems, warnings)
    settings = Settings(
        file=reader.file, store=store, polling=polling, network=network, feeds=lists.feeds, topics=topics,
        receivers=receivers, route=route, smtp=smtp, limits=limits, retention=retention, web=web,
        feed_reports=reports, heartbeat=heartbeat, meaning=meaning, second_look=second_look,
        warnings=tuple(map(str, warnings)), opml_files=lists.opml_files,
        positions=_positions(reader),
    )  # fmt: skip
    return Reading(settings, topics, (), warnings)


def _refuse_unknown_sections(reader: Reader) -> None:
    for name in reader.keys(()):
        if name not in SECTIONS and not name.startswith(IGNORED):
            hint = did_you_mean(name, SECTIONS) or f"; known here: {', '.join(SECTIONS)}"
            reader.problem((name,), f"unknown key{hint}", at_key=True)


def _names(
    feeds: tuple[Feed, ...], topics: tuple[Topic, ...], receivers: Mapping[str, Receiver], reader: Reader
) -> Names:
    written = (reader.plain(("receivers", index, "name")) for index in reader.items(("receivers",)))
    return Names(
        receivers={*receivers, *(name for name in written if isinstance(name, str))},
        topics={OWN_TOPIC, *(topic.name for topic in topics)},
        feed_labels={label for feed in feeds for label in feed.labels},
    )


def _check_mail(reader: Reader) -> None:
    if reader.given(("smtp",)):
        return
    for index in reader.items(("receivers",)):
        if "email" in reader.keys(("receivers", index)):
            reader.problem(
                ("receivers", index, "email"), "e-mail needs a mail server; add the section smtp", at_key=True
            )


def _warn_of_unused_receivers(reader: Reader, route: Route | None) -> None:
    used = {node.receiver for node in _nodes(route)} if route else set()
    for index in reader.items(("receivers",)) if route else ():
        name = reader.plain(("receivers", index, "name"))
        if name not in used:
            reader.warn(("receivers", index, "name"), f'no route leads to the receiver "{name}"')


def _warn_of_secret_addresses(reader: Reader, feeds: tuple[Feed, ...]) -> None:
    """A token in an address is hidden wherever it is shown, but its server logs it, and so does every proxy."""
    found = [(feed.url, name) for feed in feeds if "?" in feed.url and (name := secret_in_address(feed.url))]
    for url, name in found[:SECRET_ADDRESSES]:
        what = f'the address {redact_addresses(url)} holds a secret in "{name}"'
        reader.warn(("feeds",), f"{what}; if the server allows it, use headers: {{Authorization: {{env: NAME}}}}")
    if len(found) > SECRET_ADDRESSES:
        reader.warn(("feeds",), f"{len(found) - SECRET_ADDRESSES} more addresses hold secrets")


def _warn_of_topics_without_feeds(reader: Reader, topics: tuple[Topic, ...], feeds: tuple[Feed, ...]) -> None:
    for index, topic in enumerate(topics):
        wanted = topic.feeds.items()
        if wanted and feeds and not any(wanted <= feed.labels.items() for feed in feeds):
            reader.warn(("topics", index, "feeds"), "no feed has these labels, so this topic never matches")


def _nodes(route: Route) -> list[Route]:
    return [route, *(node for child in route.routes for node in _nodes(child))]


def _positions(reader: Reader) -> dict[str, Position]:
    """Positions of everything except the inside of feeds, of which there may be very many."""
    positions = ((where, node.start) for where, node in walk(reader.root) if where[:1] != ("feeds",) or len(where) <= 2)
    return {".".join(map(str, where)): position for where, position in positions if where}
