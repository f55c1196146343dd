"""`watcher man`: the manual page, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from watcher import __version__
from watcher.cli.options import CONFIG_VARIABLE, single_command

app = single_command()


@app.command(epilog="Example: watcher man")
def man() -> None:
    """Print the manual page in roff, for `man -l -` or a folder of $MANPATH."""
    typer.echo("\n".join(_page()))


def _page() -> Iterator[str]:
    from watcher.cli.main import COMMANDS, HIDDEN, SUMMARY, load_command

    yield f'.TH WATCHER 1 "" "watcher {__version__}" "User Commands"'
    yield ".SH NAME\nwatcher \\- watch news feeds and alert the right people"
    yield ".SH SYNOPSIS\n.B watcher"
    yield "[\\fB\\-c\\fR \\fIFILE\\fR] [\\fB\\-\\-utc\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]"
    yield f".SH DESCRIPTION\n{_roff(SUMMARY)}"
    yield ".SH COMMANDS"
    for name in COMMANDS:
        if name not in HIDDEN:
            yield from _command(f"watcher {name}", load_command(name))
    yield ".SH ENVIRONMENT"
    yield f".TP\n.B {CONFIG_VARIABLE}\nThe configuration, where \\fB\\-c\\fR is not given."
    yield ".TP\n.B STATE_DIRECTORY\nThe folder of a relative SQLite store; set by systemd."
    yield ".TP\n.B TZ\nThe zone that times are printed in."
    yield ".SH EXIT STATUS"
    yield ".TP\n.B 0\nFine.\n.TP\n.B 1\nSomething failed at run time.\n.TP\n.B 2\nBad usage or configuration."


def _command(path: str, command: Any) -> Iterator[str]:
    """A command, or every command of a group, with its options."""
    inner = getattr(command, "commands", None)
    if inner is not None:
        for name, one in inner.items():
            yield from _command(f"{path} {name}", one)
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    words = " ".join(f"\\fI{_roff(one.metavar or one.name)}\\fR" for one in arguments)
    yield f".SS {_roff(path)} {words}".rstrip()
    yield _paragraphs(command.help or "")
    for option in command.params:
        if option.param_type_name == "option":
            names = ", ".join(f"\\fB{_roff(name)}\\fR" for name in (*option.opts, *option.secondary_opts))
            value = "" if option.is_flag else f" \\fI{_roff(option.metavar or option.name.upper())}\\fR"
            yield f".TP\n{names}{value}\n{_roff(option.help or '')}"
    yield f".PP\n{_roff(command.epilog or '')}"


def _paragraphs(text: str) -> str:
    return "\n.PP\n".join(_roff(" ".join(part.split())) for part in text.split("\n\n"))


def _roff(text: str) -> str:
    """A text without the characters that roff acts on (groff_char(7))."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    escaped = "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in escaped)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
