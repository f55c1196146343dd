"""Compiles watcher/parse/_plaintext.c on installation, where there is a C compiler and Python's headers.

Without them the installation is complete all the same: plaintext.py then does the same in Python, more slowly. An
editable install gets the module beside its source, a wheel carries it. Every make target compiles anew what was edited.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("watcher", "parse")
SOURCES = ("_plaintext.c", "_plaintext_markup.h")
MODULE = FOLDER / f"_plaintext{sysconfig.get_config_var('EXT_SUFFIX')}"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Found by hatchling by its place in pyproject.toml."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not compile_module(Path(self.root)):
            self.app.display_warning("no C compiler, or none that works: plain text is made in Python, more slowly")
        elif version == "standard":
            build_data["artifacts"].append(MODULE.as_posix())
            build_data["pure_python"] = False
            build_data["infer_tag"] = True


def compile_module(root: Path) -> bool:
    """Whether it could be compiled; when not, none is left over from before."""
    module = root / MODULE
    module.unlink(missing_ok=True)
    made = module.with_suffix(".new")
    for compiler in filter(None, (sysconfig.get_config_var("LDSHARED"), "cc -shared")):
        try:
            subprocess.run([*shlex.split(compiler), *arguments(root), "-o", str(made)], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        made.replace(module)
        return True
    made.unlink(missing_ok=True)
    return False


def arguments(root: Path) -> list[str]:
    digest = hashlib.sha256(b"".join((root / FOLDER / source).read_bytes() for source in SOURCES)).hexdigest()
    include = sysconfig.get_paths()["include"]
    return ["-O3", "-fPIC", f"-I{include}", f'-DSOURCE_SHA256="{digest}"', str(root / FOLDER / SOURCES[0])]
