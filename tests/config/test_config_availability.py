from __future__ import annotations

import pytest
from config_reading import ReadText

from watcher.config.availability import NOT_BUILT

SAMPLES = {
    "store.postgresql": ("store: postgresql+psycopg://db/watcher", "1:8", "store"),
    "network.proxy": ('network: {proxy: "http://proxy.example:3128"}', "1:11", "network.proxy"),
    "webhook.template": (
        'receivers: [{name: x, webhook: {url: "https://hook.example", secret: s, template: x.j2}}]',
        "1:73",
        "receivers.0.webhook.template",
    ),
    "route.hold": (
        'receivers: [{name: x, slack: {url: "https://chat.example"}}]\nroute: {receiver: x, hold: {}}',
        "2:22",
        "route.hold",
    ),
    "route.budget": (
        'receivers: [{name: x, slack: {url: "https://chat.example"}}]\nroute: {receiver: x, budget: {}}',
        "2:22",
        "route.budget",
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
