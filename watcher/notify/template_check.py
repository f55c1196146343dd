"""Tries the user's templates before anything is sent, and reports what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.errors import Problem
from watcher.model.route import ChannelRef, Route
from watcher.model.settings import Settings
from watcher.render.channel_failure import trouble_message
from watcher.render.message import template_problems
from watcher.render.user_templates import UserTemplates, user_templates
from watcher.route.empty import empty_slots
from watcher.route.tree import routes_by_path

DEADLINE = timedelta(seconds=30)
"""Generous: on a machine that is busy while starting, a good template must not be refused for being slow."""


def failed_templates(settings: Settings) -> list[Problem]:
    """What is wrong with the user's templates, each problem once: by receiver for templates of the folder, by position
    for those of webhooks. Starts a process for each sample and channel that has a template.
    """
    templates, now = _with_deadline(settings), datetime.now(UTC)
    gets_empty = {slot.channel for slot in empty_slots(_routes(settings), settings.receivers, now, at_once=True)}
    found = {
        (ref.receiver, problem): _problem(settings, templates, ref, problem)
        for ref in _with_templates(settings, templates)
        for problem in template_problems(templates, ref, now, may_be_empty=ref in gets_empty)
    }
    return list(found.values())


def templates_without_alarm(settings: Settings) -> list[Problem]:
    """Webhook templates that fail for an alarm about another channel, which carries no alerts."""
    templates, now = _with_deadline(settings), datetime.now(UTC)
    return [
        _problem(
            settings,
            templates,
            ref,
            f"{problem}; until it is fixed, alarms about other channels, which carry no alerts, use the built-in JSON",
        )
        for ref in _with_templates(settings, templates)
        if ref.kind == "webhook"
        for problem in trouble_message(ref, "a sample", "nothing is wrong", now, templates).problems
    ]


def _with_deadline(settings: Settings) -> UserTemplates:
    return replace(user_templates(settings), deadline=DEADLINE)


def _with_templates(settings: Settings, templates: UserTemplates) -> Iterator[ChannelRef]:
    for receiver in settings.receivers.values():
        yield from filter(templates.has_any, receiver.channels)


def _routes(settings: Settings) -> dict[str, Route]:
    return {} if settings.route is None else routes_by_path(settings.route)


def _problem(settings: Settings, templates: UserTemplates, channel: ChannelRef, problem: str) -> Problem:
    named = templates.payloads.get(channel)
    if named is not None and f" {named.name} " in problem:
        return Problem(settings.file, named.position, named.path, problem)
    return Problem(templates.folder, None, f"receivers.{channel.receiver}", problem)
