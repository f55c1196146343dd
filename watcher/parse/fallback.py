"""Where the swift reader stops: contents of elements that feedparser gives to the elements around them, and the like."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.parse.entry_builder import NeedsFeedparser
from watcher.parse.tree_walk import Element, TreeWalk

_PERSONS = {"author", "contributor"}
_GATHERED = {"title", "subtitle", "rights", "summary", "content", "description", "category", "id", "guid"}
_WITHOUT_TEXT = {"media:group", "media:content", "enclosure", "cloud", "cc:license", "psc:chapters", "psc:chapter"}
_ADDRESSES = {"url", "uri", "homepage", "media:thumbnail"}


def refuse_cdf(attributes: Mapping[str, str]) -> None:
    if "href" in attributes or "lastmod" in attributes:
        raise NeedsFeedparser("a Channel Definition Format document")


def refuse_stray_text(walk: TreeWalk, element: Element) -> None:
    """Elements that feedparser does not gather text for leave theirs to the element around them."""
    for child in element:
        name = walk.names.element(child)
        if len(child) and name not in _PERSONS:
            raise NeedsFeedparser(f"{name} with elements inside {element.tag}")
        if _leaves_its_text(child, name) or (child.text and name in _ADDRESSES):
            raise NeedsFeedparser(f"{name} with text inside {element.tag}")


def _leaves_its_text(element: Element, name: str) -> bool:
    """Whether feedparser gives the text of an element to the one around it."""
    return bool(element.text) and (name in _WITHOUT_TEXT or (bool(element.items()) and name not in _GATHERED))


def refuse_other_parts(walk: TreeWalk, element: Element, parts: set[str]) -> None:
    for child in element:
        name = walk.names.element(child)
        harmless = name in parts or (":" in name and not walk.handles(name) and not _leaves_its_text(child, name))
        if len(child) or not harmless:
            raise NeedsFeedparser(f"unusual elements inside {element.tag}")


def own_text(element: Element) -> str:
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def refuse_elements(element: Element) -> None:
    if len(element):
        raise NeedsFeedparser(f"elements inside {element.tag}")
