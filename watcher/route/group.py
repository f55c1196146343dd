"""Which alerts share a message."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.model.notification import GroupKey
from watcher.model.route import ChannelRef, Route


def group_of(route: Route, channel: ChannelRef, labels: Mapping[str, str]) -> GroupKey:
    """The group of an alert with these labels; a label that is missing has the value ""."""
    return GroupKey(route.path, channel, {name: labels.get(name, "") for name in route.group_by})


def route_by_path(root: Route, path: str) -> Route | None:
    """The node that a group or a notification names; None when the tree has no such node (any more)."""
    if root.path == path:
        return root
    for child in root.routes:
        found = route_by_path(child, path)
        if found is not None:
            return found
    return None
