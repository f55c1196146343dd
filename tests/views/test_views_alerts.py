"""An alert as JSON: what words and opinions said of it."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.harness.factories import alert
from watcher.model.alert import Opinion, OpinionKind
from watcher.model.topic import Level
from watcher.views.alerts import alert_page, alert_rows

CLOSE = Opinion(OpinionKind.MEANING, favours=True, value=14, least=8)
SECOND = Opinion(OpinionKind.SECOND_LOOK, favours=False, quote="")


def test_an_alert_says_what_opinions_made_of_it() -> None:
    lifted = replace(alert(level=Level.MENTION), opinions=(CLOSE, SECOND), lifted_by=OpinionKind.MEANING)
    rows = alert_rows([lifted, alert(name="2")], {}, {})
    for facts in (rows[0].facts(), alert_page(rows[0], (), (), {}).facts()):
        read = json.loads(json.dumps(facts, default=str))
        assert read["lifted_by"] == "meaning"
        assert read["opinions"] == [
            {"kind": "meaning", "favours": True, "value": 0.14, "least": 0.08, "quote": ""},
            {"kind": "second_look", "favours": False, "value": 0.0, "least": 0.0, "quote": ""},
        ]
        assert read["full_text"] is False
    assert (rows[1].facts()["opinions"], rows[1].facts()["lifted_by"]) == ([], None)
