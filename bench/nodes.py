"""Three nodes on one PostgreSQL, while one after the other dies, freezes, is cut off or has another configuration.

    python bench/nodes.py [--folder DIRECTORY] [--only SCENARIO,…]

Real daemons, a private server, hosts and receivers on loopback. Every feed is due each 5 s and publishes an entry each
15 s; each entry goes to two receivers. Seen over the whole run, from what the hosts and the receivers saw:

* entries that a receiver did not get; copies, under the same message id or under another; dead letters;
* feeds that somebody paused; how long any feed stayed unread beyond its due time;
* of each host the most requests at once, the shortest time between two starts, and requests that came before the end of
  a Retry-After, by any node;
* the log lines by which each scenario says what happened.

Exit 1 when a bar is not met. Takes six minutes on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from bench.cluster.node import NodeProcess, config_text
from bench.cluster.world import Line, Request, World
from tests.harness.postgres import PrivateServer
from watcher.store.store import open_store

HOSTS, FEEDS_PER_HOST = 7, 2
CONCURRENCY, SPACING = 1, 1
DUE_EVERY, MOST_LATE = 5.0, 25.0
JITTER = 0.1
"""Seconds by which a request may reach its host sooner than it was spaced: both are measured on a busy machine."""
RETRY_AFTER = 15
CLOCK = 600


@dataclass
class Cluster:
    """The nodes by name, and what belongs to all of them."""

    folder: Path
    server: PrivateServer
    world: World
    url: str
    nodes: dict[str, NodeProcess] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    said: list[tuple[str, str, bool]] = field(default_factory=list)
    """Scenario, what had to be in a log, whether it was."""

    def node(self, name: str, *, old: bool = False, ahead: int = 0) -> NodeProcess:
        """Starts a node; an `old` configuration lacks the last host's feeds and the second receiver."""
        line = self.lines.setdefault(name, Line(self.world, make_url(self.url).port or 5432))
        store = make_url(self.url).set(port=line.port).render_as_string(hide_password=False)
        feeds = self.world.urls()[:-FEEDS_PER_HOST] if old else self.world.urls()
        receivers = ["first"] if old else ["first", "second"]
        config = config_text(store, feeds, self.world.sink_port, receivers, CONCURRENCY, SPACING)
        node = NodeProcess(name, self.folder / name, config, ahead)
        node.start()
        if not node.wait_for("daemon.started"):
            raise SystemExit(f"{name} did not start:\n{node.log.read_text()[-2000:]}")
        self.nodes[name] = node
        return node

    def expect(self, scenario: str, event: str, *names: str, seconds: float = 60.0) -> None:
        """Notes whether one of these nodes says so in its log."""
        until = time.monotonic() + seconds
        found = False
        while not found and time.monotonic() < until:
            found = any(self.nodes[name].says(event) for name in names)
            time.sleep(0.2)
        self.said.append((scenario, f"{event} by {' or '.join(names)}", found))

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                result = connection.execute(text(statement))
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()


def calm(cluster: Cluster) -> None:
    time.sleep(15)


def refuse(cluster: Cluster) -> None:
    """A host answers 503 and asks to be left alone: none of the nodes may ask it before."""
    cluster.world.refusing[cluster.world.quiet_host] = RETRY_AFTER
    time.sleep(RETRY_AFTER + 8)


def kill(cluster: Cluster) -> None:
    cluster.nodes["b"].end(signal.SIGKILL)
    cluster.expect("kill", "node.lost", "a", "c")
    time.sleep(10)
    cluster.node("b")


def freeze(cluster: Cluster) -> None:
    cluster.nodes["a"].send(signal.SIGSTOP)
    time.sleep(25)
    cluster.nodes["a"].send(signal.SIGCONT)
    cluster.expect("freeze", "node.declared_dead", "a")
    cluster.expect("freeze", "node.lost", "b", "c")
    time.sleep(5)


def cut_off(cluster: Cluster) -> None:
    cluster.lines["c"].cut()
    cluster.expect("cut off", "node.trust_lost", "c")
    time.sleep(25)
    cluster.lines["c"].heal()
    cluster.expect("cut off", "node.declared_dead", "c")
    time.sleep(5)


def restart_database(cluster: Cluster) -> None:
    cluster.server.halt()
    time.sleep(10)
    cluster.server.resume()
    cluster.expect("database away", "node.beat_failed", "a", "b", "c")
    time.sleep(12)


def other_clocks(cluster: Cluster) -> None:
    """One node ten minutes ahead, one behind; then the one that is ahead dies."""
    for name in ("a", "b"):
        cluster.nodes[name].end()
    cluster.node("ahead", ahead=CLOCK)
    cluster.node("behind", ahead=-CLOCK)
    cluster.expect("clocks", "clock.differs", "ahead")
    cluster.expect("clocks", "clock.differs", "behind")
    time.sleep(15)
    cluster.nodes["ahead"].end(signal.SIGKILL)
    time.sleep(25)
    cluster.nodes["behind"].end()
    cluster.node("a")
    cluster.node("b")


def other_configuration(cluster: Cluster) -> None:
    """A node starts with the file of yesterday: fewer feeds, and a receiver that it does not know."""
    cluster.node("old", old=True)
    cluster.expect("other feed list", "configuration.superseded", "old")
    time.sleep(20)
    cluster.nodes["old"].end()


SCENARIOS: dict[str, Callable[[Cluster], None]] = {
    "calm": calm,
    "retry-after": refuse,
    "kill": kill,
    "freeze": freeze,
    "cut-off": cut_off,
    "database": restart_database,
    "clocks": other_clocks,
    "configuration": other_configuration,
}


