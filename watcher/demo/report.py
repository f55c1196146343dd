"""The demo's result as text: tables that fit 80 columns, plain without a terminal."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from watcher.demo.http_server import Request
from watcher.demo.result import DemoResult, SentAlert
from watcher.model.alert import Alert, Evidence
from watcher.model.topic import Level, format_points

PARTS_SHOWN = 3
NEAR_MARK = " … "
"""Separates the two sides of a near pair in the name of its part."""
STYLES = {Level.FOCUS: "bold green", Level.MENTION: "yellow"}


def show_result(result: DemoResult, console: Console, program: str) -> None:
    """Prints everything. `program` is how the user calls watcher."""
    console.print(Text("watcher demo", style="bold"), "· invented news; real HTTP, SMTP and webhook, on this machine")
    console.print(summary(result))
    _head(console, "Alerts, and why")
    console.print(alerts_table(result))
    _head(console, "Not alerted, and why not")
    console.print(unsent_table(result))
    _head(console, "What went out")
    _show_sent(result, console)
    _head(console, "Next")
    for comment, command in next_commands(result, program):
        console.print(Text(f"# {comment}", style="dim"))
        console.print(Text(command), soft_wrap=True)


def _head(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold underline" if console.is_terminal else ""))


def summary(result: DemoResult) -> Text:
    """Two or three lines: what was polled, found and delivered, and what failed."""
    first, again = result.polled.first, result.polled.again
    folded = sum(len(sent.folded) for sent in result.sent)
    lines = [
        f"{first.feeds} feeds polled, {first.entries_new} new entries, {len(result.sent)} alerts,"
        f" {folded} copies folded,",
        f"{first.delivered} deliveries, {first.dead} dead, in {result.took.total_seconds():.1f} s",
        f"polled again: {again.not_modified} not modified, {again.alerts} alerts, {again.delivered} deliveries",
    ]
    lines += [f"failing: {state.url}: {state.reason}, {state.detail}" for state in result.polled.failing]
    return Text("\n".join(lines))


def alerts_table(result: DemoResult) -> Table:
    """One row per alert: level, points, headline, feed, and the parts of the score."""
    table = _table("level", "points")
    table.add_column("entry", ratio=1, overflow="fold")
    for sent in result.sent:
        alert = sent.alert
        table.add_row(
            Text(alert.level.value, style=STYLES[alert.level]),
            format_points(alert.score),
            _entry_lines(sent, result.began),
        )
    return table


def _entry_lines(sent: SentAlert, now: datetime) -> Text:
    alert = sent.alert
    seen = [alert.topic_title, alert.feed_title, f"{age(now, alert)} ago"]
    if sent.folded:
        seen.append(f"copies folded: {', '.join(sent.folded)}")
    return Text.assemble(
        (alert.entry.title, "bold"), "\n", (" · ".join(seen), "dim"), "\n", evidence_line(alert.evidence)
    )


def evidence_line(evidence: tuple[Evidence, ...]) -> str:
    """The parts of a score, largest first; the rest is summed up, so that the points add up."""
    parts = sorted(evidence, key=lambda part: -part.points)
    shown = [
        f"{format_points(part.points)} {_wording(part)} ({part.field}{_times(part.count)})"
        for part in parts[:PARTS_SHOWN]
    ]
    rest = parts[PARTS_SHOWN:]
    if rest:
        shown.append(f"{format_points(sum(part.points for part in rest))} from {len(rest)} more")
    return " + ".join(shown)


def _wording(part: Evidence) -> str:
    """The words that were found, if they are known and adjacent; else the term."""
    if not part.highlights or NEAR_MARK in part.term:
        return part.term
    start, end = part.highlights[0]
    return f"“{part.text[start:end]}”"


def _times(count: int) -> str:
    return f" ×{count}" if count > 1 else ""


def age(now: datetime, alert: Alert) -> str:
    """Whole minutes up to two hours, then whole hours."""
    passed = now - (alert.entry.published or now)
    minutes = passed // timedelta(minutes=1)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def unsent_table(result: DemoResult) -> Table:
    """One line per entry without an alert."""
    table = _table()
    table.add_column("entry", ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_column("why not", ratio=3, overflow="fold")
    for unsent in result.unsent:
        table.add_row(Text(unsent.title), Text(unsent.reason))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _show_sent(result: DemoResult, console: Console) -> None:
    for request in result.webhooks:
        signed = "signature verified" if result.webhooks_verified else "SIGNATURE WRONG"
        console.print(
            f"at once, to chat: one webhook, {signed}, webhook-id {request.headers.get('webhook-id', '')[:8]}…"
        )
        console.print(Text(webhook_brief(request), style="cyan"))
        console.print(Text(f"whole body: {result.files.webhook}"), soft_wrap=True)
    for mail in result.mails:
        console.print(Text(f"digest, to {', '.join(mail.recipients)}: {mail.message['Subject']}"))
        console.print(Text(f"HTML: {result.files.html}"), soft_wrap=True)
        console.print(Text(f"mail: {result.files.eml}"), soft_wrap=True)


def webhook_brief(request: Request) -> str:
    """The body with the first alert shortened and the others counted."""
    body = json.loads(request.body)
    first, *rest = body["data"]["alerts"]
    brief = {name: first[name] for name in ("topic", "level", "score", "focus")}
    brief["entry"] = {"title": first["entry"]["title"], "link": first["entry"]["link"]}
    data = {"receiver": body["data"]["receiver"], "reason": body["data"]["reason"]}
    shape = {"type": body["type"], "data": {**data, "alerts": [brief, f"… {len(rest)} more"]}}
    return json.dumps(shape, ensure_ascii=False)


def next_commands(result: DemoResult, program: str) -> list[tuple[str, str]]:
    """Commands to try next, each with a comment."""
    config = result.files.config
    commands = [
        (
            "all of it as pages, also a dead letter and held alerts: open http://127.0.0.1:8080",
            f"{program} web -c {config}",
        ),
        ("open the digest", f"xdg-open {result.files.html}"),
    ]
    if result.sent:
        commands.append(
            ("the whole life of an alert", f"{program} alerts show {result.sent[0].alert.id[:8]} -c {config}")
        )
    commands.append(
        ("would this have alerted?", f"echo 'Riot in a Raqqa prison' | {program} explain --text - -c {config}")
    )
    commands.append(("your own topics", f"{program} init -c mine.yaml && {program} check -c mine.yaml"))
    return commands
