"""Makes a large store for `bench/pages.py`, on SQLite, on PostgreSQL, or on both from the same rows.

    python bench/page_store.py --folder DIRECTORY [--postgres URL] [--entries 1000000] [--feeds 2000]
        [--refill]

Entries of 90 days in seven languages, three of them without spaces, with lengths as in real feeds (most of 30 to 200
words, few of 5,000). Words follow Zipf's law. 3 in 100 entries have an alert of one of 12 topics, as many again have
one term of a topic and no alert. Alerts have copies, stories, deliveries in every state, messages, marks. Rows are
written to the tables in bulk, indexes are made afterwards, and so is the index of words: the same seed, the same store.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table

from watcher.errors import NotifyReason, PollReason
from watcher.model.alert import Alert, AlertState, Evidence, stable_hash
from watcher.model.entry import Entry
from watcher.model.feed import PollState
from watcher.model.notification import AttemptResult, DeliveryState, NotificationState
from watcher.model.topic import Level
from watcher.search import text as search_text
from watcher.search.fill import Filler
from watcher.search.index import PART, IndexState, open_index
from watcher.search.parts import PART_NAME, PartedIndex, search_words
from watcher.search.text import IndexedText, indexed_text, labels_of
from watcher.search.tsvector import TsvectorIndex, tsvector
from watcher.store import documents
from watcher.store.database import Database
from watcher.store.page_tables import marks, missed_entries
from watcher.store.postgres import PostgresDatabase
from watcher.store.store import Store, open_store
from watcher.store.tables import (
    alerts,
    attempts,
    deliveries,
    delivery_groups,
    entries,
    feed_states,
    feeds,
    notifications,
    seen,
)

DAYS = 90
VOCABULARY = 30_000
SENTENCES = 20_000
TOPICS = tuple(f"topic-{number}" for number in range(12))
TERMS = 6
"""Terms of each topic."""
BOTH_ENDS = timedelta(days=DAYS)
SPACED = {
    "en": ("abcdefghiklmnoprstuvw", "aeiou", 55),
    "ar": ("ابتجحدرسشعفقكلمنهوي", "اوي", 15),
    "tr": ("bcçdfgğhklmnprsştvyz", "aeıioöuü", 8),
    "ru": ("бвгдежзклмнопрстфхч", "аеиоуы", 7),
}
"""Consonants and vowels of invented words, and how many of a hundred entries are in the language."""
UNSPACED = {"zh": (0x4E00, 3_000, 5), "ja": (0x3042, 80, 5), "th": (0x0E01, 46, 5)}
"""First character, how many, and how many of a hundred entries."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the store. `topic` has an alert of it when `alerted`, else one of its terms."""

    number: int
    key: str
    feed: int
    seen: datetime
    entry: Entry
    topic: int | None
    alerted: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the store: the entry, its document, its words."""

    feed: int
    entry: Entry
    topic: int | None
    alerted: bool
    document: str
    words: IndexedText


class Texts:
    """Sentences of each language, the same in every run."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self._sentences = {code: self._spaced(*letters[:2]) for code, letters in SPACED.items()}
        self._sentences |= {code: self._unspaced(*where[:2]) for code, where in UNSPACED.items()}
        shares = {code: value[2] for code, value in (*SPACED.items(), *UNSPACED.items())}
        self._languages, self._shares = list(shares), list(shares.values())

    def _spaced(self, consonants: str, vowels: str) -> list[str]:
        pick, words = self.random.choice, []
        for rank in range(VOCABULARY):
            syllables = 1 + (rank > 40) + (rank > 1_500)
            words.append("".join(pick(consonants) + pick(vowels) + pick(consonants) for _ in range(syllables)))
        return [" ".join(some).capitalize() + "." for some in self._zipf(words, 15)]

    def _unspaced(self, first: int, count: int) -> list[str]:
        characters = [chr(first + number) for number in range(count)]
        return ["".join(some) + "。" for some in self._zipf(characters, 25)]

    def _zipf(self, words: Sequence[str], length: int) -> Iterator[list[str]]:
        weights, total = [], 0.0
        for rank in range(1, len(words) + 1):
            total += 1 / rank
            weights.append(total)
        for _ in range(SENTENCES):
            yield self.random.choices(words, cum_weights=weights, k=self.random.randint(length // 2, length * 3 // 2))

    def entry(self, number: int, seen_at: datetime, topic: int | None, *, alerted: bool) -> Entry:
        """An entry; one with an alert names two terms of its topic in its title and its text, another one."""
        chance = self.random
        (code,) = chance.choices(self._languages, self._shares) if topic is None else ("en",)
        sentences = self._sentences[code]
        count = min(max(1, round(chance.lognormvariate(1.6, 0.9))), 600)
        body = [sentences[int(chance.random() * SENTENCES)] for _ in range(count)]
        title = sentences[int(chance.random() * SENTENCES)][:90].rstrip(".。")
        if topic is not None:
            first, second = chance.sample(range(TERMS), 2)
            body.insert(0, f"{term(topic, second).capitalize()} again {term(topic, first)}." if alerted else
                        f"Near {term(topic, second)}.")  # fmt: skip
            title = f"{title[:60]} {term(topic, first)}" if alerted else title
        if number % 10 == 0:
            body.append(f"Ref {number:07d}.")
        return Entry(
            f"tag:example.org,2026:{number}", f"https://feed{number % 97}.example.org/{number}", title,
            summary=body[0], content=" ".join(body), author=f"Author {number % 5_000}", published=seen_at,
            categories=(f"c{number % 40}",), language=code,
        )  # fmt: skip


def term(topic: int, number: int) -> str:
    """A word that no sentence has: it is longer than all of theirs."""
    return "kelvandor"[: 5 + number % 4] + "bcdfghjklmnp"[topic] + "aeiouy"[number] + "stament"


def make_texts(feed_count: int, now: datetime) -> list[Text]:
    """The texts of one part of the index. Each is the text of an entry in every part: making a million takes an hour."""
    # The same stretches come again and again; the sentences of languages without spaces are stretches, too.
    search_text._LONGEST_CACHED = 200
    search_text._cached = lru_cache(maxsize=500_000)(search_text._words_of_stretch)
    texts = Texts()
    chance, found = texts.random, []
    for number in range(PART):
        fate = chance.random()
        topic = min(int(chance.random() ** 2 * len(TOPICS)), len(TOPICS) - 1) if fate < 0.06 else None
        feed = min(int(chance.random() ** 1.5 * feed_count), feed_count - 1)
        entry = texts.entry(number, now, topic, alerted=fate < 0.03)
        found.append(Text(feed, entry, topic, fate < 0.03, documents.entries.write(entry), indexed_text(entry)))
    return found


def rows(part: int, texts: Sequence[Text], count: int, now: datetime) -> Iterator[tuple[Row, Text]]:
    """The entries of one part, oldest first."""
    for number, one in enumerate(texts, start=part * PART):
        if 0 < number <= count:
            seen_at, key = now - BOTH_ENDS * (1 - number / count), stable_hash("bench", str(number))
            yield Row(number, key, one.feed, seen_at, one.entry, one.topic, one.alerted), one


def feed_url(number: int) -> str:
    return f"https://feed{number}.example.org/rss"


def insert(connection: Connection, table: Table, found: Iterable[dict[str, Any]]) -> None:
    """Writes rows in bulk: COPY on PostgreSQL, `executemany` on SQLite."""
    values = list(found)
    if not values:
        return
    names = list(values[0])
    dialect = connection.dialect
    read: list[Any] = [
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value) for name in names
    ]
    tuples = ([one(row[name]) for one, name in zip(read, names, strict=True)] for row in values)
    driver: Any = connection.connection.driver_connection
    if dialect.name == "postgresql":
        with driver.cursor().copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
            for row in tuples:
                copy.write_row(row)
    else:
        places = ", ".join("?" * len(names))
        driver.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})", tuples)


