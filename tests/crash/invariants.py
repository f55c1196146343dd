"""What holds in every state of a store that a crash may leave, as SQL."""

from __future__ import annotations

from tests.crash.stores import Store

INVARIANTS = {
    "I2: two unfinished notifications of one group": """
        SELECT count(*) FROM (SELECT group_id FROM notifications WHERE finished_at IS NULL
                              GROUP BY group_id HAVING count(*) > 1) AS doubled""",
    "I5: a delivery is being sent without a notification under way": """
        SELECT count(*) FROM deliveries d LEFT JOIN notifications n ON n.id = d.notification_id
        WHERE d.state = 'sending' AND (n.id IS NULL OR n.finished_at IS NOT NULL)""",
    "I4: a delivery is delivered by a notification that was not sent": """
        SELECT count(*) FROM deliveries d JOIN notifications n ON n.id = d.notification_id
        WHERE d.state = 'delivered' AND n.state <> 'sent'""",
    "I2: a delivery waits and is frozen, too": """
        SELECT count(*) FROM deliveries WHERE state = 'waiting' AND notification_id IS NOT NULL""",
    "I1: a delivery of an alert that no route has seen": """
        SELECT count(*) FROM deliveries d JOIN alerts a ON a.seq = d.alert_seq
        WHERE a.state = 'unrouted' AND d.state IN ('waiting', 'held')""",
    "I1: an alert without its entry": """
        SELECT count(*) FROM alerts a WHERE a.state = 'unrouted'
        AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.key = a.entry_key)""",
    "I1: an entry without its seen key": """
        SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM seen s WHERE s.feed_id = e.feed_id AND s.key = e.key)""",
    "I3: an attempt that ended before it began": """
        SELECT count(*) FROM attempts WHERE finished_at < started_at""",
}
"""Counts that are 0 in every state of a store that a crash may leave."""


def broken_invariants(store: Store) -> list[str]:
    """What is wrong with a store, at whatever moment it was left."""
    if damage := store.damage():
        return damage
    return [f"{name} ({count})" for name, query in INVARIANTS.items() if (count := store.number(query))]
