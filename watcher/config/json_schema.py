"""The JSON Schema of the configuration for editors, and its defaults: `check --schema` and `check --show-defaults`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta
from typing import Any

import yaml
from pydantic.json_schema import models_json_schema

from watcher.config import schema as shapes
from watcher.config.includes import KEY as INCLUDE
from watcher.config.load import IGNORED
from watcher.config.quantities import format_duration, format_size
from watcher.config.schema import Shape
from watcher.config.server import DEFAULT_STORE
from watcher.config.web import WebShape
from watcher.deliver.registry import CHANNEL_KINDS
from watcher.model.web import Listen

SECTIONS: Mapping[str, type[Shape]] = {
    "polling": shapes.PollingShape,
    "limits": shapes.LimitsShape,
    "retention": shapes.RetentionShape,
    "meaning": shapes.MeaningShape,
    "second_look": shapes.SecondLookShape,
    "feed_reports": shapes.FeedReportsShape,
    "heartbeat": shapes.HeartbeatShape,
    "network": shapes.NetworkShape,
    "smtp": shapes.SmtpShape,
    "web": WebShape,
}
"""Sections that are one mapping of keys."""
NUMBERS: Mapping[str, Callable[[int], object]] = {
    "max_bytes": format_size,
    "bytes_per_feed": format_size,
    "closeness": lambda hundredths: hundredths / 100,
}
"""How numbers are written that are not written as they are kept."""

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
    "PollingShape": {
        "interval": "Time between two polls; auto learns it for each feed, between min and max.",
        "min": "The shortest time between two polls of a feed.",
        "max": "The longest time between two polls of a feed.",
        "backfill": "When a feed is polled for the first time, only entries younger than this are new.",
        "timeout": "Limit for one poll as a whole.",
        "max_bytes": "Limit for one document, decoded.",
        "contact": "An address for the User-Agent, so that publishers can contact you.",
        "per_host": "Limits for the requests to one host.",
    },
    "PerHostShape": {
        "concurrency": "Requests at the same time.",
        "spacing": "Time between the starts of two requests.",
    },
    "LimitsShape": {
        "alerts_per_feed": "Alerts of one feed that are sent at once in an hour; the rest follows in one message.",
        "entries_per_feed": "New entries of one feed in a day; the rest is left for the next day.",
        "bytes_per_feed": "Text of new entries of one feed in a day; the rest is left for the next day.",
    },
    "RetentionShape": {
        "entries": "How long entries are kept.",
        "unmatched": "How long entries without an alert are kept.",
        "messages": "How long finished messages and their alerts are kept.",
        "max_entries": "With more entries, the oldest without an alert are deleted before their time.",
        "max_bytes": "With a larger store, the oldest entries without an alert are deleted before their time.",
    },
    "MeaningShape": {
        "enabled": "Whether closeness in meaning makes entries mentions; needs watcher-news[meaning].",
        "closeness": "The least closeness to a topic's examples, between 0 and 1.",
        "per_day": "How many entries of each topic become mentions so in 24 hours.",
    },
    "SecondLookShape": {
        "url": "The address of a language model, ending in /chat/completions.",
        "model": "The name of the model.",
        "key": "Its key, best as {env: NAME}, {file: PATH} or {credential: NAME}.",
        "per_day": "How many questions are asked in 24 hours.",
        "timeout": "How long an answer is waited for.",
    },
    "FeedReportsShape": {
        "at": "When the daily report on feeds that need attention is made.",
        "zone": "The time zone of this time; that of the route by default.",
        "kinds": "What is reported; an empty list for nothing.",
    },
    "HeartbeatShape": {
        "url": "An address that is asked while all is well; best as a secret.",
        "every": "Time between two requests.",
        "max_poll_lag": "No request while a feed has been due for longer.",
        "max_message_age": "No request while a message waits for longer.",
    },
    "NetworkShape": {
        "allow": "Private ranges that feeds may use.",
        "proxy": "The address of a proxy for feeds.",
        "ca_file": "A file with the certificates to trust.",
        "delivery_proxy": "The address of a proxy for messages.",
    },
    "WebShape": {
        "listen": "Where `watcher web` serves the pages: HOST:PORT, or unix:PATH.",
        "url": "The address that browsers use; with it messages have links to the pages.",
        "key": "A secret that signs sessions and links.",
        "old_keys": "Earlier keys, which are still accepted.",
        "proxy": "A proxy that signs users in.",
        "people": "Who may sign in.",
        "tokens": "Tokens of programs.",
        "links": "What links in messages allow: none, read or act.",
        "links_for": "How long links in messages are valid.",
        "language": "Language of the pages; auto: what the browser asks for.",
        "embed_in": "Sites that may show the page of a topic in a frame, as in https://intranet.example.org.",
    },
    "ProxyShape": {
        "header": "The header in which the proxy names the user.",
        "from": "Networks from which this header is believed.",
        "may": "What users may do whom people does not list; without it they are refused.",
    },
    "PersonShape": {
        "name": "The name to sign in with, or that the proxy gives.",
        "password": "The line that `watcher web password` prints.",
        "may": "read, act or admin.",
    },
    "TokenShape": {
        "name": "What the token is called in logs.",
        "hash": "The line that `watcher web token` prints.",
        "may": "feeds, read or act.",
        "topics": "The only topics that the token is for; all by default.",
    },
    "FeedShape": {
        "url": "The address of an RSS, Atom or JSON feed.",
        "name": "What to call it; by its own title by default.",
        "labels": "Names and values that alerts carry and matchers can use.",
        "interval": "Time between two polls of this feed.",
        "headers": "Headers of the request; values may be secrets.",
        "moves_to": "Domains that the feed may move to for good.",
        "trust": "low, normal or high: alerts are never folded behind a feed trusted less.",
        "aggregator": "Whether entries count for the publishers that they name.",
        "critical": "Whether its issues are reported at once.",
        "full_text": "near_misses: fetch the page of entries that nearly match and have only a teaser.",
        "allow": "Private ranges that this feed may use.",
    },
    "OpmlShape": {
        "opml": "The path of an OPML file; its feeds are polled, folders become the label folder.",
        "trust": "low, normal or high, for every feed of the file.",
        "aggregator": "Whether the entries of these feeds count for the publishers that they name.",
        "critical": "Whether issues of these feeds are reported at once.",
        "full_text": "near_misses: fetch the page of entries that nearly match and have only a teaser.",
        "labels": "Labels for all feeds of the file.",
        "interval": "Time between two polls of these feeds.",
    },
    "TopicShape": {
        "name": "A short name, the value of the label topic.",
        "use": "Packs of the topic library that this topic builds on.",
        "title": "The title in messages; the name by default.",
        "about": "What it is about, in a sentence: closeness in meaning is measured by it.",
        "meaning": "Whether closeness in meaning may make an entry a mention.",
        "terms": "Weight: list of terms. A star ends a word, a space makes a phrase, @name is a list.",
        "near": "Terms that are worth more close together.",
        "require": "A boolean expression without which there is no alert.",
        "exclude": "A boolean expression with which there is no alert.",
        "query": "A boolean expression, instead of the terms or in addition.",
        "focus": "The level is focus from this many points; 5 by default.",
        "languages": "ISO 639 codes; words are stemmed in each. English by default.",
        "arabic_prefixes": "Whether Arabic words also match with a prefix.",
        "fold": "Whether copies of a story are folded into its first alert.",
        "updates": "Whether an entry is sent again when its title changes.",
        "feeds": "Use only feeds with all of these labels.",
        "examples": "Texts with the level they must reach; check tests them.",
    },
    "NearShape": {
        "any": "Terms, one of which must be near one of the others.",
        "of": "The others.",
        "within": "Words between them at most.",
        "weight": "Points for a pair.",
        "across": "Whether the two may be in different sentences, or one in the title.",
        "also": "Terms, one of which must be anywhere in title or text.",
    },
    "ExampleShape": {"text": "The first line is the title.", "level": "The level it must reach."},
    "SmtpShape": {
        "host": "The mail server.",
        "port": "Its port.",
        "tls": "How the connection is encrypted.",
        "username": "The user name for the mail server.",
        "password": "The password, best as {env: NAME}, {file: PATH} or {credential: NAME}.",
        "helo": "The name by which this machine greets the mail server.",
        "from": "The sender of messages.",
    },
    "DigestShape": {
        "at": "Times of day at which it is sent.",
        "zone": "The time zone of these times.",
        "days": "Days of the week on which it is sent.",
        "min": "With fewer alerts it waits for the next slot.",
        "except": "Dates on which it is not sent.",
        "empty": "Whether it is sent when there is nothing.",
        "rank": "What comes first within a level.",
    },
    "HoldShape": {
        "between": "The quiet hours, one span or several.",
        "zone": "The time zone of these times.",
        "days": "Days of the week on which they begin.",
        "except": "Dates without quiet hours.",
        "break_through": "Alerts with this many points are sent at once.",
    },
    "BudgetShape": {"max": "Messages to one channel.", "per": "In any span of this length."},
    "RouteShape": {
        "receiver": "Where alerts of this route are sent.",
        "matchers": "Conditions on labels, all of which an alert must meet.",
        "group_by": "Labels; alerts that agree in them are sent together.",
        "digest": "Send alerts together at fixed times.",
        "group_wait": "How long the first alert of a group waits for others.",
        "group_interval": "The least time between two messages of a group.",
        "hold": "Quiet hours.",
        "budget": "The most messages to a channel.",
        "continue": "Whether an alert that this route takes also goes on to the next one.",
        "routes": "The children of this route.",
    },
}  # fmt: skip


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of the whole file. Checks keys and forms, not what only `watcher check` can."""
    models = [one for one in vars(shapes).values() if isinstance(one, type) and issubclass(one, Shape)]
    models = [*(one for one in models if one is not Shape), WebShape]
    _, generated = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = generated["$defs"]
    for model in models:
        for key, value in definitions[model.__name__]["properties"].items():
            value["description"] = DESCRIPTIONS.get(model.__name__, {}).get(key, "")
            value.pop("title", None)
            value.pop("default", None)
        for key, default in defaults_of(model).items():
            definitions[model.__name__]["properties"][key]["default"] = default
    definitions["RouteShape"]["properties"]["routes"].update(type="array", items={"$ref": "#/$defs/RouteShape"})
    definitions["Receiver"] = _receiver()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of watcher",
        "type": "object",
        "properties": _sections(),
        "patternProperties": {f"^{IGNORED}": {"description": "Ignored: a place for YAML anchors."}},
        "additionalProperties": False,
        "$defs": definitions,
    }


