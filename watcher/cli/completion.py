"""`watcher completion`: scripts that let a shell complete commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from watcher.cli.options import single_command

app = single_command()

VARIABLE = "_WATCHER_COMPLETE"
"""Set by the scripts when they ask for completions."""


class Shell(StrEnum):
    """The shells that scripts exist for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(epilog="Example: watcher completion bash")
def completion(shell: Annotated[Shell, typer.Argument(help="The shell to complete in.")]) -> None:
    """Print a script that completes commands and options.

    bash: put it into ~/.local/share/bash-completion/completions/watcher.
    zsh: put it as _watcher into a folder of $fpath.
    fish: put it into ~/.config/fish/completions/watcher.fish.
    """
    from typer._completion_shared import get_completion_script

    typer.echo(get_completion_script(prog_name="watcher", complete_var=VARIABLE, shell=shell.value))
