"""`watcher preview`: the next digests as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.files import write_atomically
from watcher.cli.options import DEFAULT_CONFIG, Config, load_to_read, opened_store, single_command
from watcher.cli.tables import say
from watcher.errors import UsageError

app = single_command()


@app.command(epilog="Example: watcher preview --output preview-output")
def preview(
    config: Config = DEFAULT_CONFIG,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="Write the files to this folder.")] = Path(
        "preview-output"
    ),
    recent: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Use this many of the newest alerts when none is waiting.")
    ] = 20,
) -> None:
    """Render the next digests to files without sending them.

    Uses the newest alerts if none is waiting, and a sample alert if there are none at all. Changes nothing.
    """
    from watcher.dryrun.preview import PreviewSource, render_previews

    compiled = load_to_read(config)
    if compiled.settings.route is None:
        raise UsageError("the configuration has no route, so there is no message to show; add one with a receiver")
    with opened_store(compiled) as store:
        previews = render_previews(compiled, store, recent)
    if previews.source is PreviewSource.SAMPLE:
        say("no alert is waiting for a digest: the files show a made-up sample", err=True)
    if previews.source is PreviewSource.RECENT:
        say("no alert is waiting for a digest: the files show the newest alerts, which were sent before", err=True)
    output.mkdir(parents=True, exist_ok=True)
    for name, content in previews.files.items():
        write_atomically(output / name, content, private=True)
        typer.echo(str(output / name))
