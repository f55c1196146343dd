"""What the elements of feeds mean: one handler for each that shows in our fields, after feedparser's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from watcher.parse.entry_builder import EntryBuilder, NeedsFeedparser
from watcher.parse.lxml_reader import (
    HTML,
    MARKUP_TYPES,
    MEDIA_TYPES,
    PLAIN,
    Element,
    Handler,
    TreeWalk,
    own_text,
    refuse_cdf,
    refuse_elements,
    refuse_other_parts,
    refuse_stray_text,
    resolve,
    undo_double_utf8,
    unescape_in_address,
)
from watcher.parse.normalise import MANY_ENTRIES

_PERSON_PARTS = {"name", "email", "uri", "url", "homepage"}
_OWNER_PARTS = {"name", "email", "itunes:name", "itunes:email"}
_IMAGE_PARTS = {"title", "link", "description", "url", "href", "width", "height"}
_TEXT_INPUT_PARTS = {"title", "link", "description", "name"}
_ITUNES, _MEDIA = "http://www.itunes.com/", "http://search.yahoo.com/mrss/category_schema"


def _top(walk: TreeWalk, element: Element, depth: int) -> None:
    if depth > 1:
        raise NeedsFeedparser("a feed inside a feed")
    if walk.names.element(element) == "feed":
        walk.in_feed = True
    walk.children(element, depth)


def _channel(walk: TreeWalk, element: Element, depth: int) -> None:
    refuse_cdf(walk.attributes)
    walk.in_feed = True
    walk.children(element, depth)
    walk.in_feed = False


def _entry(walk: TreeWalk, element: Element, depth: int) -> None:
    if walk.context is not walk.top:
        raise NeedsFeedparser("an entry inside an entry")
    if len(walk.entries) >= MANY_ENTRIES:
        return
    refuse_cdf(walk.attributes)
    walk.entry_tags.add((element.prefix, str(element.tag)))
    walk.entries_depend |= walk.has_content
    about = walk.attributes.get("rdf:about")
    entry = EntryBuilder(is_entry=True)
    walk.enter(entry=entry)
    walk.title_depth = -1
    if about:
        entry.fields["id"] = about
    walk.children(element, depth)
    walk.enter(entry=None)
    walk.has_content = False
    walk.entries.append(entry.as_entry())


def _title(walk: TreeWalk, element: Element, depth: int) -> None:
    text = walk.construct(element, PLAIN, is_title=True)
    context = walk.context
    if not -1 < walk.title_depth <= depth and (walk.in_feed or context is not walk.top):
        context.store_text("title", text, depth)
        context.title_language = walk.lang
    if text.value:
        walk.title_depth = depth


def _media_title(walk: TreeWalk, element: Element, depth: int) -> None:
    title_depth = walk.title_depth
    _title(walk, element, depth)
    walk.title_depth = title_depth


def _description(walk: TreeWalk, element: Element, depth: int) -> None:
    if "summary" in walk.context.fields and not walk.has_content:
        _content(walk, element, depth)
    else:
        _summary_text(walk, element, depth, HTML)


def _summary(walk: TreeWalk, element: Element, depth: int) -> None:
    if "summary" in walk.context.fields and not walk.has_content:
        _content(walk, element, depth)
        return
    text = walk.construct(element, PLAIN)
    if walk.in_feed or walk.context is not walk.top:
        walk.context.store_text("summary", text, depth)


def _summary_text(walk: TreeWalk, element: Element, depth: int, default_type: str) -> None:
    text = walk.construct(element, default_type)
    if walk.context.is_entry:
        walk.context.store_text("summary", text, depth)


def _content(walk: TreeWalk, element: Element, depth: int) -> None:
    walk.has_content = True
    if src := walk.attributes.get("src"):  # RFC 4287 §4.1.3.2: the content is there
        walk.context.other_links.insert(0, resolve(walk.base, src))
        if not (len(element) or (element.text or "").strip()):
            return
    walk.context.add_content(walk.construct(element, PLAIN))


def _content_encoded(walk: TreeWalk, element: Element, depth: int) -> None:
    walk.has_content = True
    walk.context.add_content(walk.construct(element, HTML))


def _other_text(walk: TreeWalk, element: Element, depth: int) -> None:
    """A text that we do not keep; what is inside it is no field of the entry either."""
    if len(element):
        walk.construct(element, PLAIN)


def _guid(walk: TreeWalk, element: Element, depth: int) -> None:
    is_link = walk.attributes.get("ispermalink", "true") == "true"
    value = walk.text(element)
    if value and is_link:
        value = resolve(walk.base, value)
    walk.store("id", value, depth)
    if is_link:
        walk.context.fields.setdefault("link", value)


def _link(walk: TreeWalk, element: Element, depth: int) -> None:
    attributes = walk.attributes
    href = attributes.get("url", attributes.get("uri", attributes.get("href"))) or attributes.get("href")
    if href is None:
        _link_text(walk, element, depth)
        return
    rel = attributes.get("rel", "alternate").lower()
    media_type = attributes.get("type", HTML).lower()
    if rel == "alternate" and MEDIA_TYPES.get(media_type, media_type) in MARKUP_TYPES:
        walk.context.fields["link"] = resolve(walk.base, href)
    elif rel == "enclosure":
        walk.context.other_links.append(resolve(walk.base, href))
    walk.children(element, depth)


def _enclosure(walk: TreeWalk, element: Element, depth: int) -> None:
    if url := walk.attributes.get("url", walk.attributes.get("href")):
        walk.context.other_links.append(resolve(walk.base, url))
    walk.children(element, depth)


def _link_text(walk: TreeWalk, element: Element, depth: int) -> None:
    value = walk.text(element)
    if value:
        value = unescape_in_address(resolve(walk.base, value))
    if walk.in_feed or walk.context is not walk.top:
        walk.context.fields["link"] = value


def _author(walk: TreeWalk, element: Element, depth: int) -> None:
    context = walk.context
    walk.in_author = True
    context.authors.append({})
    text = (element.text or "").strip()
    if len(element):
        refuse_other_parts(walk, element, _PERSON_PARTS)
        text = own_text(element)
        walk.children(element, depth)
    walk.store("author", undo_double_utf8(text), depth)
    walk.in_author = False
    context.finish_author()


def _name(walk: TreeWalk, element: Element, depth: int) -> None:
    name = _bare(element)
    if walk.in_author:
        walk.context.add_author_detail("name", name)


def _email(walk: TreeWalk, element: Element, depth: int) -> None:
    email = _bare(element)
    if walk.in_author:
        walk.context.add_author_detail("email", email)


def _homepage(walk: TreeWalk, element: Element, depth: int) -> None:
    value = walk.text(element)
    if walk.in_author:
        walk.context.add_author_detail("href", value)


def _contributor(walk: TreeWalk, element: Element, depth: int) -> None:
    refuse_other_parts(walk, element, _PERSON_PARTS)


def _owner(walk: TreeWalk, element: Element, depth: int) -> None:
    if walk.entry:
        raise NeedsFeedparser("an owner of an entry")
    refuse_other_parts(walk, element, _OWNER_PARTS)


def _category(walk: TreeWalk, element: Element, depth: int, default_scheme: str | None = None) -> None:
    if walk.context is walk.top:
        refuse_elements(element)
        return
    if attributes := walk.attributes:
        scheme = attributes.get("scheme", attributes.get("domain", default_scheme))
        walk.context.add_tag(attributes.get("term"), scheme, attributes.get("label"))
    if value := walk.text(element):
        walk.context.add_tag_text(value)


def _itunes_category(walk: TreeWalk, element: Element, depth: int) -> None:
    walk.context.add_tag(walk.attributes.get("text"), _ITUNES, None)
    if len(element):
        if own_text(element) or any(walk.names.element(child) != "itunes:category" for child in element):
            raise NeedsFeedparser("a category with text and elements")
        walk.children(element, depth)
    elif value := walk.text(element):
        walk.context.add_tag_text(value)


def _keywords(walk: TreeWalk, element: Element, depth: int) -> None:
    if walk.attributes:
        refuse_elements(element)
        return  # feedparser takes one with attributes for something else
    for term in walk.text(element).split(","):
        walk.context.add_tag(term.strip(), None, None)


def _stored(walk: TreeWalk, element: Element, depth: int, name: str) -> None:
    walk.store(name, walk.text(element), depth)


def _update_hint(walk: TreeWalk, element: Element, depth: int, name: str) -> None:
    walk.top.fields[name] = _bare(element)
    walk.entries_depend |= walk.entry is not None


def _skipped(walk: TreeWalk, element: Element, depth: int) -> None:
    if walk.context is walk.top:
        names = walk.skip_hours if walk.names.element(element) == "skiphours" else walk.skip_days
        names += [(child.text or "").strip() for child in element]


def _ttl(walk: TreeWalk, element: Element, depth: int) -> None:
    refuse_elements(element)
    walk.store("ttl", "" if walk.attributes else walk.text(element), depth)


def _source(walk: TreeWalk, element: Element, depth: int) -> None:
    if walk.source:
        raise NeedsFeedparser("a source inside a source")
    refuse_stray_text(walk, element)
    source = EntryBuilder(is_entry=False)
    walk.enter(entry=walk.entry, source=source)
    walk.title_depth = -1
    if url := walk.attributes.get("url"):
        source.fields["href"] = url
    walk.children(element, depth)
    walk.enter(entry=walk.entry)
    text = own_text(element)
    if text and len(element):
        raise NeedsFeedparser("a source with text and elements")
    fields = walk.context.fields
    fields["source_title"] = undo_double_utf8(text) or source.fields.get("title", "")
    fields["source_link"] = source.fields.get("link") or source.fields.get("href", "")


def _image(walk: TreeWalk, element: Element, depth: int) -> None:
    _side_matter(walk, element, depth, _IMAGE_PARTS)


def _text_input(walk: TreeWalk, element: Element, depth: int) -> None:
    _side_matter(walk, element, depth, _TEXT_INPUT_PARTS)


def _side_matter(walk: TreeWalk, element: Element, depth: int, parts: set[str]) -> None:
    walk.title_depth = -1
    if not len(element):
        return
    if walk.context is not walk.top:
        raise NeedsFeedparser("an image of an entry")
    refuse_other_parts(walk, element, parts)
    if any(walk.names.element(child) == "title" and _bare(child) for child in element):
        walk.title_depth = depth + 1


def _unread(walk: TreeWalk, element: Element, depth: int) -> None:
    raise NeedsFeedparser(f"{element.tag} is rare")


def _bare(element: Element) -> str:
    refuse_elements(element)
    return (element.text or "").strip()


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("rss", "rdf:rdf", "feed"), _top),
    "channel": _channel,
    **dict.fromkeys(("item", "entry"), _entry),
    **dict.fromkeys(("title", "dc:title"), _title),
    "media:title": _media_title,
    **dict.fromkeys(("description", "dc:description", "media:description"), _description),
    "abstract": partial(_summary_text, default_type=PLAIN),
    **dict.fromkeys(("summary", "itunes:summary"), _summary),
    "content": _content,
    **dict.fromkeys(("content:encoded", "fullitem"), _content_encoded),
    **dict.fromkeys(
        ("subtitle", "tagline", "itunes:subtitle", "rights", "copyright", "dc:rights", "info"), _other_text
    ),
    "feedburner:browserfriendly": _other_text,
    **dict.fromkeys(("guid", "id"), _guid),
    "link": _link,
    **dict.fromkeys(("author", "managingeditor", "dc:author", "dc:creator", "itunes:author"), _author),
    **dict.fromkeys(("name", "itunes:name"), _name),
    **dict.fromkeys(("email", "itunes:email"), _email),
    **dict.fromkeys(("url", "uri", "homepage"), _homepage),
    "contributor": _contributor,
    "itunes:owner": _owner,
    **dict.fromkeys(("category", "keywords", "dc:subject"), _category),
    "media:category": partial(_category, default_scheme=_MEDIA),
    "itunes:category": _itunes_category,
    **dict.fromkeys(("media:keywords", "itunes:keywords"), _keywords),
    **dict.fromkeys(("published", "issued", "pubdate", "dcterms:issued"), partial(_stored, name="published")),
    **dict.fromkeys(
        ("updated", "modified", "lastbuilddate", "dc:date", "dcterms:modified"), partial(_stored, name="updated")
    ),
    **dict.fromkeys(("language", "dc:language"), partial(_stored, name="language")),
    "ttl": _ttl,
    "sy:updateperiod": partial(_update_hint, name="update_period"),
    "sy:updatefrequency": partial(_update_hint, name="update_frequency"),
    **dict.fromkeys(("skiphours", "skipdays"), _skipped),
    "enclosure": _enclosure,
    "source": _source,
    "image": _image,
    "textinput": _text_input,
    **dict.fromkeys(
        ("body", "xhtml:body", "tags", "links", "authors", "date", "title_detail", "summary_detail"), _unread
    ),
}
"""What feedparser handles in a way that shows in our fields, by its names."""
