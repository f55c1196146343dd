"""The kinds of values in the configuration file: each checks and converts what was written. Pure.

Values become those of `watcher.model` where the rest of the file is not needed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from watcher.config.did_you_mean import did_you_mean
from watcher.config.quantities import (
    read_clock,
    read_duration,
    read_points,
    read_size,
    read_zone,
)
from watcher.config.secrets import SecretSource, read_text_or_secret
from watcher.model.topic import Points
from watcher.text.addresses import email_problem, web_url_problem
from watcher.text.domains import registrable_domain
from watcher.text.languages import TWO_LETTERS, language_code


def reject(condition: Callable[[Any], bool], message: str) -> AfterValidator:
    """Refuses values for which the condition holds."""

    def check(value: Any) -> Any:
        if condition(value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def label_name(text: str) -> str:
    """The name of a label. Raises `ValueError` for anything else."""
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}", text):
        raise ValueError(f'"{text}" is not a label name; use letters, digits and _')
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"\w[\w.\-]{0,63}", text):
        raise ValueError(f'"{text}" cannot be a name; use up to 64 letters, digits, . - and _ without spaces')
    return text


def feed_url_problem(text: str) -> str | None:
    """Why a text is not the address of a feed, or None; the message does not repeat the address."""
    problem = web_url_problem(text)
    if problem is None and "@" in urlsplit(text).netloc:
        return (
            "a user name or password in a feed's address would be shown in lists and logs; "
            "use headers: {Authorization: {env: NAME}} instead"
        )
    return problem


def _feed_url(value: object) -> str | SecretSource:
    found = read_text_or_secret(value)
    if isinstance(found, str) and (problem := feed_url_problem(found)):
        raise ValueError(problem)
    return found


def _interval(value: object) -> timedelta | None:
    return None if value == "auto" else _positive(read_duration(value))


def _positive(duration: timedelta) -> timedelta:
    if not duration:
        raise ValueError("must be longer than 0s")
    return duration


def one_of(words: tuple[str, ...]) -> BeforeValidator:
    """Refuses what is none of the words, and proposes the nearest."""

    def check(value: object) -> object:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}{did_you_mean(str(value), words)}")
        return value

    return BeforeValidator(check)


def _language(code: str) -> str:
    known = language_code(code)
    if known is None:
        hint = did_you_mean(code, TWO_LETTERS) or "; write a code of ISO 639 like en, ar or tr"
        raise ValueError(f'"{code}" is not the code of a language{hint}')
    return known


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise ValueError(f"not a network range: {error}; write it like 10.0.0.0/8 or ::1/128") from None


def _domain(text: str) -> str:
    domain = registrable_domain(text.strip().rstrip("."))
    if not re.fullmatch(r"[\w.:\[\]-]+", text.strip()) or domain != text.strip().rstrip(".").lower():
        raise ValueError(f"not a registrable domain; write it like {_example_domain(domain)}")
    return domain


def _example_domain(domain: str) -> str:
    return domain if re.fullmatch(r"[\w-]+(\.[\w-]+)+", domain) else "example.org"


def _email_address(text: str) -> str:
    problem = email_problem(text)
    if problem:
        raise ValueError(problem)
    return text


def _helo(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Za-z:.]+\]", text):
        raise ValueError("must be the name of this machine, like mail.example.org, or an address like [192.0.2.1]")
    return text


def _source_or(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
    return read_text_or_secret(value) if isinstance(value, dict) else handler(value)


or_source = WrapValidator(_source_or)
"""Also allows `{env: NAME}` and the like; the value is then a `SecretSource`."""


def written_as(pattern: str, example: str) -> WithJsonSchema:
    """How a value that is read from a text is written, for `check --schema`."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


_A_DURATION = r"(?=[0-9])([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?"
_DURATION_TEXT = written_as(f"^{_A_DURATION}$", "1h30m")
_POINTS = WithJsonSchema({"type": ["number", "string"], "examples": [1.5]})
_SECRET_FORMS = [
    {"type": "object", "properties": {kind: {"type": "string"}}, "required": [kind], "additionalProperties": False}
    for kind in ("env", "file", "credential")
]
_SECRET = WithJsonSchema({"anyOf": [{"type": "string"}, *_SECRET_FORMS]})

Duration = Annotated[timedelta, PlainValidator(read_duration), _DURATION_TEXT]
PositiveDuration = Annotated[timedelta, PlainValidator(read_duration), AfterValidator(_positive), _DURATION_TEXT]
Interval = Annotated[timedelta | None, PlainValidator(_interval), written_as(f"^(auto|{_A_DURATION})$", "auto")]
Size = Annotated[
    int,
    PlainValidator(read_size),
    reject(lambda size: size == 0, "must be more than 0B"),
    written_as(r"^[0-9]+ ?([kKMG]i?)?B$", "10MB"),
]
Clock = Annotated[time, PlainValidator(read_clock), written_as(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "07:00")]
Zone = Annotated[str, PlainValidator(read_zone), written_as(r"^[A-Za-z0-9_+/-]+$", "Europe/Istanbul")]
PointsText = Annotated[Points, PlainValidator(read_points), _POINTS]
Weight = Annotated[PointsText, reject(lambda points: points == 0, "a weight of 0 never counts; remove it")]
Text = Annotated[str, reject(lambda text: not text.strip(), "must not be empty")]
Line = Annotated[Text, reject(lambda text: bool(re.search(r"[\x00-\x1f\x7f]", text)), "must be one line of plain text")]
Name = Annotated[str, AfterValidator(_name)]
LabelName = Annotated[str, AfterValidator(label_name)]
Labels = dict[LabelName, str]
FeedUrl = Annotated[str | SecretSource, PlainValidator(_feed_url), _SECRET]
TextOrSecret = Annotated[str | SecretSource, PlainValidator(read_text_or_secret), _SECRET]
EmailAddress = Annotated[str, AfterValidator(_email_address)]
NetworkRange = Annotated[str, AfterValidator(_network)]
Domain = Annotated[str, AfterValidator(_domain)]
LanguageCode = Annotated[str, AfterValidator(_language)]
Helo = Annotated[str, AfterValidator(_helo)]
