"""Entries as walk.py and handlers.py read them, compiled from _entries.c where there is a compiler."""

from collections.abc import Callable

from lxml import etree

from watcher.parse.raw import RawEntry, RawText

SOURCE: str
"""SHA-256 of the sources it was compiled from, in hex."""

KINDS: dict[str, int]
"""What an element can be, by names of ours."""

class EntryReader:
    """Reads entries of one sound document, whose `root` it keeps."""

    def __init__(
        self,
        root: etree._Element,
        element_type: type[etree._Element],
        entry_type: type[RawEntry],
        text_type: type[RawText],
        no_text: RawText,
        kind_of: Callable[[str, str | None], int],
        resolve: Callable[[str, str], str],
        resolve_written: Callable[[str, str], str],
        mended: Callable[[str], str],
        looks_like_html: Callable[[str], bool],
        is_atom: bool,
        /,
    ) -> None: ...
    def read(
        self, element: etree._Element, depth: int, base: str, language: str | None, id: str | None, /
    ) -> tuple[RawEntry, int] | None:
        """An entry and the depth of its title, None for one that has to be walked; raises what `kind_of` raises.

        `depth` is that of the element; `base` and `language` are those in its scope; `id` stands until it names one.
        """
