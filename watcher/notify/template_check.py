"""People's own templates: where a configuration has them, and what is wrong with them, tried before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.errors import Problem
from watcher.model.route import ChannelRef, Route, Webhook
from watcher.model.settings import Settings
from watcher.render.channel_failure import trouble_message
from watcher.render.message import template_problems
from watcher.render.user_templates import UserTemplates
from watcher.route.empty import empty_slots
from watcher.route.tree import routes_by_path

PATIENCE = timedelta(seconds=30)
"""A machine that is busy starting must not be taken for a template that never ends: what is refused stays refused."""


def user_templates(settings: Settings) -> UserTemplates:
    """The folder beside the configuration, which need not exist, and those that webhooks name."""
    named = {
        ref: options.template
        for receiver in settings.receivers.values()
        for ref, options in receiver.channels.items()
        if isinstance(options, Webhook) and options.template is not None
    }
    return UserTemplates(settings.file.parent / "templates", named)


def failed_templates(settings: Settings) -> list[Problem]:
    """What is wrong with own templates, each told once: those of the folder by receiver, those of webhooks by their place.

    Starts a process for each sample and channel that has a template.
    """
    templates, now = _patient(settings), datetime.now(UTC)
    heard_empty = {slot.channel for slot in empty_slots(_routes(settings), settings.receivers, now, at_once=True)}
    found = {
        (ref.receiver, problem): _problem(settings, templates, ref, problem)
        for ref in _with_templates(settings, templates)
        for problem in template_problems(templates, ref, now, may_be_empty=ref in heard_empty)
    }
    return list(found.values())


def without_trouble(settings: Settings) -> list[Problem]:
    """Templates of webhooks that cannot say that another channel fails, for there is no alert to tell of then."""
    templates, now = _patient(settings), datetime.now(UTC)
    return [
        _problem(
            settings,
            templates,
            ref,
            f"{problem}; until then our own JSON says it when another channel fails, for then there is no alert to tell",
        )
        for ref in _with_templates(settings, templates)
        if ref.kind == "webhook"
        for problem in trouble_message(ref, "a sample", "nothing is wrong", now, templates).problems
    ]


def _patient(settings: Settings) -> UserTemplates:
    return replace(user_templates(settings), deadline=PATIENCE)


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
