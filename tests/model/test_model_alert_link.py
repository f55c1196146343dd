"""Tokens of links in messages: what one says is what was signed, and nothing else opens anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from watcher.model.alert_link import TOKEN_CHARACTERS, AlertLink, LinkProblem, read_token, write_token
from watcher.model.web import LinkUse

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY, OLD = "k" * 32, "o" * 32
WEEKS = timedelta(days=14)
IDS = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(IDS, st.text(max_size=20), st.sampled_from([LinkUse.READ, LinkUse.ACT]), st.integers(0, 14 * 24 * 60))
def test_a_token_says_what_was_signed(alert: str, channel: str, use: LinkUse, minutes: int) -> None:
    issued = NOW - timedelta(minutes=minutes)
    token = write_token(alert, channel, use, issued, KEY)
    assert (len(token), token.isascii() and token.isalnum()) == (TOKEN_CHARACTERS, True)
    assert token == write_token(alert, channel, use, issued, KEY)
    found = read_token(token, [OLD, KEY], NOW, WEEKS)
    assert isinstance(found, AlertLink)
    assert (found.about, found.use, found.issued_at) == (alert, use, issued)
    assert read_token(token, [OLD], NOW, WEEKS) is LinkProblem.FORGED
    assert read_token(token, [], NOW, WEEKS) is LinkProblem.FORGED


@given(IDS, st.integers(0, TOKEN_CHARACTERS - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_no_changed_token_opens_another_alert(alert: str, place: int, letter: str) -> None:
    token = write_token(alert, "desk/email/0", LinkUse.READ, NOW, KEY)
    changed = token[:place] + letter + token[place + 1 :]
    found = read_token(changed, [KEY], NOW, WEEKS)
    # The last letter has bits that mean nothing; a change of these alone says the same.
    assert found is LinkProblem.FORGED or found == read_token(token, [KEY], NOW, WEEKS)


@given(st.text(max_size=80))
@example("=" * 66)
@example("ſ" * 66)
@example("")
def test_any_other_text_opens_nothing(text: str) -> None:
    assert read_token(text, [KEY], NOW, WEEKS) is LinkProblem.FORGED


def test_a_token_ends_and_does_not_begin_in_the_future() -> None:
    token = write_token("a" * 32, "chat/slack/0", LinkUse.ACT, NOW, KEY)
    assert isinstance(read_token(token, [KEY], NOW + WEEKS, WEEKS), AlertLink)
    assert read_token(token, [KEY], NOW + WEEKS + timedelta(minutes=1), WEEKS) is LinkProblem.EXPIRED
    assert read_token(token, [KEY], NOW - timedelta(hours=1), WEEKS) is LinkProblem.EXPIRED
