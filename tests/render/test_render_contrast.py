"""The colours of the digest reach 4.5:1 against what is behind them (WCAG 2.2, 1.4.3), light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import watcher.render

TEMPLATE = (Path(watcher.render.__file__).parent / "templates/message.html.j2").read_text()
LIGHT, DARK = TEMPLATE.split("@media (prefers-color-scheme: dark)")


def colours(rules: str, selector: str) -> dict[str, str]:
    found = re.findall(
        rf"(?:^|,|\}})\s*(?:[.\w ,]*, *)?{re.escape(selector)}(?:,[^{{]*)? \{{([^}}]*)\}}", rules, re.MULTILINE
    )
    pairs = [pair for one in found for pair in re.findall(r"(color|background): (#[0-9a-f]{3,6})", one)]
    return dict(pairs)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = (int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4))
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("rules", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("selector", ["mark", "a", ".facts", ".made", ".notes", ".why", ".focus"])
def test_every_text_stands_out(rules: str, selector: str) -> None:
    own = colours(rules, selector)
    behind = own.get("background") or colours(rules, ".page")["background"]
    assert contrast(own["color"], behind) >= 4.5
