"""What a channel is, and what the module of a channel kind registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from watcher.clock import Clock
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Message, Notification, Outcome
from watcher.model.route import ChannelOptions
from watcher.model.settings import Smtp

if TYPE_CHECKING:
    import ssl

    import httpx2


class Channel(Protocol):
    """Sends one message to one destination.

    `send` never raises for what receivers and networks do: that is an `Outcome`. It ends within
    `deadline`. The notification's `key` travels with the message (Message-ID, webhook-id, …), the same on
    every attempt. No URL and no secret appears in the outcome's detail.
    """

    async def send(self, notification: Notification, message: Message, deadline: timedelta) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server, and the way to it: `proxy` is a URL, `tls` None trusts what the system trusts."""

    smtp: Smtp
    proxy: str | None = None
    tls: Callable[[], ssl.SSLContext] | None = None


@dataclass(frozen=True, slots=True)
class Transport:
    """What the channels of one receiver send with. `http` gives a client that outlives the channels, and opens it when
    the first message is sent: that takes longer than reading a configuration. `mail` is None without a mail server.
    """

    http: Callable[[], httpx2.AsyncClient]
    mail: MailServer | None
    clock: Clock


@dataclass(frozen=True, slots=True)
class OptionProblem:
    """What is wrong with the options of a channel, with the remedy. `option` "" is the channel as a whole.

    The message never repeats a secret. A `warning` does not refuse the configuration.
    """

    option: str
    message: str
    is_warning: bool = False


Options = TypeVar("Options", bound=ChannelOptions)


def _nothing(options: ChannelOptions) -> Iterator[OptionProblem]:
    return iter(())


@dataclass(frozen=True, slots=True)
class ChannelKind(Generic[Options]):
    """A kind of channel: `name` is its key in the configuration, `options` what may be written beneath it.

    `options` is a dataclass; the types of its fields (watcher.deliver.options) say how each is written and checked.
    `validate` checks what concerns several options, or one that `build` could not use. It must cope with secrets
    that have no value. `build` makes the channel without touching the network; raises `ValueError` or `UsageError`
    with cause and remedy where that is impossible.
    """

    name: str
    options: type[Options]
    build: Callable[[Options, Transport], Channel]
    validate: Callable[[Options], Iterator[OptionProblem]] = _nothing
