"""Turns texts and secret sources of the file into `Secret` values, and reports missing ones."""

from __future__ import annotations

from typing import Literal

from watcher.config.reader import Reader
from watcher.config.secrets import SecretMissing, SecretSource, find_secret
from watcher.config.yaml_tree import Where
from watcher.lazy_dataclass import dataclass
from watcher.model.secret import Secret

SecretMode = Literal["require", "if_found", "defer"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """`require`: a missing secret is a problem. `if_found`: a warning. `defer`: a warning, and only what is `kept`
    stays in memory.
    """

    reader: Reader
    mode: SecretMode

    def secret(self, value: str | SecretSource, where: Where, *, needed: bool = True) -> Secret:
        """A secret; a plain text becomes one as well, so that nothing prints it from here on.

        With `needed=False`, because nothing in the configuration uses it, it may be missing in either mode.
        """
        found = self.kept(value, where, needed=needed)
        return Secret(found.origin) if self.mode == "defer" and not isinstance(value, str) else found

    def kept(self, value: str | SecretSource, where: Where, *, needed: bool = True) -> Secret:
        """A secret that even commands that send nothing need: kept in either mode."""
        if isinstance(value, str):
            return Secret(f"{self.reader.file.name} line {self.reader.position(where).line}", value)
        found = find_secret(value, self.reader.file.parent, self.reader.env)
        if isinstance(found, SecretMissing):
            self._missing(where, found.message, needed=needed)
            return Secret(str(value))
        if found.warning:
            self.reader.warn(where, found.warning)
        return Secret(str(value), found.value)

    def _missing(self, where: Where, message: str, *, needed: bool) -> None:
        if needed and self.mode == "require":
            self.reader.problem(where, message)
        else:
            self.reader.warn(where, message)
