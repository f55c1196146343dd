"""`watcher demo`: the whole flow on this machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import single_command

app = single_command()


@app.command(epilog="Example: watcher demo --output /tmp/watcher-demo")
def demo(
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the digest here; to a new folder by default.")
    ] = None,
) -> None:
    """See everything work on this machine alone: sample feeds, scores, one chat message, one digest.

    No network is used. Exit 1: something did not arrive.
    """
    from watcher.cli.tables import console
    from watcher.demo.run import run_demo

    raise typer.Exit(run_demo(output, console()))
