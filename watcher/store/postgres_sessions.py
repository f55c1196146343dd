"""Sessions with a PostgreSQL server: how long they may stand still, what they are called, and how others end them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, column, func, select, table

CONNECT_SECONDS = 10

READING_PAUSE = timedelta(minutes=5)
"""How long a session may pause that only reads: it locks nothing, and what is made of many rows takes its time."""

BULK_PAUSE = timedelta(seconds=20)
"""The same for a transaction that computes for long between two statements: an upgrade, the sync of very many feeds."""

GONE_AFTER = timedelta(seconds=15)
"""When a machine counts as gone that answers nothing, not even that it is there."""

SETTINGS = {"enable_seqscan": "off", "jit": "off"}
"""No whole table is read where an index serves: a session keeps its plans, also those that were made while a table was
empty. Every check of a foreign key then read all of a table that had grown since. What has no index looks so expensive
to the server then that it would compile the statement.
"""


def client_options(pause: timedelta) -> dict[str, int]:
    """How libpq notices that the server has gone: https://www.postgresql.org/docs/current/libpq-connect.html."""
    gone = min(pause, GONE_AFTER)
    probe = max(1, round(gone.total_seconds() / 3))
    return {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": probe,
        "keepalives_interval": probe,
        "keepalives_count": 2,
        "tcp_user_timeout": gone // timedelta(milliseconds=1),
    }


def session_settings(pause: timedelta, patience: timedelta) -> dict[str, str]:
    """What each session sets. It ends with its node, on both sides: what is frozen or cut off inside a transaction must
    not keep its locks until TCP gives up, which takes two hours.

    A process that is stopped says nothing for longer than `pause`; a machine that is switched off acknowledges nothing,
    also in the middle of a statement (https://www.postgresql.org/docs/current/runtime-config-connection.html). There is
    no `statement_timeout`: while a statement runs its node lives, or the session ends when the answer reaches nobody.
    """
    client = client_options(pause)
    return SETTINGS | {
        "lock_timeout": f"{patience // timedelta(milliseconds=1)}ms",
        "idle_in_transaction_session_timeout": f"{pause // timedelta(milliseconds=1)}ms",
        "tcp_keepalives_idle": f"{client['keepalives_idle']}s",
        "tcp_keepalives_interval": f"{client['keepalives_interval']}s",
        "tcp_keepalives_count": f"{client['keepalives_count']}",
        "tcp_user_timeout": f"{client['tcp_user_timeout']}ms",
    }


def session_name(node: str) -> str:
    """The `application_name` of a node's sessions; the server keeps 63 bytes of it."""
    return f"watcher {node}"


def ending_sessions(nodes: Collection[str]) -> Select[Any]:
    """The statement that ends the sessions of nodes: a user may end those of the same user (`pg_terminate_backend`).

    `idle_in_transaction_session_timeout` does not count while a statement waits, for one lock after the other, or
    between the statements of a pipeline: in a crash run, a frozen node kept its locks for 15 seconds.
    """
    session = table("pg_stat_activity", column("pid"), column("application_name"), column("usename"))
    return select(func.pg_terminate_backend(session.c.pid)).where(
        session.c.application_name.in_([session_name(node) for node in nodes]),
        session.c.usename == func.current_user(),
        session.c.pid != func.pg_backend_pid(),
    )