def newer_schema(cluster: Cluster) -> list[int]:
    """Another version of the program changes the schema: every node ends by itself. Returns their exit codes."""
    cluster.sql("UPDATE alembic_version SET version_num = '9999', oldest_program = '9999'")
    living = [node for node in cluster.nodes.values() if node.process.poll() is None]
    codes = [node.process.wait(30) for node in living]
    cluster.expect("newer schema", "schema 9999", *(node.name for node in living), seconds=1)
    return codes


def most_at_once(requests: Sequence[Request]) -> int:
    """The most requests to one host at one moment."""
    changes = sorted([(one.started, 1) for one in requests] + [(one.ended, -1) for one in requests])
    most = now = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def gaps(starts: Sequence[float]) -> list[float]:
    return [later - sooner for sooner, later in pairwise(starts)]


@dataclass
class Bars:
    """Prints each figure beside its bar, and remembers whether all are met."""

    are_met: bool = True

    def show(self, what: str, figure: object, *, met: bool) -> None:
        self.are_met &= met
        print(f"{'met   ' if met else 'BROKEN'}  {what}: {figure}", flush=True)


def politeness(cluster: Cluster, bars: Bars) -> None:
    by_host: dict[str, list[Request]] = defaultdict(list)
    for one in sorted(cluster.world.requests, key=lambda one: one.started):
        by_host[one.host].append(one)
    most = max(most_at_once(requests) for requests in by_host.values())
    closest = min(min(gaps([one.started for one in requests])) for requests in by_host.values())
    early = [
        one
        for host, since, until in cluster.world.refused
        for one in by_host[host]
        if since < one.started < until - JITTER
    ]
    changes = [
        later.started - sooner.ended
        for requests in by_host.values()
        for sooner, later in pairwise(requests)
        if sooner.node != later.node
    ]
    bars.show("times that a host passed to another node", len(changes), met=bool(changes))
    bars.show("least time from one node's answer to another's request, s", f"{min(changes):.3f}", met=min(changes) > 0)
    bars.show("most requests at once at one host", most, met=most <= CONCURRENCY)
    bars.show("closest starts at one host, s", f"{closest:.3f}", met=closest >= SPACING - JITTER)
    bars.show(f"requests before Retry-After, of {len(cluster.world.refused)} refusals", len(early), met=not early)


def lateness(cluster: Cluster, bars: Bars) -> None:
    """The quiet host's feeds back off after their refusal: they are left out."""
    starts: dict[str, list[float]] = defaultdict(list)
    for one in sorted(cluster.world.requests, key=lambda one: one.started):
        if one.host != cluster.world.quiet_host:
            starts[f"{one.host}{one.path}"].append(one.started)
    latest = max(max(gaps(one)) for one in starts.values()) - DUE_EVERY
    bars.show("longest that a feed stayed unread beyond its due time, s", f"{latest:.1f}", met=latest <= MOST_LATE)


def delivery(cluster: Cluster, bars: Bars) -> None:
    world = cluster.world
    titles = world.titles()
    for name in ("/first", "/second"):
        lost = titles - world.received[name].keys()
        bars.show(f"entries of {len(titles)} that {name} did not get", len(lost), met=not lost)
    shown = [ids for messages in world.received.values() for ids in messages.values()]
    same = sum(len(ids) - len(set(ids)) for ids in shown)
    other = sum(len(set(ids)) - 1 for ids in shown)
    bars.show("copies under another message id", other, met=not other)
    bars.show("copies under the same id (a node died between answer and record)", same, met=same <= HOSTS)
    dead = cluster.sql("SELECT count(*) FROM notifications WHERE state = 'dead'")[0][0]
    paused = cluster.sql("SELECT count(*) FROM feeds WHERE paused")[0][0]
    bars.show("dead letters", dead, met=dead == 0)
    bars.show("feeds paused", paused, met=paused == 0)


def wait_for_delivery(cluster: Cluster, seconds: float = 90.0) -> None:
    """Ends the publishing and waits until everything has arrived, or too long."""
    world = cluster.world
    world.ends = time.time()
    titles, until = world.titles(), time.monotonic() + seconds
    while time.monotonic() < until and any(titles - world.received[name].keys() for name in ("/first", "/second")):
        time.sleep(1)


def run(cluster: Cluster, chosen: Sequence[str]) -> bool:
    cluster.node("old", old=True)
    cluster.nodes["old"].end()
    for name in ("a", "b", "c"):
        cluster.node(name)
    for name in chosen:
        print(f"… {name}", flush=True)
        for node in cluster.nodes.values():
            node.mark()
        SCENARIOS[name](cluster)
    wait_for_delivery(cluster)
    bars = Bars()
    print(f"{len(cluster.world.requests):,} requests")
    politeness(cluster, bars)
    lateness(cluster, bars)
    delivery(cluster, bars)
    codes = newer_schema(cluster)
    bars.show("exit codes of the nodes when the schema is newer", codes, met=bool(codes) and set(codes) == {1})
    for scenario, what, was_said in cluster.said:
        bars.show(f"{scenario} is said: {what}", was_said, met=was_said)
    return bars.are_met


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--folder", type=Path, default=None)
    arguments.add_argument("--only", default=",".join(SCENARIOS), help="names, separated by commas")
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    folder.chmod(0o755)
    server = PrivateServer(folder / "server")
    world = World(HOSTS, FEEDS_PER_HOST)
    cluster = Cluster(folder, server, world, server.url())
    try:
        world.start()
        store = open_store(cluster.url, base=folder)
        store.upgrade()
        store.close()
        fine = run(cluster, options.only.split(","))
    finally:
        for node in cluster.nodes.values():
            if node.process.poll() is None:
                os.kill(node.process.pid, signal.SIGKILL)
        server.stop()
    if fine:
        shutil.rmtree(folder)
    else:
        print(f"the logs of the nodes are in {folder}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
