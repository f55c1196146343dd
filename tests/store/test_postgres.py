"""What is PostgreSQL's own. What needs a server is skipped where there is none."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import OperationalError
from sqlalchemy import create_engine, inspect, make_url, select

from tests.harness.store_samples import ASSIGNER, FEED, NOW, notify_all, poll
from watcher.errors import StoreBusy, StoreError, UsageError
from watcher.store import schema
from watcher.store.columns import metadata
from watcher.store.store import open_store
from watcher.store.tables import feeds
from watcher.timings import Timings

if TYPE_CHECKING:
    from watcher.store.store import Store


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    store = open_store(
        f"postgresql+psycopg://watcher:hunter2@127.0.0.1:{port}/watcher?sslpassword=hunter2", base=Path()
    )
    with pytest.raises(StoreBusy, match=str(port)) as refused:
        store.check_schema()
    assert "hunter2" not in str(refused.value)


def test_a_url_that_cannot_be_read_is_refused_without_its_password() -> None:
    with pytest.raises(UsageError) as refused:
        open_store("postgresql+psycopg://watcher:hunter2@:port/", base=Path())
    assert "hunter2" not in str(refused.value)


def test_migrations_lead_to_the_same_tables(postgres_empty_url: str) -> None:
    server = create_engine(postgres_empty_url)
    with server.begin() as connection:
        schema.migrate(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        columns = {column["name"] for column in inspect(connection).get_columns(schema.version_table.name)}
        assert columns == set(schema.version_table.c.keys())
    server.dispose()


def test_a_lock_is_waited_for_no_longer_than_patience(postgres_url: str, postgres_store: Store) -> None:
    postgres_store.feeds.sync([FEED], NOW)
    impatient = open_store(postgres_url, base=Path(), patience=timedelta(milliseconds=50))
    server = create_engine(postgres_url)
    with server.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE feeds")
        with pytest.raises(StoreBusy):
            impatient.feeds.sync([], NOW)
    impatient.close()
    server.dispose()


def test_a_process_that_stands_still_in_a_transaction_keeps_nobody_waiting(
    postgres_url: str, postgres_store: Store
) -> None:
    """As one that is frozen, or whose machine is: it says nothing until the others have what they wait for."""
    postgres_store.feeds.sync([FEED], NOW)
    frozen = open_store(postgres_url, base=Path(), timings=Timings(send_margin=timedelta(seconds=1)))

    def stand_still() -> None:
        with closing(frozen), frozen._database.write("test") as connection:
            connection.execute(select(feeds).with_for_update())
            (taken,) = postgres_store.polls.acquire_named("living", [FEED], NOW, NOW + timedelta(hours=1))
            assert postgres_store.polls.save("living", [poll(taken)], NOW, notify_all, ASSIGNER)[0].saved
            connection.execute(select(feeds))

    with pytest.raises(StoreBusy, match="still"):
        stand_still()


def test_a_silent_nodes_locks_are_free_although_its_session_is_in_the_middle_of_statements(
    postgres_url: str, postgres_store: Store
) -> None:
    postgres_store.feeds.sync([FEED], NOW)
    frozen = open_store(postgres_url, base=Path())
    now = postgres_store.nodes.time()
    assert now is not None
    frozen.nodes.register("frozen", "one", now, timedelta(seconds=10))
    postgres_store.nodes.register("living", "other", now, timedelta(hours=1))
    later = now + timedelta(seconds=20)

    def dead() -> list[str]:
        postgres_store.polls.acquire_due("living", later, later + timedelta(minutes=1), 10)
        return [one.id for one in postgres_store.nodes.all() if one.died_at is not None]

    def stand_still() -> None:
        with closing(frozen), frozen._database.write("test") as connection:
            driver: Any = connection.connection.driver_connection
            with driver.pipeline():
                driver.execute("SELECT id FROM nodes WHERE id = 'frozen' FOR UPDATE")
                driver.pgconn.send_flush_request()
                driver.pgconn.flush()
                assert any(dead() == ["frozen"] for _ in range(500))
            connection.execute(select(feeds))

    with pytest.raises((StoreBusy, OperationalError)):
        stand_still()


@pytest.mark.parametrize(("is_bulk", "pause"), [(False, "4500ms"), (True, "20s")])
def test_only_what_needs_it_may_pause_for_longer_than_leases_last(
    postgres_store: Store, pause: str, *, is_bulk: bool
) -> None:
    setting = "SHOW idle_in_transaction_session_timeout"
    database = postgres_store._database
    with database.write("test", is_bulk=is_bulk) as writing, database.read() as reading:
        assert writing.exec_driver_sql(setting).scalar_one() == pause
        assert reading.exec_driver_sql(setting).scalar_one() == "5min"
    with database.write("test") as afterwards:
        assert afterwards.exec_driver_sql(setting).scalar_one() == "4500ms"


def test_backups_are_the_servers_business(tmp_path: Path, postgres_store: Store) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        postgres_store.backup(tmp_path / "copy")


def test_a_server_without_the_database_says_so(postgres_url: str) -> None:
    elsewhere = make_url(postgres_url).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(StoreBusy, match="no_such_database"):
        open_store(elsewhere, base=Path()).check_schema()


def test_a_restart_of_the_server_declares_no_node_dead(postgres_store: Store, postgres_url: str) -> None:
    server = create_engine(postgres_url)
    with server.connect() as connection:
        started = connection.exec_driver_sql("SELECT pg_postmaster_start_time()").scalar_one()
    server.dispose()
    second = timedelta(seconds=1)
    postgres_store.nodes.register("silent", "one", started - 60 * second, 15 * second)
    for now, dead in ((started + 5 * second, []), (started + 60 * second, ["silent"])):
        postgres_store.polls.acquire_due("me", now, now + second, 1)
        assert [one.id for one in postgres_store.nodes.all() if one.died_at is not None] == dead
