"""The table of routes: path, method, and what somebody must be allowed to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import unquote

from watcher.lazy_dataclass import dataclass
from watcher.model.web import May
from watcher.web.exchange import LARGEST_BODY, Asked, Refused, Reply

Handler = Callable[[Asked], Reply]
ENTRY_KEYS = 200
"""Characters of a parameter of a path; more are nobody's key."""


@dataclass(frozen=True, slots=True)
class Page:
    """One route. `path` may have `{name}` for one segment; `method` is GET, which includes HEAD, or POST.

    `largest_body`: bytes of a request that are read. `for_topics`: a token that is limited to topics may ask, too: the
    parameter `name` is one of them, or the handler keeps to them (`Asked.topic`, `Asked.may_see`).
    """

    path: str
    handler: Handler
    may: May
    method: str = "GET"
    largest_body: int = LARGEST_BODY
    for_topics: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """The page of a request, and the parameters of its path."""

    page: Page
    params: dict[str, str]


class Router:
    """Finds pages. Two rows for one path and method are an error at the start."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self.pages: Sequence[Page] = tuple(pages)
        seen = {(page.path, page.method) for page in self.pages}
        if len(seen) != len(self.pages):
            raise ValueError("two pages have one path and method")
        self._patterns: list[tuple[re.Pattern[str], Page]] = [
            (_pattern(page.path), page) for page in sorted(self.pages, key=_fixed_first)
        ]

    def find(self, method: str, raw_path: str) -> Matched | None:
        """The page for a path as it came, still encoded; None when there is none. Raises `Refused` for a method that
        the path does not have.
        """
        wanted = "GET" if method == "HEAD" else method
        allowed = set()
        for pattern, page in self._patterns:
            found = pattern.match(raw_path)
            if found is None:
                continue
            params = {name: unquote(text) for name, text in found.groupdict().items()}
            if any(len(text) > ENTRY_KEYS for text in params.values()):
                continue
            if page.method == wanted:
                return Matched(page, params)
            allowed.add(page.method)
        if allowed:
            allow = ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
            raise Refused(405, "This method is not for this address", f"It has {allow}.", {"Allow": allow})
        return None

    def largest_body(self, raw_path: str) -> int:
        """How many bytes of a request that is sent to a path are read."""
        sizes = (page.largest_body for pattern, page in self._patterns if pattern.match(raw_path))
        return max(sizes, default=LARGEST_BODY)


def _pattern(path: str) -> re.Pattern[str]:
    """What the paths of a page look like; a parameter is one segment that is not empty."""
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{one}>[^/]+)" if n % 2 else re.escape(one) for n, one in enumerate(parts)) + r"\Z")


def _fixed_first(page: Page) -> tuple[int, int, str]:
    """`/silences/new` before `/silences/{id}`, and `/topics/{name}.atom` before `/topics/{name}`."""
    return page.path.count("{"), -len(page.path), page.path
