"""The pages in several languages. A catalogue is a TOML file in `languages/`; English is what the templates say, and
its catalogue has plain words for names of the code.

Templates are translated when they are loaded: a message is a text between two tags, with its expressions as `{1}`,
`{2}` in order, so that a translation may order them otherwise. Texts that the code makes are translated when they are
printed (`said`), whole or by a pattern like `route {1} sends it to {2}`; what no catalogue has stays English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources

from markupsafe import Markup, escape

from watcher.lazy_dataclass import dataclass
from watcher.text.printable import harmless

ENGLISH = "en"
NAMES = {ENGLISH: "English", "ar": "العربية", "fr": "Français", "ku": "Kurmancî", "tr": "Türkçe"}
"""As their speakers write them."""
CODES = tuple(NAMES)
RIGHT_TO_LEFT = frozenset({"ar"})
TRANSLATED_ATTRIBUTES = (
    "placeholder", "aria-label", "title", "data-label", "data-one", "data-many", "data-on", "data-off",
)  # fmt: skip

_TAG = r"<[a-zA-Z/!](?:\{%.*?%\}|\{\{.*?\}\}|[^>])*?>"
_TOKEN = re.compile(rf"(\{{%.*?%\}}|\{{#.*?#\}}|{_TAG})", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ATTRIBUTE = re.compile(rf'\b({"|".join(TRANSLATED_ATTRIBUTES)})="((?:\{{\{{.*?\}}\}}|[^"])*)"', re.DOTALL)
_PARAMETER = re.compile(r"\{(\d)\}")
_UNTRANSLATED = re.compile(r"<(code|kbd|script|style)\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Z][a-z]+")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
_COUNTED = re.compile(r"(\d{1,3}(?:,\d{3})*|\d+) ([a-z]+)")
MARKS = {"fr": ("\u202f", ","), "ku": (".", ","), "tr": (".", ",")}
"""What separates thousands, and what stands before decimals, where it is not as in English (CLDR 46)."""
_DATE = re.compile(r"[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2}, \d\d:\d\d\Z")


@dataclass(frozen=True, slots=True)
class Message:
    """A text of a template: as catalogues have it, and the expressions that it stands between."""

    key: str
    expressions: tuple[str, ...]

    def filled(self, text: str) -> str:
        """A translation of the key with the expressions in their places."""
        return _PARAMETER.sub(lambda found: self.expressions[int(found[1]) - 1], text)


def message_of(text: str) -> Message | None:
    """The message of a text; None when there are no words in it."""
    expressions = tuple(_EXPRESSION.findall(text))
    numbers = iter(range(1, len(expressions) + 1))
    key = _EXPRESSION.sub(lambda _: f"{{{next(numbers)}}}", text)
    words = _PARAMETER.sub("", re.sub(r"&\w+;", "", key))
    is_text = any(map(str.isalpha, words)) and '="' not in words
    return Message(" ".join(key.split()), expressions) if is_text else None


def rewritten(source: str, translate: Callable[[Message], str]) -> str:
    """A template whose messages are translated."""
    written, is_code = [], False
    for number, part in enumerate(_TOKEN.split(source)):
        if number % 2:
            is_code = bool(_UNTRANSLATED.match(part)) if part.startswith("<") else is_code
            written.append(_ATTRIBUTE.sub(lambda found: f'{found[1]}="{_translated(found[2], translate)}"', part))
        else:
            written.append(part if is_code else _translated(part, translate))
    return "".join(written)


def _translated(text: str, translate: Callable[[Message], str]) -> str:
    message = message_of(text)
    if message is None:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return before + translate(message) + after


def messages_of(source: str) -> Iterator[Message]:
    """All messages of a template."""
    found: list[Message] = []

    def keep(message: Message) -> str:
        found.append(message)
        return message.key

    rewritten(source, keep)
    return iter(found)


@dataclass(frozen=True, slots=True)
class Language:
    """A catalogue. `texts` are those of the templates, `sayings` those of the code, whole, and `patterns` with parts.

    `counts`: forms of a noun by category (CLDR); `words`: names of days and months.
    """

    code: str
    texts: Mapping[str, str]
    sayings: Mapping[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    counts: Mapping[str, Mapping[str, str]]
    words: Mapping[str, str]

    @property
    def comma(self) -> str:
        return "، " if self.code == "ar" else ", "

    @property
    def direction(self) -> str:
        return "rtl" if self.code in RIGHT_TO_LEFT else "ltr"

    def template(self, source: str) -> str:
        """A template in this language."""
        in_language = rewritten(source, lambda message: message.filled(self.texts.get(message.key, message.key)))
        return in_language.replace('<html lang="en">', f'<html lang="{self.code}" dir="{self.direction}">')

    def said(self, text: object) -> str:
        """A text of the code in this language."""
        written = str(text)
        return self.sayings.get(written, written) if self.code == ENGLISH else _said(self.code, written)

    def dated(self, text: str) -> str:
        """A moment or a span of time, written in English, in this language."""
        return self.said(self.moment(text))

    def moment(self, text: str) -> str:
        """`Mon 23 Nov, 09:12` with the names of this language."""
        return _WORD.sub(lambda found: self.words.get(found[0], found[0]), text).replace(", ", self.comma)

    def counted(self, number: int, noun: str, plural: str = "") -> str:
        """A number with its noun."""
        forms = self.counts.get(noun)
        if forms is None:
            return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
        return forms[category_of(self.code, number)].replace("{1}", self.number(f"{number:,}"))

    def number(self, text: object) -> str:
        """A number as English writes it, `1,234.5`, in this language; any other text as it is."""
        thousands, decimal = MARKS.get(self.code, (",", "."))
        written = str(text)
        return written.translate({44: thousands, 46: decimal}) if _NUMBER.fullmatch(written) else written


def category_of(code: str, number: int) -> str:
    """The plural category of a whole number (CLDR 46, cardinal rules)."""
    if code == "ar":
        named = {0: "zero", 1: "one", 2: "two"}.get(number)
        few, many = 3 <= number % 100 <= 10, 11 <= number % 100 <= 99
        return named or ("few" if few else "many" if many else "other")
    if code == "fr":
        return "one" if number in (0, 1) else "other"
    return "one" if number == 1 else "other"


CATEGORIES: Mapping[str, frozenset[str]] = {
    code: frozenset(category_of(code, number) for number in range(201)) for code in CODES
}


@cache
def language(code: str) -> Language:
    """The catalogue of a language."""
    text = (resources.files("watcher.web") / "languages" / f"{code}.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)
    code_texts: Mapping[str, str] = written["code"]
    patterns = tuple((_pattern(key), value) for key, value in code_texts.items() if "{1}" in key)
    rest = [written.get(section, {}) for section in ("counts", "dates")]
    return Language(code, written.get("templates", {}), code_texts, patterns, *rest)


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile("(.+)".join(re.escape(part) for part in _PARAMETER.split(key)[::2]), re.DOTALL)


@lru_cache(maxsize=4_096)
def _said(code: str, text: str) -> str:
    """Parts of a pattern are isolated: a path or a number would turn around in a line from right to left."""
    found = language(code)
    if text in found.sayings:
        return found.sayings[text]
    parts = text.split(", ")
    listed = [_said(code, part) for part in parts] if len(parts) > 1 else parts
    if all(said != part for said, part in zip(listed, parts, strict=True)):
        return escape(found.comma).join(listed)
    if counted := _COUNTED.fullmatch(text):
        nouns = (one for one in found.counts if counted[2] in {one, f"{one}s", f"{one[:-1]}ies"})
        if noun := next(nouns, None):
            return found.counted(int(counted[1].replace(",", "")), noun)
    for pattern, translation in found.patterns:
        if match := pattern.fullmatch(text):
            isolated = tuple(f"<bdi>{_shown(_said(code, part))}</bdi>" for part in match.groups())
            written = Message(translation, isolated).filled(str(escape(translation)))
            return Markup(written)  # noqa: S704 - its parts are escaped
    return found.moment(text) if _DATE.match(text) else found.number(text)


def _shown(text: str) -> Markup:
    return text if isinstance(text, Markup) else escape(harmless(text))


def choose(setting: str, accepted: str) -> str:
    """The language of a page: as configured, else the best of `Accept-Language` (RFC 9110 section 12.5.4)."""
    if setting in CODES:
        return setting
    ranked = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), place, tag.partition("-")[0].lower()))
        except ValueError:
            continue
    wanted = ("ku" if tag in {"kmr", "ku"} else tag for weight, _, tag in sorted(ranked) if weight < 0)
    return next((tag for tag in wanted if tag in CODES), ENGLISH)
