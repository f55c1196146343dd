"""Adds to the wheel what is made from the program itself: the manual page and the completions of shells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MADE = {
    "share/man/man1/watcher.1": ["man"],
    "share/bash-completion/completions/watcher": ["completion", "bash"],
    "share/zsh/site-functions/_watcher": ["completion", "zsh"],
    "share/fish/vendor_completions.d/watcher.fish": ["completion", "fish"],
}


class ManualPage(BuildHookInterface[Any]):
    """Runs the commands of this checkout; `build-system.requires` has what they import."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._folder = TemporaryDirectory()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([self.root, *sys.path])}
        for place, words in MADE.items():
            file = Path(self._folder.name) / place
            file.parent.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "watcher", *words]
            file.write_bytes(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)
            file.chmod(0o644)
            build_data["shared_data"][str(file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()
