"""The section `receivers`. Channel kinds and their options are read from `CHANNEL_KINDS`, whatever they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import Field, create_model

from watcher.config.credentials import Credentials
from watcher.config.did_you_mean import did_you_mean
from watcher.config.reader import Reader
from watcher.config.schema import Line, Name, Shape, Text, TextOrSecret, email_problem, web_url_problem
from watcher.config.yaml_tree import MappingNode, Where, find
from watcher.model.route import (
    CHANNEL_KINDS,
    Apprise,
    ChannelOptions,
    ChannelRef,
    Email,
    Mattermost,
    OwnTemplate,
    Receiver,
    Slack,
    Webhook,
)
from watcher.model.secret import Secret


class ReceiverShape(Shape):
    name: Name


def read_receivers(reader: Reader, credentials: Credentials) -> dict[str, Receiver]:
    """Every receiver by its name; its channels in the order written."""
    receivers: dict[str, Receiver] = {}
    for index in reader.items(("receivers",)):
        where: Where = ("receivers", index)
        kinds = tuple(key for key in reader.keys(where) if key != "name")
        shape = reader.shape(ReceiverShape, where, but=kinds)
        channels = {ref: options for kind in kinds for ref, options in _channels(reader, credentials, where, kind)}
        if shape is None:
            continue
        if shape.name in receivers:
            reader.problem((*where, "name"), f'a receiver "{shape.name}" is already defined; give it another name')
        if not kinds:
            reader.problem(where, "has no channel; give it one, like email or slack")
        named = {ChannelRef(shape.name, ref.kind, ref.position): options for ref, options in channels.items()}
        receivers.setdefault(shape.name, Receiver(shape.name, named))
    return receivers


def _channels(
    reader: Reader, credentials: Credentials, where: Where, kind: str
) -> Iterator[tuple[ChannelRef, ChannelOptions]]:
    at = (*where, kind)
    if kind not in CHANNEL_KINDS:
        hint = did_you_mean(kind, CHANNEL_KINDS) or f"; known channels: {', '.join(CHANNEL_KINDS)}"
        reader.problem(at, f"unknown key{hint}", at_key=True)
        return
    single = isinstance(find(reader.root, at)[0], MappingNode)
    for position, place in enumerate([at] if single else [(*at, index) for index in reader.items(at)]):
        options = _options(reader, credentials, place, kind)
        if options is not None:
            yield ChannelRef("", kind, position), options


def _options(reader: Reader, credentials: Credentials, where: Where, kind: str) -> ChannelOptions | None:
    shape = reader.shape(_shape_of(kind), where)
    if shape is None:
        return None
    hints = get_type_hints(CHANNEL_KINDS[kind])
    values: dict[str, Any] = {}
    for name, value in shape:
        if Secret in get_args(hints[name]) and value is not None:
            values[name] = credentials.secret(value, (*where, name))
        elif OwnTemplate in get_args(hints[name]) and value is not None:
            values[name] = _template(reader, (*where, name), value)
        else:
            values[name] = tuple(value) if isinstance(value, list) else value
    options = CHANNEL_KINDS[kind](**values)
    _check_address(reader, where, options)
    return options


def _template(reader: Reader, where: Where, text: str) -> OwnTemplate | None:
    """The key `template`: a text with a brace or a second line is the template itself, anything else its path."""
    path, position = ".".join(map(str, where)), reader.position(where)
    if "{" in text or "\n" in text.strip():
        return OwnTemplate(text, path, path, position)
    try:
        source = (reader.file.parent / text).read_text(encoding="utf-8")
    except OSError as error:
        reader.problem(where, f"cannot read {text}: {error.strerror}; name a file, or write the template here")
        return None
    except UnicodeDecodeError:
        reader.problem(where, f"cannot read {text}: it is not UTF-8 text; save it as UTF-8")
        return None
    return OwnTemplate(source, text, path, position)


def _check_address(reader: Reader, where: Where, options: ChannelOptions) -> None:
    """Addresses of mail and of the web; of a secret one nothing is repeated in the message. Apprise has its own."""
    url = getattr(options, "url", None)
    if (
        isinstance(url, Secret)
        and url.value is not None
        and not isinstance(options, Apprise)
        and (problem := web_url_problem(url.value))
    ):
        reader.problem((*where, "url"), problem)
    for name in ("to", "cc") if isinstance(options, Email) else ():
        for index, address in enumerate(getattr(options, name)):
            if problem := email_problem(address):
                reader.problem((*where, name, index), problem)
    if isinstance(options, Slack | Mattermost):
        _check_bot(reader, where)
    if isinstance(options, Webhook) and options.secret is None:
        reader.warn(where, "has no secret, so its receiver cannot tell our messages from others'; give it one")


def _check_bot(reader: Reader, where: Where) -> None:
    """A bot's token and the channel that it writes to go together; without them there must be a webhook."""
    written = {"url", "token", "channel"} & set(reader.keys(where))
    if not written:
        reader.problem(where, "needs the url of an incoming webhook, or the token and the channel of a bot")
    elif ("token" in written) != ("channel" in written):
        missing = "channel" if "token" in written else "token"
        reader.problem(where, f"has no {missing}; a bot needs token and channel, an incoming webhook only its url")


@cache
def _shape_of(kind: str) -> type[Shape]:
    """A strict shape with the fields of the kind's options class."""
    hints = get_type_hints(CHANNEL_KINDS[kind])
    fields: dict[str, Any] = {
        field.name: (_written(hints[field.name]), _default(field)) for field in dataclasses.fields(CHANNEL_KINDS[kind])
    }
    return create_model(f"{kind}Shape", __base__=Shape, **fields)


def _written(hint: Any) -> Any:
    """How an option is written in YAML: a tuple is a list, what may be secret may be `{env: NAME}`, a template is text."""
    parts = get_args(hint)
    if hint == tuple[str, ...]:
        return list[Line]
    if Secret in parts:
        return TextOrSecret | None if type(None) in parts else TextOrSecret
    return {str: Text, str | None: Text | None, OwnTemplate | None: Text | None}.get(hint, hint)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
        return Field(min_length=1) if field.type in (tuple[str, ...], "tuple[str, ...]") else ...
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
