"""Model values survive the way into a document and back, whatever is in them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from watcher.errors import PollReason, SchemaMismatch, StoreCorrupt
from watcher.model.alert import Alert, AlertState, Evidence
from watcher.model.entry import Entry, IdentityScheme
from watcher.model.feed import PollState, Validators
from watcher.model.topic import Level
from watcher.store import documents
from watcher.store.documents import Document, Versioned

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(0), timedelta(days=4000))
keys = st.binary(min_size=16, max_size=16).map(bytes.hex)

entries = st.builds(
    Entry,
    texts,
    texts,
    texts,
    texts,
    texts,
    texts,
    published=st.none() | moments,
    updated=st.none() | moments,
    categories=st.lists(texts, max_size=3).map(tuple),
    language=st.none() | texts,
    publisher=st.none() | texts,
)
evidence = st.builds(
    Evidence,
    texts,
    texts,
    st.integers(0, 99),
    st.integers(-(10**6), 10**6),
    texts,
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3).map(tuple),
)
alerts = st.builds(
    Alert,
    id=keys,
    topic=texts,
    topic_title=texts,
    level=st.sampled_from(Level),
    score=st.integers(-(10**6), 10**6),
    focus=st.integers(0, 10**6),
    evidence=st.lists(evidence, max_size=3).map(tuple),
    entry_key=keys,
    entry=entries,
    feed_url=texts,
    feed_title=texts,
    first_seen=moments,
    story=texts,
    labels=st.dictionaries(texts, texts, max_size=3),
    sources=st.lists(texts, max_size=3).map(tuple),
    state=st.sampled_from(AlertState),
    folded_into=st.none() | keys,
    created_at=st.none() | moments,
    reason=texts,
)
poll_states = st.builds(
    PollState,
    texts,
    moments,
    st.builds(Validators, st.none() | texts, st.none() | texts),
    baseline_at=st.none() | moments,
    last_unconditional_at=st.none() | moments,
    failures=st.integers(0, 10**9),
    reason=st.none() | st.sampled_from(PollReason),
    detail=st.none() | texts,
    interval=st.none() | spans,
    title=st.none() | texts,
    validators_distrusted=st.booleans(),
    identity=st.sampled_from(IdentityScheme),
    identity_streak=st.integers(0, 99),
    not_before=st.none() | moments,
)


@given(entries)
def test_entries_come_back(entry: Entry) -> None:
    assert documents.entries.read(documents.entries.write(entry)) == entry


@given(poll_states)
def test_poll_states_come_back(state: PollState) -> None:
    columns = {name: getattr(state, name) for name in documents.STATE_COLUMNS}
    document = documents.write_poll_state(state)
    assert documents.read_poll_state(document, **columns) == state
    assert not documents.STATE_COLUMNS & json.loads(document)["value"].keys()


@settings(max_examples=50)
@given(poll_states, st.lists(alerts, max_size=2).map(tuple))
def test_programs_of_before_read_what_is_written_and_the_other_way_round(
    state: PollState, snapshot: tuple[Alert, ...]
) -> None:
    """They read and wrote with pydantic, and may work on the same store."""
    states, snapshots = TypeAdapter(Versioned[PollState]), TypeAdapter(Versioned[tuple[Alert, ...]])
    columns = {name: getattr(state, name) for name in documents.STATE_COLUMNS}
    written = json.loads(documents.write_poll_state(state))
    shown = {"url": state.url, "next_poll_at": "2026-11-23T08:00:00Z"}
    read = states.validate_json(json.dumps({"v": 1, "value": shown | written["value"]}), strict=True).value
    assert replace(read, **columns) == state
    assert snapshots.validate_json(documents.snapshots.write(snapshot), strict=True).value == snapshot
    old = states.dump_json(Versioned(1, state), exclude_none=True, exclude={"value": set(documents.STATE_COLUMNS)})
    assert documents.read_poll_state(old.decode(), **columns) == state
    assert documents.snapshots.read(snapshots.dump_json(Versioned(1, snapshot)).decode()) == snapshot


@pytest.mark.parametrize(
    ("written", "days"), [("P1Y", 365), ("P2Y70DT1H", 800), ("P3YT1H", 1095), ("P400D", 400), ("P10Y1D", 3651)]
)
def test_spans_with_years_are_read(written: str, days: int) -> None:
    text = f'"interval":"P{written}'
    document = json.dumps({"v": 1, "value": {"detail": text, "interval": written}}, separators=(",", ":"))
    read = documents.read_poll_state(document, url="https://a", next_poll_at=datetime(2026, 11, 23, tzinfo=UTC))
    assert read.interval is not None
    assert (read.interval.days, read.detail) == (days, text)


@given(st.dictionaries(texts, texts), texts)
def test_texts_that_look_like_a_document_stay(labels: dict[str, str], text: str) -> None:
    strange = labels | {"a": f',"title":null{text}', text: '"interval":"P1Y', f',"{text}":null': "null"}
    assert documents.labels.read(documents.labels.write(strange)) == strange


def test_a_feed_that_was_never_polled_has_no_document() -> None:
    state = PollState("https://a", datetime(2026, 11, 23, 8, tzinfo=UTC))
    columns = {name: getattr(state, name) for name in documents.STATE_COLUMNS}
    assert documents.read_poll_state(None, **columns) == state


def test_columns_win_over_what_documents_of_old_versions_repeat() -> None:
    old = '{"v":1,"value":{"url":"https://a","next_poll_at":"2026-11-23T08:00:00Z","failures":2,"title":"A"}}'
    moved = datetime(2026, 11, 24, tzinfo=UTC)
    read = documents.read_poll_state(
        old, url="https://a", next_poll_at=moved, not_before=None, last_polled_at=None, failures=0
    )
    assert read == PollState("https://a", moved, title="A")


@given(st.lists(alerts, max_size=3).map(tuple))
def test_snapshots_come_back(snapshot: tuple[Alert, ...]) -> None:
    assert documents.snapshots.read(documents.snapshots.write(snapshot)) == snapshot


@given(st.dictionaries(texts, texts), st.lists(texts).map(tuple))
def test_labels_and_names_come_back(labels: dict[str, str], names: tuple[str, ...]) -> None:
    assert documents.labels.read(documents.labels.write(labels)) == labels
    assert documents.names.read(documents.names.write(names)) == names


def test_lone_surrogates_become_question_marks_and_the_rest_stays() -> None:
    written = documents.entries.write(Entry("\ud800id", "\0", "عنوان", published=datetime(2026, 11, 23, tzinfo=UTC)))
    assert documents.entries.read(written) == Entry("?id", "\0", "عنوان", published=datetime(2026, 11, 23, tzinfo=UTC))


def test_a_document_without_newer_fields_takes_their_defaults() -> None:
    old = '{"v":1,"value":{"id":"1","link":"","title":"A"}}'
    assert documents.entries.read(old) == Entry("1", "", "A")


def test_fields_of_a_neighbouring_version_are_passed_over() -> None:
    written = json.loads(documents.names.write(("a",))) | {"new": 1}
    assert documents.names.read(json.dumps(written)) == ("a",)


def test_another_version_is_refused() -> None:
    with pytest.raises(SchemaMismatch):
        documents.names.read('{"v":2,"value":["a"]}')


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (documents.names, '{"v":1,"value":[1]}'),
        (documents.names, '{"v":1}'),
        (documents.names, "not json"),
        (documents.entries, '{"v":1,"value":{"id":"1","link":"","title":1}}'),
        (documents.entries, '{"v":1,"value":{"id":"1","link":"","title":"A","published":1}}'),
    ],
)
def test_what_is_no_document_of_ours_is_corrupt(document: Document[Any], text: str) -> None:
    with pytest.raises(StoreCorrupt):
        document.read(text)