class Target:
    """A store that is filled, with its index of words."""

    def __init__(self, url: str, folder: Path) -> None:
        self.store: Store = open_store(url, base=folder)
        self.index: PartedIndex = open_index(url, base=folder)  # type: ignore[assignment]
        self.cpu = {"store": 0.0, "indexes": 0.0, "words": 0.0}

    def begin(self, feed_count: int, now: datetime) -> None:
        self.store.upgrade()
        self.store.feeds.sync({feed_url(number) for number in range(feed_count)}, now)
        self.index.clear()
        with self.writing(self.store._database) as connection:
            for table in TABLES:
                for index in table.indexes:
                    index.drop(connection)
            numbers = {row.url: row.id for row in connection.execute(feeds.select())}
            self.numbers = [numbers[feed_url(number)] for number in range(feed_count)]
            for number in range(feed_count):
                values = feed_values(number, now)
                known = {"feed_id": self.numbers[number], "document": values.pop("document")}
                connection.execute(feeds.update().where(feeds.c.url == feed_url(number)).values(**values))
                connection.execute(feed_states.insert().values(**known))
            labels = documents.labels.write({})
            for name in ("desk/webhook/0", "night/webhook/0"):
                group = {"key": stable_hash("group", name), "route": "/" if name[0] == "d" else "/0", "channel": name}
                connection.execute(delivery_groups.insert().values(**group, labels=labels))
            self.groups = {row.channel: row.id for row in connection.execute(delivery_groups.select())}

    @contextmanager
    def writing(self, database: Database) -> Iterator[Connection]:
        with database.write("remember") as connection:
            if connection.dialect.name == "postgresql":  # texts are prepared inside the transaction
                connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield connection

    def add(self, some: Sequence[tuple[Row, Text]], made: Sequence[tuple[Row, Alert]]) -> None:
        began = time.process_time()
        with self.writing(self.store._database) as connection:
            insert(connection, entries, (
                {"id": row.number, "key": row.key, "feed_id": self.numbers[row.feed], "first_seen": row.seen,
                 "document": text.document, "changed_at": None}
                for row, text in some
            ))  # fmt: skip
            insert(connection, seen, (
                {"feed_id": self.numbers[row.feed], "key": row.key, "link_hash": row.key[::-1],
                 "title_fingerprint": row.key[16:] + row.key[:16], "text_fingerprint": row.key,
                 "first_seen": row.seen, "last_seen": row.seen}
                for row, _ in some
            ))  # fmt: skip
            for table, found in alert_rows(made, self.groups).items():
                insert(connection, table, found)
        self.cpu["store"] += time.process_time() - began

    def finish(self) -> None:
        began = time.process_time()
        with self.writing(self.store._database) as connection:
            for table in TABLES:
                for index in table.indexes:
                    index.create(connection)
                if connection.dialect.name == "postgresql" and (key := table.primary_key.columns.keys()) in (
                    ["id"], ["seq"],
                ):  # fmt: skip
                    connection.exec_driver_sql(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key[0]}'), max({key[0]})) FROM {table.name}"
                    )
        database = self.index._database
        if isinstance(database, PostgresDatabase):
            with database._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        self.cpu["indexes"] += time.process_time() - began

    def add_words(self, some: Sequence[tuple[Row, Text]], made: Sequence[tuple[Row, Alert]]) -> None:
        began = time.process_time()
        alerted = {row.key: [alert] for row, alert in made}
        found = [
            (row.number, replace(text.words, labels=labels_of(self.numbers[row.feed], row.entry, alerted.get(row.key, ()))))
            for row, text in some
        ]  # fmt: skip
        last = some[-1][0]
        state = IndexState(last.number, last.key, datetime(1970, 1, 1, tzinfo=UTC), 1)
        with self.writing(self.index._database) as connection:
            if isinstance(self.index, TsvectorIndex):
                self._copy_words(connection, found)
            else:
                self.index._create_part(connection, last.number // PART)
                self.index._add(connection, last.number // PART, found)
            if last.number < PART:  # later parts have no other words
                words = {word for _, text in found for word in text.all_words()}
                statement = self.index._database.insert_missing(search_words, ("word",))
                connection.execute(statement, [{"word": word} for word in sorted(words)])
            self.index._note(connection, state)
        self.cpu["words"] += time.process_time() - began

    def _copy_words(self, connection: Connection, found: Sequence[tuple[int, IndexedText]]) -> None:
        """Adds a part, which gets its GIN index when it is full. A later one has the texts of the one before."""
        part = found[-1][0] // PART
        if part > 1:
            self.copy_part(connection, part, found[-1][0])
            return
        with self._new_part(connection, part) as name:
            driver: Any = connection.connection.driver_connection
            with driver.cursor().copy(f"COPY {name} (id, words) FROM STDIN") as copy:
                for number, text in found:
                    copy.write_row((number, tsvector(text)))

    def copy_part(self, connection: Connection, part: int, last: int) -> None:
        """Makes a part of the one before, up to the entry `last`."""
        with self._new_part(connection, part) as name:
            before = f"{PART_NAME}{part - 1}"
            connection.exec_driver_sql(
                f"INSERT INTO {name} SELECT id + {PART}, words FROM {before} WHERE id + {PART} <= {last}"
            )

    @contextmanager
    def _new_part(self, connection: Connection, part: int) -> Iterator[str]:
        name = f"{PART_NAME}{part}"
        connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
        self.index._create_part(connection, part)
        connection.exec_driver_sql(f"DROP INDEX {name}_words")
        yield name
        connection.exec_driver_sql(f"CREATE INDEX {name}_words ON {name} USING gin (words)")

    def refill(self, now: datetime) -> None:
        """Fills the index of words again when its version is an old one. On PostgreSQL all parts but two are copies."""
        filler, (_, last) = Filler(self.store, self.index), self.store.entries.number_range()
        is_copied = isinstance(self.index, TsvectorIndex)
        while (progress := filler.step(now)).to_go:
            filled_to = (self.index.state() or IndexState()).filled_to
            if filled_to % 10_000 < progress.indexed:
                print(f"words of {filled_to:,} entries", flush=True)
            if is_copied and 2 * PART <= filled_to < last - PART:
                self._copy_parts(last)

    def _copy_parts(self, last: int) -> None:
        with self.writing(self.index._database) as connection:
            for part in self.index._parts(connection):
                if part > 1:
                    self.index._drop_part(connection, part)
            for part in range(2, last // PART + 1):
                self.copy_part(connection, part, last)
            key = self.store.entries.key_of(last) or ""
            self.index._note(connection, IndexState(last, key, datetime(1970, 1, 1, tzinfo=UTC), 1))


TABLES = (entries, seen, alerts, notifications, deliveries, attempts, marks, missed_entries)


def feed_values(number: int, now: datetime) -> dict[str, Any]:
    """A few feeds fail, some have never changed; most were polled within the hour."""
    polled = now - timedelta(minutes=number % 55)
    failures = 4 if number % 40 == 7 else 0
    state = PollState(
        feed_url(number), polled + timedelta(hours=1), last_polled_at=polled, failures=failures,
        last_success_at=polled - timedelta(hours=30 * bool(failures)), failing_since=polled if failures else None,
        reason=PollReason.TIMEOUT if failures else None, title=f"Publisher {number}", baseline_at=now - BOTH_ENDS,
        newest_published=polled,
    )  # fmt: skip
    return {
        "title": f"Publisher {number}", "next_poll_at": state.next_poll_at, "last_polled_at": polled,
        "failures": failures, "document": documents.write_poll_state(state),
        "labels": documents.labels.write({"region": f"r{number % 9}"}),
        "issues_from": now if failures else now + timedelta(days=30),
    }  # fmt: skip


def alert_of(row: Row) -> Alert:
    topic = TOPICS[row.topic or 0]
    level = Level.FOCUS if row.number % 3 == 0 else Level.MENTION
    name = f"Publisher {row.feed}"
    short = Entry(row.entry.id, row.entry.link, row.entry.title, row.entry.summary, row.entry.content[:600],
                  published=row.entry.published, language=row.entry.language)  # fmt: skip
    words = tuple(Evidence(term(row.topic or 0, n), "title", 1, 300, row.entry.title, ((0, 5),)) for n in range(3))
    return Alert(
        id=stable_hash("alert", row.key), topic=topic, topic_title=topic.title(), level=level, score=900, focus=700,
        evidence=words, entry_key=row.key, entry=short, feed_url=feed_url(row.feed), feed_title=name,
        first_seen=row.seen, story=stable_hash("story", str(row.number // 300)),
        labels={"topic": topic, "level": level.value, "feed": name, "score": "9"}, created_at=row.seen,
        state=AlertState.FOLDED if row.number % 5 == 0 else AlertState.ROUTED,
    )  # fmt: skip


@dataclass(slots=True)
class _Numbers:
    """The numbers that rows get in the order of their creation."""

    alert: int = 0
    message: int = 0
    last_alert: str = ""


def alert_rows(made: Sequence[tuple[Row, Alert]], groups: dict[str, int]) -> dict[Table, list[dict[str, Any]]]:
    """The rows of some alerts: a message for each three of them, a digest a day, a mark for each tenth."""
    found: dict[Table, list[dict[str, Any]]] = {
        table: [] for table in (alerts, notifications, attempts, deliveries, marks, missed_entries)
    }
    for row, one in made:
        seq, at = _seq_of(row), row.seen
        is_copy = one.state is AlertState.FOLDED
        found[alerts].append({
            "seq": seq, "id": one.id, "topic": one.topic, "entry_key": one.entry_key, "story": one.story,
            "feed_title": one.feed_title, "level": one.level, "score": one.score, "state": one.state, "reason": "",
            "folded_into": stable_hash("alert", "first", one.story) if is_copy else None, "created_at": at,
            "routed_at": at, "document": documents.alerts.write(one), "trust": 1,
        })  # fmt: skip
        if row.number % 10 == 1:
            found[marks].append({
                "alert_id": one.id, "topic": one.topic, "is_relevant": row.number % 4 != 1, "marked_at": at,
                "document": documents.alerts.write(one),
            })  # fmt: skip
        if is_copy:
            continue
        state = (DeliveryState.DEAD if seq % 200 == 7 else DeliveryState.SILENCED if seq % 50 == 3
                 else DeliveryState.DELIVERED)  # fmt: skip
        if state is not DeliveryState.SILENCED:
            is_dead = state is DeliveryState.DEAD
            reason = NotifyReason.DIGEST if seq % 100 == 1 else NotifyReason.FIRST
            found[notifications].append({
                "id": seq, "key": stable_hash("message", one.id), "group_id": groups["desk/webhook/0"],
                "channel": "desk/webhook/0", "reason": reason.value, "snapshot": documents.snapshots.write((one,)),
                "omitted": 0, "state": NotificationState.DEAD if is_dead else NotificationState.SENT,
                "created_at": at, "attempts": 1, "epoch": 1, "finished_at": at,
            })  # fmt: skip
            found[attempts].append({
                "notification_id": seq, "number": 1, "started_at": at, "finished_at": at,
                "outcome": (AttemptResult.GIVE_UP if is_dead else AttemptResult.DELIVERED).value,
                "reason": "gone" if is_dead else "", "detail": "",
            })  # fmt: skip
        found[deliveries].append({
            "alert_seq": seq, "channel": "desk/webhook/0", "group_id": groups["desk/webhook/0"],
            "notification_id": None if state is DeliveryState.SILENCED else seq, "score": one.score,
            "waiting_since": at, "state": state, "reason": "first", "since": at, "held_until": None,
        })  # fmt: skip
        found[deliveries].append({
            "alert_seq": seq, "channel": "night/webhook/0", "group_id": groups["night/webhook/0"],
            "notification_id": None, "score": one.score, "waiting_since": at, "state": DeliveryState.WAITING
            if seq % 97 == 0 else DeliveryState.OMITTED, "reason": "digest", "since": at, "held_until": None,
        })  # fmt: skip
    return found


def _seq_of(row: Row) -> int:
    return row.number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="of the SQLite store, bench.db")
    parser.add_argument("--postgres", metavar="URL", help="an empty database")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--feeds", type=int, default=2_000)
    parser.add_argument("--only-postgres", action="store_true")
    parser.add_argument(
        "--refill", action="store_true", help="only the index of words, where its version is an old one"
    )
    arguments = parser.parse_args()
    urls = ([] if arguments.only_postgres else ["sqlite:///bench.db"]) + (
        [arguments.postgres] if arguments.postgres else []
    )
    targets, now = [Target(url, arguments.folder) for url in urls], datetime.now(UTC)
    if arguments.refill:
        for target in targets:
            target.refill(now)
    else:
        build(targets, arguments.entries, arguments.feeds, now)


def build(targets: Sequence[Target], count: int, feed_count: int, now: datetime) -> None:
    texts = make_texts(feed_count, now)
    for target in targets:
        target.begin(feed_count, now)
    began = time.process_time()
    for part in range(count // PART + 1):
        some = list(rows(part, texts, count, now))
        made = [(row, alert_of(row)) for row, _ in some if row.alerted]
        for target in targets:
            if some:
                target.add(some, made)
                target.add_words(some, made)
        print(f"part {part}, {time.process_time() - began:.0f} s of CPU", flush=True)
    for target in targets:
        target.finish()
        print({name: round(seconds, 1) for name, seconds in target.cpu.items()}, flush=True)


if __name__ == "__main__":
    main()
