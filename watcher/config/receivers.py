"""The section `receivers`. What a channel may say is declared by its kind in `watcher.deliver`."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from dataclasses import field
from typing import Any

from watcher.config.credentials import Credentials
from watcher.config.did_you_mean import did_you_mean
from watcher.config.reader import Reader
from watcher.config.schema import Shape
from watcher.config.secrets import read_text_or_secret
from watcher.config.server import read_ca_file, read_delivery_proxy
from watcher.config.value_types import Name, Text, TextOrSecret
from watcher.config.yaml_tree import MappingNode, Where, find
from watcher.deliver.registry import CHANNEL_KINDS, channel_kind
from watcher.lazy_dataclass import dataclass
from watcher.model.route import ChannelOptions, ChannelRef, OwnTemplate, Receiver
from watcher.model.secret import Secret


class ReceiverShape(Shape):
    name: Name
    proxy: TextOrSecret | None = None
    ca_file: Text | None = None


def read_receivers(reader: Reader, credentials: Credentials) -> dict[str, Receiver]:
    """Every receiver by its name; its channels in the order written."""
    receivers: dict[str, Receiver] = {}
    for index in reader.items(("receivers",)):
        where: Where = ("receivers", index)
        kinds = tuple(key for key in reader.keys(where) if key not in ReceiverShape.model_fields)
        shape = reader.shape(ReceiverShape, where, but=kinds)
        channels = {ref: options for kind in kinds for ref, options in _channels(reader, credentials, where, kind)}
        if shape is None:
            continue
        if shape.name in receivers:
            reader.problem((*where, "name"), f'a receiver "{shape.name}" is already defined; give it another name')
        if not kinds:
            reader.problem(where, "has no channel; give it one, like email or slack")
        named = {ChannelRef(shape.name, ref.kind, ref.position): options for ref, options in channels.items()}
        proxy = read_delivery_proxy(reader, credentials, (*where, "proxy"), shape.proxy)
        ca_file = read_ca_file(reader, (*where, "ca_file"), shape.ca_file)
        receivers.setdefault(shape.name, Receiver(shape.name, named, proxy, ca_file))
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
    """The options of one channel; also what was found of secrets is checked before a command that sends nothing drops
    it.
    """
    registered = channel_kind(kind)
    resolver = _OptionReader(reader, credentials, where)
    options = reader.options(registered.options, where, resolver)
    if options is None:
        return None
    for problem in registered.validate(options):
        at = (*where, *filter(None, (problem.option,)))
        (reader.warn if problem.is_warning else reader.problem)(at, problem.message)
    return _without_secrets(options, resolver.found) if credentials.mode == "defer" else options


@dataclass(frozen=True, slots=True)
class _OptionReader:
    """Implements `watcher.deliver.options.OptionReader` for the channel at `where`."""

    reader: Reader
    credentials: Credentials
    where: Where
    found: list[Secret] = field(default_factory=list)
    """Secrets that are not in the file itself."""

    def secret(self, written: object, option: str) -> Secret:
        source = read_text_or_secret(written)
        secret = self.credentials.kept(source, (*self.where, option))
        if not isinstance(source, str):
            self.found.append(secret)
        return secret

    def template(self, text: str, option: str) -> OwnTemplate:
        return _template(self.reader, (*self.where, option), text)


def _template(reader: Reader, where: Where, text: str) -> OwnTemplate:
    """A text with a brace or a second line is the template itself, anything else its path."""
    path, position = ".".join(map(str, where)), reader.position(where)
    if "{" in text or "\n" in text.strip():
        return OwnTemplate(text, path, path, position)
    try:
        source = (reader.file.parent / text).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot read {text}: {error.strerror}; name a file, or write the template here") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot read {text}: it is not UTF-8 text; save it as UTF-8") from None
    return OwnTemplate(source, text, path, position)


def _without_secrets(options: ChannelOptions, found: Collection[Secret]) -> ChannelOptions:
    values = {one.name: _without(getattr(options, one.name), found) for one in dataclasses.fields(options)}
    return dataclasses.replace(options, **values)


def _without(value: Any, found: Collection[Secret]) -> Any:
    if isinstance(value, dict):
        return {name: _without(one, found) for name, one in value.items()}
    return Secret(value.origin) if isinstance(value, Secret) and value in found else value
