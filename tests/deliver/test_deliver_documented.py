"""docs/channels.md: its example of a chat works, and its table names every channel."""

from __future__ import annotations

import re
import sys
import textwrap
import types
from pathlib import Path

import pytest

from tests.harness.chats import TOKEN, send
from tests.harness.factories import alert, notification
from tests.harness.servers import Answer, WebhookSink
from watcher.deliver.paging import split
from watcher.deliver.registry import CHANNEL_KINDS
from watcher.errors import AttemptReason
from watcher.model.notification import Delivered, TryAgain
from watcher.render.message import render_message

DOCUMENT = (Path(__file__).parents[2] / "docs/channels.md").read_text()


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The module of the example, registered."""
    (code,) = re.findall(r"```python\n( +\"\"\"Example.*?)```", DOCUMENT, re.DOTALL)
    module = types.ModuleType("watcher.deliver.example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(textwrap.dedent(code), "example.py", "exec"), module.__dict__)
    monkeypatch.setitem(CHANNEL_KINDS, "example", module.__name__)
    return module


def test_the_example_delivers_and_knows_its_service(example: types.ModuleType) -> None:
    success = Answer(200, {"Content-Type": "application/json"}, b'{"ok":true}')
    with WebhookSink(success, Answer(200, body=b"<html>log in</html>")) as sink:
        options = example.Example(sink.url(f"/{TOKEN}"))
        assert isinstance(send(options), Delivered)
        outcome = send(options)
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is AttemptReason.NOT_THE_SERVICE


def test_the_example_splits_what_does_not_fit(example: types.ModuleType) -> None:
    alerts = [alert(f"Number {index}", name=str(index)) for index in range(30)]
    message = render_message(notification(*alerts), zone="UTC")
    parts = split(message, example.fits)
    assert len(parts) > 1
    assert all(example.fits(part.message) for part in parts)


@pytest.mark.parametrize("kind", CHANNEL_KINDS)
def test_the_table_says_what_counts_as_delivered(kind: str) -> None:
    table = DOCUMENT.partition("## What counts as delivered")[2].partition("\n## ")[0]
    assert re.search(rf"^\| `{kind}`", table, re.MULTILINE)
