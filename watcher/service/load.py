"""From a configuration file to what the trips work by: everything compiled, every problem at once (I9)."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from watcher.config.load import in_order, missing_for_run, problem_of_topic, read_settings
from watcher.errors import ConfigError
from watcher.match.percolator import CompiledTopic, Percolator, compile_topics
from watcher.model.alert import stable_hash
from watcher.model.route import ChannelRef
from watcher.model.settings import Settings
from watcher.notify.template_check import failed_templates
from watcher.poll.poller import PollConfig


@dataclass(frozen=True, slots=True)
class CompiledConfig:
    """A configuration in force. Building one does no network and opens no store; trying templates starts processes."""

    settings: Settings
    topics: tuple[CompiledTopic, ...]
    percolator: Percolator

    @property
    def poll_plan(self) -> PollConfig:
        return PollConfig(
            feeds={feed.url: feed for feed in self.settings.feeds},
            polling=self.settings.polling,
            topics={topic.name: topic for topic in self.settings.topics},
            percolator=self.percolator,
        )

    @property
    def channel_refs(self) -> frozenset[ChannelRef]:
        return frozenset(ref for receiver in self.settings.receivers.values() for ref in receiver.channels)

    @property
    def routing_fingerprint(self) -> str:
        """Changes when alerts may have to be routed differently; holds no secret (a channel's name has none)."""
        return stable_hash(repr(self.settings.route), *sorted(map(str, self.channel_refs)))

    @property
    def network_fingerprint(self) -> str:
        """Changes when feeds that could not be reached may be reachable now; holds no secret."""
        network = self.settings.network
        return stable_hash(*network.allow, "through", "a proxy" if network.proxy else "", str(network.ca_file or ""))


def load_config(
    path: Path, env: Mapping[str, str], *, secrets: Literal["require", "defer"], must_run: bool = False
) -> CompiledConfig:
    """Reads and compiles a configuration; raises `ConfigError` with every problem of file and topics.

    `must_run` also demands what the daemon cannot do without: feeds, topics and a route, and tries people's own templates.
    """
    reading = read_settings(path, env=env, secrets=secrets)
    with collector_paused():
        compiled, broken = compile_topics(reading.topics)
    problems = [*reading.problems, *(problem_of_topic(path, topic, problem) for topic, problem in broken)]
    if reading.settings is not None and must_run:
        problems += [*missing_for_run(reading.settings), *failed_templates(reading.settings)]
    if problems or reading.settings is None:
        raise ConfigError(in_order(problems))
    with collector_paused():
        return CompiledConfig(reading.settings, compiled, Percolator(compiled))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without the collector of cycles for the moment: what compiling makes lasts, and it would be gone through again and
    again. Saves a fifth of the time for 10,000 topics.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
