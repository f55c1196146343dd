"""The pages in several languages: catalogues are complete, and what feeds wrote is not translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import watcher.web
from tests.harness.store_samples import alert, save_alerts
from tests.harness.web import Client
from watcher.errors import AttemptReason, NotifyReason, PollReason
from watcher.model.act import WayIn
from watcher.model.feed import FeedIssueKind
from watcher.model.notification import AttemptResult, DeliveryState, HoldReason, NotificationState
from watcher.model.topic import Level
from watcher.model.web import May
from watcher.search.query import Note
from watcher.store.store import Store
from watcher.views.acts import WORDS as ACTS
from watcher.views.outbox import REMEDIES
from watcher.views.silences import SilenceState
from watcher.web.language import (
    CATEGORIES,
    CODES,
    RIGHT_TO_LEFT,
    Message,
    choose,
    language,
    message_of,
    messages_of,
    rewritten,
)
from watcher.web.pages.silences import LENGTHS
from watcher.web.pages.status import SEARCHES, TASKS, WORDS
from watcher.web.site import DONE, MENU

TEMPLATES = sorted((Path(watcher.web.__file__).parent / "templates").glob("*.html.j2"))
SOURCES = [path.read_text(encoding="utf-8") for path in TEMPLATES if path.name != "feed_story.html.j2"]
NAMES = {"watcher", "· watcher", "{1} · watcher"}
KEYS = {message.key for source in SOURCES for message in messages_of(source)} - NAMES
NOUNS = {noun for source in SOURCES for noun in re.findall(r'counted\("([^"]+)"', source)}
OTHERS = [code for code in CODES if code != "en"]


def parameters(text: str) -> list[str]:
    return sorted(re.findall(r"\{\d\}", text))


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_every_text_of_the_templates_and_no_other(code: str) -> None:
    found = language(code)
    assert found.texts.keys() == KEYS
    both = [*found.texts.items(), *found.sayings.items()]
    assert [key for key, text in both if parameters(key) != parameters(text) or not text] == []
    said = {word for _, word, _, _ in MENU} | {what for *_, what in MENU if what} | set(DONE.values())
    assert said <= found.sayings.keys()


@pytest.mark.parametrize("code", OTHERS)
def test_every_noun_has_every_form_of_the_language(code: str) -> None:
    found = language(code)
    assert found.counts.keys() == NOUNS
    assert {noun for noun, forms in found.counts.items() if forms.keys() != CATEGORIES[code]} == set()
    assert all(found.number("1,234") in found.counted(1_234, noun) for noun in NOUNS)


SHOWN_SETS: tuple[Iterable[str], ...] = (
    PollReason, AttemptReason, NotifyReason, HoldReason, FeedIssueKind, NotificationState, DeliveryState, SilenceState,
    Level, May, WayIn, AttemptResult, Note, ACTS.values(), REMEDIES.values(), LENGTHS.values(),
    (text for row in (*WORDS, *TASKS) for text in row), (text for _, text in SEARCHES),
)  # fmt: skip
"""Closed sets of words and sentences that pages show."""
SAME = {"Atom", "JSON Feed", "language=ar score=12", "tls", "dns", "watcher"}
"""What is written alike in every language."""


@pytest.mark.parametrize("code", OTHERS)
def test_every_word_that_code_may_say_is_translated(code: str) -> None:
    said = language(code).sayings
    shown = {str(text) for one in SHOWN_SETS for text in one} - {May.ANYONE}
    shown |= {f"{state.value} {{1}}" for state in DeliveryState}
    assert {text if " " in text else text.replace("_", " ") for text in shown} - said.keys() == set()


FOR_PROGRAMS = {
    "This token is limited to topics", "The connection was closed", "This token is not known", "Make one with: watcher web token NAME",
    "The token is for other ones.", "It is for what 7 found.", "`verdict` must be one of 7",
    "`verdict` must be relevant or irrelevant", "`level` must be mention or focus", "`since` must be seconds since 1970",
}  # fmt: skip
"""Refusals of what no page of ours asks."""
IN_PARTS = {
    "You may end your own.7",
    "Nothing, or more than one entry, has a key that begins so. Entries are kept for 7.",
}
"""Translated for each of what the value may be."""


def texts_of_refusals() -> set[str]:
    """The titles and remedies of refusals, as far as the calls have them, with 7 for each value."""
    found = set()
    folder = Path(watcher.web.__file__).parent
    for path in [*folder.glob("*.py"), *folder.glob("pages/*.py")]:
        if path.stem in {"api", "api_writes", "exchange"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refused":
                found |= {literal(one) for one in node.args[1:3]}
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "remedy":
                found.add(literal(node.value))
    return found - {""}


def literal(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in values)
    return ""


@pytest.mark.parametrize("code", OTHERS)
def test_what_refuses_a_page_is_translated(code: str) -> None:
    texts = texts_of_refusals()
    assert "This link is too old" in texts
    assert {text for text in texts if language(code).said(text) == text} - FOR_PROGRAMS - IN_PARTS == set()


@pytest.mark.parametrize("code", [code for code in OTHERS if code in RIGHT_TO_LEFT])
def test_no_text_is_left_in_latin_letters(code: str) -> None:
    found = language(code)
    forms = {f"{noun} {kind}": text for noun, kinds in found.counts.items() for kind, text in kinds.items()}
    both = {**found.texts, **found.sayings, **found.words, **forms}
    assert [key for key, text in both.items() if key not in SAME and not re.search("[\u0600-\u06ff]", text)] == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_text_that_was_forgotten_would_be_the_english_one(code: str) -> None:
    """Whole sentences are never alike in two languages; single words may be."""
    both = {**language(code).texts, **language(code).sayings}
    alike = {key for key, text in both.items() if key == text and len(re.findall("[a-z]{3,}", key)) > 2}
    assert alike - SAME == set()


def test_moments_and_lists_have_the_punctuation_of_the_language() -> None:
    arabic = language("ar")
    assert arabic.dated("Mon 23 Nov, 07:00") == "الاثنين 23 نوفمبر، 07:00"
    assert arabic.said("delivered 2, held 1").count("،") == 1
    assert language("ar").said("in the digest of 07:00 UTC; next Tue 1 Dec, 07:00").count("ديسمبر") == 1


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("fr", "1,234.5", "1\u202f234,5"), ("tr", "26.66", "26,66"), ("ku", "1,234", "1.234"), ("ar", "1,234.5", "1,234.5"),
        ("tr", "127.0.0.1", "127.0.0.1"), ("fr", "0.1.0", "0.1.0"), ("fr", "12,34", "12,34"), ("tr", "2026", "2026"),
        ("ar", "3 days", "3 أيام"), ("ar", "30 days", "30 يومًا"), ("fr", "1 entry", "1 article"),
        ("fr", "1,234 entries", "1\u202f234 articles"), ("tr", "2 stories", "2 haber"), ("fr", "3 camels", "3 camels"),
        ("en", "html", "a web page, not a feed"), ("en", "1,234.5", "1,234.5"), ("en", "3 days", "3 days"),
    ],
)  # fmt: skip
def test_numbers_and_counts_are_those_of_the_language(code: str, text: str, said: str) -> None:
    assert language(code).said(text) == said


@pytest.mark.parametrize(
    ("setting", "accepted", "code"),
    [
        ("auto", "", "en"), ("auto", "ar", "ar"), ("auto", "ar-SY,en;q=0.5", "ar"), ("auto", "de,fr;q=0.9", "fr"),
        ("auto", "en;q=0.3,tr;q=0.8", "tr"), ("auto", "tr;q=0,en", "en"), ("auto", "kmr", "ku"), ("auto", "*", "en"),
        ("auto", "fr;q=x,tr", "tr"), ("auto", ",;,=", "en"), ("ku", "ar", "ku"), ("en", "ar", "en"),
    ],
)  # fmt: skip
def test_the_language_is_as_configured_or_as_the_browser_asks(setting: str, accepted: str, code: str) -> None:
    assert choose(setting, accepted) == code


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("<p>One {{ x | y('<') }} two</p>", ["One {1} two"]),
        ("<p>a{% if b > 1 %}, {{ c }} more{% endif %}</p>", ["a", ", {1} more"]),
        ('<a href="/x" title="Open {{ y | z("q") }}"{% if a > b %} class="c"{% endif %}>go</a>', ["Open {1}", "go"]),
        ("<code>watcher run</code> <kbd>j</kbd> {{ only }} · 12 &amp; {# words #}", []),
        ("<p>\n  Two\n  lines\n</p>", ["Two lines"]),
    ],
)
def test_messages_are_the_texts_between_tags(source: str, keys: list[str]) -> None:
    assert [message.key for message in messages_of(source)] == keys
    unchanged = rewritten(source, lambda message: message.filled(message.key))
    assert " ".join(unchanged.split()) == " ".join(source.split())


def test_a_translation_may_order_its_parts_otherwise() -> None:
    assert message_of("{{ a }} of {{ b }}") == Message("{1} of {2}", ("{{ a }}", "{{ b }}"))
    assert Message("", ("{{ a }}", "{{ b }}")).filled("{2}: {1}") == "{{ b }}: {{ a }}"


def test_texts_of_the_code_are_translated_by_patterns_and_in_their_parts() -> None:
    french = language("fr")
    said = french.said("attempt 2 to desk/<b>: try again")
    assert said == "essai <bdi>2</bdi> vers <bdi>desk/&lt;b&gt;</bdi> : <bdi>nouvel essai</bdi>"
    assert french.said("delivered 2, held 1") == "remises <bdi>2</bdi>, retenues <bdi>1</bdi>"
    assert french.said("delivered, and more") == "delivered, and more"
    assert french.dated("Mon 23 Nov, 07:00") == "lun. 23 nov., 07:00"
    assert french.dated("31 min ago") == "il y a <bdi>31</bdi> min"
    assert french.said("nothing like this") == "nothing like this"


def test_a_page_in_arabic_keeps_what_the_feed_wrote(make_client: Callable[..., Client], store: Store) -> None:
    save_alerts(store, alert("one", title="Search"))
    page = make_client().get("/", **{"accept-language": "ar,en;q=0.5"}).text
    assert '<html lang="ar" dir="rtl">' in page
    assert language("ar").sayings["Search"] in page
    assert page.count("Search<") == 1
    assert ">Search</a></li>" not in page
    refused = make_client("web: {language: tr}").get("/nowhere").text
    assert language("tr").sayings["There is no such page"] in refused


@pytest.mark.parametrize(
    "path", ["/alerts/0", "/entries/0", "/outbox/0", "/feeds/0", "/topics/0", "/silences/0", "/nowhere"]
)
def test_what_is_not_there_says_so_in_the_language_of_the_page(make_client: Callable[..., Client], path: str) -> None:
    page = make_client().get(path, **{"accept-language": "ar"}).text
    shown = re.sub("<[^>]*>", " ", page.partition("<main")[2].partition("<ul>")[0])
    assert re.findall("[a-z]{4,} [a-z]{3,}", shown) == []
