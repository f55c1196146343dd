from __future__ import annotations

import pytest
from config_reading import ReadText

from watcher.config.availability import NOT_BUILT

SAMPLES = {
    "webhook.template": (
        'receivers: [{name: x, webhook: {url: "https://hook.example", secret: s, template: x.j2}}]',
        "1:73",
        "receivers.0.webhook.template",
    ),
}


@pytest.mark.parametrize("feature", sorted(NOT_BUILT))
def test_what_is_not_built_is_refused_with_its_place(read_text: ReadText, feature: str) -> None:
    text, place, path = SAMPLES[feature]
    [problem] = read_text(text).problems
    assert problem.position is not None
    assert f"{problem.position.line}:{problem.position.column}" == place
    assert problem.path == path
    assert "not available in this version" in problem.message
