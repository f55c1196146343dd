"""`watcher nodes`: the processes that work on the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watcher.cli.options import DEFAULT_CONFIG, AsJson, Config, single_command, store_of
from watcher.cli.tables import Cell, show_json, show_table, span
from watcher.store.records import NodeRecord, NodeState
from watcher.timings import PRODUCTION

app = single_command()

COLUMNS = ("id", "name", "state", "roles", "version", "configuration", "started", "last beat", "feeds", "messages")


@app.command(epilog="Example: watcher nodes --json")
def nodes(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the processes that work on the store.

    Those that ended within a day are listed, too. Nodes with the newest configuration lead:
    they decide which feeds are polled, and route alerts.
    """
    with store_of(config) as store:
        now = store.nodes.time() or datetime.now(UTC)
        found = store.nodes.all()
    newest = max((node.generation or 0 for node in found if node.state(now) is NodeState.ALIVE), default=0)
    if as_json:
        show_json([_facts(node, now, newest) for node in found])
    else:
        empty = "no process works on this store, nor did any within a day"
        show_table(COLUMNS, (_row(node, now, newest) for node in found), empty=empty)


def _facts(node: NodeRecord, now: datetime, newest: int) -> dict[str, object]:
    state = node.state(now)
    return {
        "id": node.id,
        "name": node.name,
        "state": state,
        "roles": node.roles.split(",") if node.roles else [],
        "version": node.version,
        "schema": node.schema,
        "generation": node.generation,
        "leads": state is NodeState.ALIVE and node.generation == newest,
        "started_at": node.started_at,
        "alive_until": node.alive_until,
        "died_at": node.died_at,
        "feeds": node.feeds,
        "messages": node.notifications,
    }


def _row(node: NodeRecord, now: datetime, newest: int) -> tuple[Cell, ...]:
    return (
        node.id[:8],
        node.name,
        node.state(now),
        node.roles,
        node.version,
        _configuration(node.generation, newest),
        node.started_at,
        _last_beat(node, now),
        f"{node.feeds:,}",
        f"{node.notifications:,}",
    )


def _last_beat(node: NodeRecord, now: datetime) -> Cell:
    """How long ago the node beat, or when it ended or was declared dead."""
    return node.died_at or f"{span(max(now - node.alive_until + PRODUCTION.node_lives, timedelta(0)))} ago"


def _configuration(generation: int | None, newest: int) -> str | None:
    """The generation of a node's configuration, and whether a living node has a newer one."""
    if generation is None:
        return None
    return f"{generation}, older" if generation < newest else str(generation)