def _sections() -> dict[str, Any]:
    def ref(model: str) -> dict[str, str]:
        return {"$ref": f"#/$defs/{model}"}

    text_or_list = {"type": ["string", "array"], "items": {"type": "string"}}
    feed = {"anyOf": [{"type": "string", "format": "uri"}, ref("FeedShape"), ref("OpmlShape")]}
    return {
        INCLUDE: {**text_or_list, "description": "Further files with sections, like conf.d/*.yaml."},
        "store": {"type": ["string", "object"], "description": "The database.", "default": DEFAULT_STORE},
        **{name: ref(model.__name__) for name, model in SECTIONS.items()},
        "feeds": {"type": "array", "items": feed, "description": "What is polled."},
        "vocabulary": {"type": "object", "description": "Lists of terms, used in topics as @name."},
        "topics": {"type": "array", "items": ref("TopicShape"), "description": "What is watched for."},
        "receivers": {"type": "array", "items": ref("Receiver"), "description": "Where messages are sent."},
        "route": {**ref("RouteShape"), "description": "Which receiver gets which alerts, and when."},
    }


def _receiver() -> dict[str, Any]:
    channel = {"type": ["object", "array"], "description": "The options of the channel, or a list of them."}
    name = {"type": "string", "description": "A short name, used in routes."}
    properties = {"name": name, **dict.fromkeys(CHANNEL_KINDS, channel)}
    return {"type": "object", "properties": properties, "required": ["name"], "additionalProperties": False}


def defaults_of(model: type[Shape]) -> dict[str, Any]:
    """The defaults of a section as they are written in YAML; keys without one are left out."""
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if info.is_required():
            continue
        key, default = info.alias or name, info.get_default(call_default_factory=True)
        if key == "interval":
            found[key] = "auto"
        elif isinstance(default, Shape):
            found[key] = defaults_of(type(default))
        elif default is not None:
            found[key] = _as_written(key, default)
    return found


def _as_written(key: str, value: object) -> object:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, int) and key in NUMBERS:
        return NUMBERS[key](value)
    if isinstance(value, Listen):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return value


def defaults_yaml() -> str:
    """The defaults of the sections that have any, as YAML that may be pasted into a configuration."""
    sections: dict[str, Any] = {"store": DEFAULT_STORE}
    sections |= {
        name: defaults_of(model) for name, model in SECTIONS.items() if name not in {"smtp", "heartbeat", "second_look"}
    }
    return yaml.safe_dump(sections, sort_keys=False, default_flow_style=None, allow_unicode=True)
