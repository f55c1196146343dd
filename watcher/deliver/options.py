"""The types of the options of channels: how each is written in YAML, and what its value must be.

The options of a channel kind are a dataclass with fields of these types. The configuration reads them with pydantic and
passes an `OptionReader` as the validation context; code that builds options directly passes plain values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Protocol, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo

from watcher.model.route import OwnTemplate
from watcher.model.secret import Secret, reveal
from watcher.text.addresses import email_problem, web_url_problem

METHODS = ("POST", "PUT", "PATCH")

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110 section 5.6.2."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


class OptionReader(Protocol):
    """Resolves what an option may name instead of holding it. Both raise `ValueError` for what is written wrongly."""

    def secret(self, written: object, option: str) -> Secret:
        """A text, or `{env: NAME}`, `{file: PATH}`, `{credential: NAME}`. Without value where that is missing."""
        ...

    def template(self, text: str, option: str) -> OwnTemplate:
        """A template, or the path of one."""
        ...


def _reader(info: ValidationInfo) -> OptionReader:
    return cast(OptionReader, info.context)


def host_of(address: str | Secret | None) -> tuple[str, ...]:
    """The host of a web address, for lists: the rest of it may be a secret. None where the address is not known."""
    if address is None or (isinstance(address, Secret) and address.value is None):
        return ()
    host = urlsplit(reveal(address)).hostname
    return (host,) if host else ()


def _secret(written: object, info: ValidationInfo) -> Secret:
    return _reader(info).secret(written, info.field_name or "")


def _token(written: object, info: ValidationInfo) -> Secret:
    """A secret that has no blanks at its ends; they come along when it is pasted, and would break a header."""
    secret = _secret(written, info)
    return replace(secret, value=secret.value.strip()) if secret.value and secret.value.strip() else secret


def _web_address(secret: Secret) -> Secret:
    problem = web_url_problem(secret.value) if secret.value is not None else None
    if problem:
        raise ValueError(problem)
    return secret


def _text(written: object) -> str:
    if not isinstance(written, str):
        raise ValueError(not_text(written))
    if not written.strip():
        raise ValueError("must not be empty")
    return written


def not_text(value: object) -> str:
    """Why a value of YAML is no text, with the remedy."""
    if value is None:
        return "is empty, but must be text; if it begins with # or &, quote it"
    if isinstance(value, bool | int | float):
        return f"must be text, not a {'truth value' if isinstance(value, bool) else 'number'}: quote it"
    return "must be text; if it begins with [ or {, or has a colon, quote it"


def _line(text: str) -> str:
    if _CONTROLS.search(text):
        raise ValueError("must be one line of plain text")
    return text


def _template(written: object, info: ValidationInfo) -> OwnTemplate:
    return _reader(info).template(_text(written), info.field_name or "")


def _listed(written: object) -> tuple[object, ...]:
    """A list as a tuple; `{env: NAME}` alone is a list of one."""
    if isinstance(written, dict):
        return (written,)
    if not isinstance(written, list):
        raise ValueError("must be a list, like [one, two]")
    if not written:
        raise ValueError("must not be empty")
    return tuple(written)


def _public(written: object, info: ValidationInfo) -> tuple[str, bool]:
    """A text that is no secret but may come from the environment, and whether it is known: where nothing is sent it may
    be missing. Blanks at its ends, which come along when it is pasted, are no part of it.
    """
    if not isinstance(written, dict):
        return _line(_text(written).strip()), True
    secret = _secret(written, info)
    if secret.value is None:
        return f"({secret.origin})", False
    return _line(_text(secret.value.strip())), True


def _mail_address(written: object, info: ValidationInfo) -> str:
    address, is_known = _public(written, info)
    problem = email_problem(address) if is_known else None
    if problem:
        raise ValueError(problem)
    return address


def _name(written: object, info: ValidationInfo) -> str:
    return _public(written, info)[0]


def _header_name(name: object) -> str:
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        raise ValueError(f'"{name}" is not the name of a header; use letters, digits and hyphens')
    return name


def _mapping(written: object) -> object:
    if not isinstance(written, dict):
        raise ValueError("must be a mapping, like {X-Name: value}")
    return written


def _switch(written: object) -> bool:
    if not isinstance(written, bool):
        raise ValueError("must be true or false (YAML 1.2 knows no yes, no, on and off)")
    return written


def _method(written: object) -> str:
    method = _text(written).upper()
    if method not in METHODS:
        raise ValueError(f"must be one of {', '.join(METHODS)}")
    return method


SecretText = Annotated[str | Secret, PlainValidator(_secret)]
"""A text that is never printed; may be `{env: NAME}`, `{file: PATH}` or `{credential: NAME}`."""
Token = Annotated[str | Secret, PlainValidator(_token)]
"""The same without blanks at its ends."""
WebAddress = Annotated[str | Secret, PlainValidator(_token), AfterValidator(_web_address)]
"""An http(s) URL, which is a secret."""
Line = Annotated[str, PlainValidator(_text), AfterValidator(_line)]
"""One line of text."""
Name = Annotated[str, PlainValidator(_name)]
"""One line that names a chat or an account; may be `{env: NAME}`, although it is no secret."""
Switch = Annotated[bool, PlainValidator(_switch)]
Template = Annotated[OwnTemplate, PlainValidator(_template)]
MailAddresses = Annotated[tuple[Annotated[str, PlainValidator(_mail_address)], ...], BeforeValidator(_listed)]
"""A list of addresses, at least one; each may be `{env: NAME}`."""
HeaderName = Annotated[str, PlainValidator(_header_name)]
SecretHeaders = Annotated[Mapping[HeaderName, SecretText], BeforeValidator(_mapping)]
"""HTTP headers, whose values may be secrets."""
PlainHeaders = Annotated[Mapping[HeaderName, Line], BeforeValidator(_mapping)]
"""Headers of an e-mail."""
Method = Annotated[str, PlainValidator(_method)]
"""The method of an HTTP request with a body."""
