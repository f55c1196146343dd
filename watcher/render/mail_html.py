"""The HTML of mails: the environment of our templates, CSS made inline, and users' HTML made harmless.

Texts of feeds are escaped in templates; one that a user's template marks `safe` by mistake would put a publisher's
scripts, forms and counting pixels into the mail. `cleaned` takes out what runs or loads from elsewhere.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

import nh3
from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from watcher.text.printable import isolate


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


TAGS = nh3.ALLOWED_TAGS | {"font", "style"}
ATTRIBUTES = {
    "*": {"align", "bgcolor", "class", "dir", "height", "id", "lang", "role", "style", "title", "valign", "width"},
    "a": {"href"},
    "font": {"color", "face", "size"},
    "img": {"alt", "src"},
    "ol": {"start", "type"},
    "style": {"data-css-inline"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
LOADED = re.compile(r"url\s*\(|image-set|image\s*\(|@import|src\s*\(|expression|\\", re.IGNORECASE)
"""What in CSS may load something; a backslash could spell any of it."""

_OUTER = re.compile(r"<(html|body)\b([^>]*)>", re.IGNORECASE)
_DIRECTION = re.compile(r"""\b(dir|lang)=["']?([\w-]+)""", re.IGNORECASE)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.IGNORECASE | re.DOTALL)


def cleaned(page: str) -> str:
    """The page with its rules inline; links only http(s) and mailto, pictures only from within the mail."""
    page = inlined(page)
    outer = {found[1].lower(): found[2] for found in reversed(list(_OUTER.finditer(page)))}
    body = _OUTER.sub(lambda found: f"<div{found[2]}>" if found[1].lower() == "body" else "", page)
    kept = nh3.clean(
        re.sub(r"</body\s*>", "</div>", body, flags=re.IGNORECASE),
        tags=TAGS,
        clean_content_tags={"script", "title"},
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "cid", "data"},
        link_rel=None,
    )
    styles = "".join(found[0] for found in _STYLE.finditer(kept) if not LOADED.search(found[1]))
    names = "".join(
        f' {name.lower()}="{html.escape(value)}"' for name, value in _DIRECTION.findall(outer.get("html", ""))
    )
    head = f'<meta charset="utf-8"><meta name="color-scheme" content="light dark">{styles}'
    return f"<!doctype html><html{names}><head>{head}</head><body>{_STYLE.sub('', kept)}</body></html>"


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The value of an attribute that may stay, else None."""
    if name == "style":
        return None if LOADED.search(value) else value
    address = value.strip().lower()
    if name == "src":
        return value if address.startswith(("cid:", "data:image/")) else None
    if name == "href":
        return value if address.startswith(("http://", "https://", "mailto:", "#")) else None
    return value
