"""Compiles what is there in C, too, on installation, where there is a C compiler and Python's headers.

Without them the installation is complete all the same: the same is then done in Python, more slowly. An editable
install gets the modules beside their sources, a wheel carries them. Every make target compiles anew what was edited.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("watcher")
MODULES = {
    "parse/_plaintext": ("_plaintext.c", "_plaintext_markup.h", "_plaintext_fold.h"),
    "parse/_scan": ("_scan.c",),
    "parse/_normalise": ("_normalise.c", "_normalise_dates.h"),
    "parse/_entries": ("_entries.c", "_entries_tree.h", "_entries_fields.h", "_entries_texts.h", "_entries_handlers.h"),
    "match/_scan": ("_scan.c",),
}
"""The sources of each module in its folder, the one that includes the others first."""


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Found by hatchling by its place in pyproject.toml."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for name in MODULES:
            if not compile_module(Path(self.root), name):
                self.app.display_warning(f"no C compiler, or none that works: {name} is done in Python, more slowly")
            elif version == "standard":
                build_data["artifacts"].append(path_of(name).as_posix())
                build_data["pure_python"] = False
                build_data["infer_tag"] = True


def path_of(name: str) -> Path:
    return FOLDER / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"


def compile_module(root: Path, name: str) -> bool:
    """Whether it could be compiled; when not, none is left over from before."""
    module = root / path_of(name)
    module.unlink(missing_ok=True)
    made = module.with_suffix(".new")
    for compiler in filter(None, (sysconfig.get_config_var("LDSHARED"), "cc -shared")):
        command = [*shlex.split(compiler), *arguments(root, name), "-o", str(made)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        made.replace(module)
        return True
    made.unlink(missing_ok=True)
    return False


def arguments(root: Path, name: str) -> list[str]:
    sources = [(root / path_of(name)).with_name(source) for source in MODULES[name]]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    include = sysconfig.get_paths()["include"]
    return ["-O3", "-fPIC", f"-I{include}", f'-DSOURCE_SHA256="{digest}"', str(sources[0])]
