"""The Jinja2 environment of our own templates, and CSS made inline for mail programs."""

from __future__ import annotations

from functools import lru_cache

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from watcher.render.printable import isolate


@lru_cache(maxsize=1)
def own_templates() -> Environment:
    """Autoescape for HTML, none for text; a name that a template misspells is an error."""
    environment = Environment(
        loader=PackageLoader("watcher.render", "templates"),
        autoescape=select_autoescape(("html", "html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["isolate"] = isolate
    return environment


def inlined(html: str) -> str:
    """The page with its rules moved into style attributes; the style element
    marked `data-css-inline="keep"` (dark mode) stays in the head.

    Never loads anything: neither remote nor local style sheets.
    """
    return _inliner().inline(html)


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, minify_css=True)
