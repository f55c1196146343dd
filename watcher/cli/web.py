"""`watcher web`: the pages."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    DEFAULT_CONFIG,
    Config,
    LogFormat,
    LogFormatOption,
    Verbose,
    load_to_read,
    opened_store,
)
from watcher.errors import UsageError
from watcher.sandbox.limits import own_command

if TYPE_CHECKING:
    from watcher.model.web import Listen, WebSettings

app = typer.Typer(
    help="Serve the pages: what was read, what alerted and why, what was sent.",
    epilog="Example: watcher web -c config.yaml",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)

INSTALL = "the pages need one more package: install watcher-news[web]"
FEWEST_CHARACTERS = 8


@app.callback()
def web(
    context: typer.Context,
    config: Config = DEFAULT_CONFIG,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Serve them here instead of at web.listen; or unix:PATH.")
    ] = None,
    verbose: Verbose = False,
    log_format: LogFormatOption = LogFormat.AUTO,
    hand_over: Annotated[bool, typer.Option("--hand-over", hidden=True)] = False,
) -> None:
    """Serve the pages: what was read, what alerted and why, what was sent.

    They are a process of their own beside the daemon. SIGTERM stops it, SIGHUP reads the configuration again.
    """
    if context.invoked_subcommand is not None:
        return
    if find_spec("uvicorn") is None:
        raise UsageError(INSTALL)
    from watcher.config.topic_text import written_topics
    from watcher.web.handover import Handover, ServedConfig, bound, file_time
    from watcher.web.rendering import Templates

    changed_at = file_time(config)
    compiled = load_to_read(config)
    check_keys(compiled.settings.web)
    where = compiled.settings.web.listen if listen is None else _listen(listen, compiled.settings.web)
    served = ServedConfig(compiled.settings, compiled.topics, changed_at, *written_topics(config))
    served = served.listening_at(where).without_options()
    again = own_command("watcher", "web", "--config", str(config), "--listen", str(where), "--hand-over")
    handover = Handover(served, tuple(again), verbose, log_format.as_text)
    if hand_over:
        sys.stdout.buffer.write(handover.written())
        return
    with opened_store(compiled):  # which upgrades it
        sock = bound(where)
    handover = replace(handover, templates=Templates().prepare())
    arguments = [str(handover.in_memory()), str(sock.detach())]
    command = own_command("watcher.cli.web_process", *arguments)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the pages listen for it: the configuration was just read
    os.execv(command[0], command)  # noqa: S606 - the same program


def check_keys(web: WebSettings) -> None:
    """Raises `UsageError` for a secret of the pages that is missing. Other commands do without."""
    if web.key is not None and web.key.value is None:
        raise UsageError(f"web.key refers to {web.key.origin}, which is not there: sessions and links need it")
    for person in web.people:
        if person.password is not None and person.password.value is None:
            raise UsageError(f"the password of {person.name} refers to {person.password.origin}, which is not there")


def _listen(text: str, web: WebSettings) -> Listen:
    from watcher.config.web import read_listen

    try:
        listen = read_listen(text)
    except ValueError as error:
        raise UsageError(f"--listen {text}: {error}") from error
    if not listen.is_local and (web.is_open or web.url is None):
        raise UsageError(
            f"--listen {text}: everybody on the network could do everything there; "
            "set url, and people or proxy, in the section web of the configuration"
        )
    return listen


@app.command(epilog="Example: watcher web password")
def password() -> None:
    """Print the line for a password in the configuration. The password is asked for, or read from standard input."""
    from watcher.web.passwords import hash_password

    if sys.stdin.isatty():
        text = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if len(text) < FEWEST_CHARACTERS:
        raise UsageError(f"the password is too short: use at least {FEWEST_CHARACTERS} characters")
    typer.echo(hash_password(text))


PREFIXES = {"feeds": "wf_", "read": "wr_", "act": "wa_"}
"""What a token may do, and how it begins: scanners of leaked secrets know it by that."""


@app.command(epilog="Example: watcher web token archive --may read")
def token(
    name: Annotated[str, typer.Argument(help="What the token is called in the configuration and in logs.")],
    may: Annotated[str, typer.Option(help="What it may do: feeds, read or act.")] = "read",
    topic: Annotated[list[str] | None, typer.Option(help="Limit it to this topic. May be repeated.")] = None,
) -> None:
    """Print a new token, and the line for it in the configuration. The token is shown only now."""
    from watcher.web.identity import token_hash

    if may not in PREFIXES:
        raise UsageError(f"--may {may}: must be one of {', '.join(PREFIXES)}")
    secret = PREFIXES[may] + secrets.token_urlsafe(32)
    typer.echo(f"token, for the program: {secret}")
    only = f", topics: [{', '.join(topic)}]" if topic else ""
    typer.echo(f'under web.tokens: {{name: {name}, hash: "sha256:{token_hash(secret)}", may: {may}{only}}}')
