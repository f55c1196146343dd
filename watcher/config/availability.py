"""What the configuration may one day say and this version does not do yet: refused, never ignored.

To enable a feature, delete its line here. A channel kind needs no line: it is available as soon as
`watcher.model.route.CHANNEL_KINDS` knows it.
"""

from __future__ import annotations

NOT_BUILT = frozenset({
    "webhook.template",
})  # fmt: skip


def not_available(feature: str) -> str | None:
    """The message for a feature of the table, None for anything else."""
    if feature not in NOT_BUILT:
        return None
    return f"{feature.rpartition('.')[2]} is not available in this version; remove it"
