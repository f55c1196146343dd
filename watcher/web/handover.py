"""What the command `watcher web` hands over to the process that serves the pages.

Reading a configuration takes Typer, pydantic and a YAML reader, which together are as large as the pages. So the
command reads it, opens the port, and is replaced by a process that imports none of them (execve(2)).
"""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from watcher.errors import UsageError
from watcher.lazy_dataclass import dataclass
from watcher.match.compile import CompiledTopic
from watcher.model.route import ChannelOptions, Receiver
from watcher.model.settings import Settings
from watcher.model.web import Listen


@dataclass(frozen=True, slots=True)
class _Recipients(ChannelOptions):
    """All that a page shows of a channel's options."""

    shown: tuple[str, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.shown


@dataclass(frozen=True, slots=True)
class ServedConfig:
    """The configuration that pages show, its topics compiled.

    `file_time`: when its file was changed last, as `file_time` said before it was read: what is changed while it is
    read counts as a change. `texts`: each topic as it is written, by name; `vocabulary`: all lists of words, as JSON.
    """

    settings: Settings
    topics: Sequence[CompiledTopic]
    file_time: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)
    vocabulary: str = "{}"

    def without_options(self) -> ServedConfig:
        """The same without what channels need to send: addresses with tokens, and the modules of their types."""
        receivers = {name: _without_options(one) for name, one in self.settings.receivers.items()}
        return replace(self, settings=replace(self.settings, receivers=receivers))

    def listening_at(self, listen: Listen) -> ServedConfig:
        """The same at another address."""
        return replace(self, settings=replace(self.settings, web=replace(self.settings.web, listen=listen)))


def file_time(file: Path) -> int:
    """When a file was changed last, in nanoseconds since the epoch; 0 when it cannot be asked."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _without_options(receiver: Receiver) -> Receiver:
    channels = {ref: _Recipients(tuple(options.recipients)) for ref, options in receiver.channels.items()}
    return replace(receiver, channels=channels)


@dataclass(frozen=True, slots=True)
class Handover:
    """What the process is given, and what its command `reload` prints after the file has changed.

    `templates`: the code of the pages' templates, empty after a reload.
    """

    config: ServedConfig
    reload: tuple[str, ...]
    verbose: bool
    as_text: bool | None
    templates: Mapping[str, bytes] = field(default_factory=dict)

    def in_memory(self) -> int:
        """The descriptor of a file in memory that holds it, for a program started by `exec`."""
        descriptor = os.memfd_create("handover", 0)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(self.written())
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    def written(self) -> bytes:
        return pickle.dumps(self)

    @staticmethod
    def read(data: bytes) -> Handover:
        """What `written` returned, in another process of this program."""
        value = pickle.loads(data)  # noqa: S301 - nobody else writes it
        assert isinstance(value, Handover)
        return value


def bound(listen: Listen) -> socket.socket:
    """A socket that listens there and is inherited. One in the file system may be used by its owner and group.

    Raises `UsageError`.
    """
    try:
        if listen.socket is not None:
            if listen.socket.is_socket():  # an earlier process left it behind
                listen.socket.unlink()
            found = socket.socket(socket.AF_UNIX)
            found.bind(str(listen.socket))
            listen.socket.chmod(0o660)
        else:
            found = socket.socket(socket.AF_INET6 if ":" in listen.host else socket.AF_INET)
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((listen.host, listen.port))
        found.listen(128)
    except OSError as error:
        raise UsageError(f"cannot listen at {listen}: {error.strerror or error}; name another with --listen") from error
    found.setblocking(False)
    found.set_inheritable(True)
    return found
