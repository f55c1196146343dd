"""Each invariant of ARCHITECTURE.md, and each trap that programs like this one fell into, names its tests.

An invariant or a trap whose tests are gone fails.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from watcher.model.alert import alert_id, stable_hash
from watcher.model.topic import Level

TESTS = Path(__file__).parent

ARCHITECTURE = TESTS.parent / "ARCHITECTURE.md"
INVARIANTS = {
    name: (meaning, re.findall(r"`([^`]+)`", tests))
    for name, meaning, tests in re.findall(r"^\| (I\d+) \| (.+?) \| (.*) \|$", ARCHITECTURE.read_text("utf-8"), re.M)
}

TRAPS: list[tuple[str, list[str]]] = [
    ("seen before sent", ["service/test_daemon.py::test_a_kill_between_poll_and_send_loses_nothing"]),
    ("sent and forgotten", ["store/test_contract_outbox.py::test_try_again_waits_and_keeps_who_accepted"]),
    (
        "a queue in memory",
        ["crash/test_crash_reduced.py::test_nothing_is_lost_and_nothing_is_doubled_without_a_reason"],
    ),
    ("saved once at the end", ["store/test_contract.py::test_one_stale_poll_does_not_hold_up_the_others"]),
    (
        "a digest outlives what it lists",
        ["store/test_contract_upkeep.py::test_a_notification_outlives_its_entries"],
    ),
    (
        "one recipient fails, the others are told again",
        ["deliver/test_deliver_email.py::test_a_retry_addresses_only_those_who_had_not_taken_it"],
    ),
    ("newness by date", ["integration/test_walk.py::test_an_old_date_does_not_hide_a_new_entry"]),
    (
        "no date becomes now, again and again",
        ["store/test_contract.py::test_an_updated_entry_takes_its_new_text_and_keeps_its_first_date"],
    ),
    ("new dates on old entries", ["dedupe/test_dedupe_decide.py::test_a_new_date_alone_is_not_news"]),
    ("floods when ids change", ["mutation/test_mutated_feeds.py::test_nothing_is_repeated_and_nothing_lost"]),
    ("doubled ids hide entries", ["dedupe/test_dedupe_identity.py::test_doubled_ids_hide_nothing"]),
    ("the first poll's flood", ["dedupe/test_dedupe_decide.py::test_only_entries_within_the_backfill_are_new"]),
    ("old entries come back", ["dedupe/test_dedupe_decide.py::test_an_entry_that_left_and_returns_is_known"]),
    ("a failed poll wipes the memory", ["integration/test_trouble.py::test_failed_and_empty_polls_forget_nothing"]),
    ("three strikes and dead", ["schedule/test_cadence.py::test_failures_back_off_to_a_long_tail_and_never_end"]),
    ("dead too early", ["schedule/test_cadence.py::test_gone_is_polled_rarely_but_polled"]),
    (
        "a herd in lock-step after 429",
        [
            "fetch/test_rate_limit.py::test_slow_down_pauses_every_feed_of_the_host",
            "schedule/test_cadence.py::test_jitter_spreads_to_both_sides",
        ],
    ),
    ("an error page read as a feed", ["fetch/test_client.py::test_the_status_comes_first"]),
    (
        "304 for ever",
        [
            "schedule/test_cadence.py::test_the_whole_document_is_asked_for_once_a_day",
            "schedule/test_cadence.py::test_a_server_caught_lying_is_not_trusted_again",
        ],
    ),
    (
        "bad rules ignored in silence",
        ["config/test_config_mistakes.py::test_every_problem_is_reported_at_once_with_its_place"],
    ),
    ("accidents of substrings", ["match/test_match_percolator.py::test_a_term_is_not_found"]),
    (
        "judged by the summary before the full text is known",
        [
            "dedupe/test_dedupe_decide.py::test_a_changed_text_or_title_is_an_update",
            "match/test_match_score.py::test_a_summary_that_is_part_of_the_content_counts_once",
        ],
    ),
    (
        "one pattern that never ends",
        [
            "config/test_config_matchers.py::test_what_re2_cannot_bound_is_refused",
            "route/test_route_tree.py::test_a_hostile_pattern_is_read_in_linear_time",
        ],
    ),
    (
        "a name checked, then resolved again",
        ["fetch/test_ssrf_guard.py::test_a_name_is_resolved_once_and_the_vetted_address_is_dialled"],
    ),
    ("two peers both send", ["store/test_contract_concurrency.py::test_a_notification_is_sent_by_one_owner"]),
    ("quiet hours swallow", ["integration/test_holding.py::test_quiet_hours_hold_and_release_as_one_message"]),
    ("claimed and never sent", ["store/test_contract_outbox.py::test_an_expired_lease_is_anybodys"]),
    (
        "a backlog is let through by its age",
        ["store/test_contract_holding.py::test_a_budget_counts_what_was_sent_when_it_was_sent"],
    ),
    (
        "feeds counted as publishers",
        ["store/test_contract_stories.py::test_a_copy_folds_into_the_story_and_counts_its_publisher"],
    ),
    (
        "a permanent redirect not kept",
        ["schedule/test_moves.py::test_a_redirect_is_kept_within_a_site_or_where_the_administrator_agreed"],
    ),
    ("short hashes as names", ["test_promises.py::test_names_have_128_bits"]),
    ("local time called UTC", ["parse/test_dates.py::test_anything_is_a_date_in_utc_or_none"]),
    (
        "a sender that swallows every error",
        ["notify/test_breakers.py::test_a_channel_that_crashes_neither_stops_others_nor_repeats_without_end"],
    ),
]


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


PROMISES = [*INVARIANTS.items(), *((f"trap {number}", trap) for number, trap in enumerate(TRAPS, start=1))]


def test_none_is_forgotten() -> None:
    assert list(INVARIANTS) == [f"I{number}" for number in range(1, 17)]
    assert len(TRAPS) == 33


@pytest.mark.parametrize(("name", "promise"), PROMISES, ids=[name for name, _ in PROMISES])
def test_each_has_tests_that_exist(name: str, promise: tuple[str, list[str]]) -> None:
    meaning, tests = promise
    assert meaning, name
    assert tests, name
    for test in tests:
        file, _, function = test.partition("::")
        assert function in functions_of(file), f"{name}: {test} is gone"


def test_names_have_128_bits() -> None:
    names = {stable_hash("feed", str(number)) for number in range(1_000)}
    names |= {alert_id("topic", name, level) for name in tuple(names) for level in (Level.MENTION, Level.FOCUS)}
    assert len(names) == 3_000
    assert {len(bytes.fromhex(name)) * 8 for name in names} == {128}
