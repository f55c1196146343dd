"""`normalise.entry_in_python`, compiled from _normalise.c where there is a compiler."""

from watcher.model.entry import Entry
from watcher.parse.raw import RawEntry

SOURCE: str
"""SHA-256 of the sources it was compiled from, in hex."""

def entry(raw: RawEntry, base: str, tools: tuple[object, ...], /) -> Entry:
    """`tools` are what normalise.py does itself, and with what, in the order that _normalise.c says."""
