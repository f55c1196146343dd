"""How somebody wants to see the pages: language and colours, kept in a cookie of the browser that has no secret."""

from __future__ import annotations

from enum import StrEnum

from watcher.lazy_dataclass import dataclass
from watcher.web.language import CODES, ENGLISH, choose

COOKIE = "watcher-looks"
_LASTS_SECONDS = 365 * 86_400


class Colors(StrEnum):
    """AUTO: as the system of the browser has them."""

    AUTO = ""
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Looks:
    """`language` is that of the page; `chosen` the one that was chosen, "" for what configuration and browser say."""

    language: str = ENGLISH
    colors: Colors = Colors.AUTO
    chosen: str = ""

    def cookie(self, *, secure: bool) -> str:
        """Set-Cookie that keeps the choice for a year; it is removed where nothing is chosen."""
        lasts = _LASTS_SECONDS if self.colors or self.chosen else 0
        rules = f"Path=/; Max-Age={lasts}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
        return f"{COOKIE}={self.colors}.{self.chosen}; {rules}"


PLAIN = Looks()
"""English, in the colours of the browser."""


def looks_of(cookie: str, setting: str, accepted: str) -> Looks:
    """What a cookie's value says, else the setting `web.language` and the header Accept-Language."""
    colors, _, language = cookie.partition(".")
    chosen = language if language in CODES else ""
    known = Colors(colors) if colors in set(Colors) else Colors.AUTO
    return Looks(chosen or choose(setting, accepted), known, chosen)
