"""Text that must never be seen in a log, an error, a metric, a key or a page (I12)."""

from __future__ import annotations

from dataclasses import field

from watcher.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that prints as stars; `reveal()` is the only way to it.

    `origin` says where it comes from (`env SMTP_PASSWORD`) and is safe to print. A command that sends
    nothing may leave it unresolved; revealing it then is a programming error and raises `LookupError`.
    """

    origin: str
    value: str | None = field(default=None, repr=False)

    def reveal(self) -> str:
        if self.value is None:
            raise LookupError(f"the secret {self.origin} was not resolved")
        return self.value

    def __str__(self) -> str:
        return f"*** ({self.origin})"


def reveal(value: str | Secret) -> str:
    """The text of an option that may be written plainly or as a secret."""
    return value.reveal() if isinstance(value, Secret) else value
