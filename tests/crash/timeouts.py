"""The waits under which the program runs here; the judge measures it by the same."""

from __future__ import annotations

LEASE = 8.0
SEND_WITHIN = 3.0
FAREWELL = 1.0
"""What an SMTP conversation keeps of `SEND_WITHIN` for its end."""

LATE = 4.0
"""When a sink that answers late answers: after a send has given up, before its lease ends."""

TIMINGS = {
    "tick": 0.15,
    "upkeep": 2.0,
    "notification_lease": LEASE,
    "send_within": SEND_WITHIN,
    "send_margin": 3.0,
    "poll_margin": 4.0,
    "backoff": 0.01,
}
