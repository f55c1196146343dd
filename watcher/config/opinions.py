"""The sections about opinions beside the words of topics: meaning and second_look."""

from __future__ import annotations

from watcher.config.credentials import Credentials
from watcher.config.reader import Reader
from watcher.config.schema import MeaningShape, SecondLookShape
from watcher.config.yaml_tree import Where
from watcher.model.settings import Meaning, SecondLook
from watcher.text.addresses import web_url_problem


def read_meaning(reader: Reader) -> Meaning:
    where: Where = ("meaning",)
    shape = reader.shape(MeaningShape, where) if reader.given(where) else None
    return Meaning(**dict(shape)) if shape else Meaning()


def read_second_look(reader: Reader, credentials: Credentials) -> SecondLook | None:
    where: Where = ("second_look",)
    shape = reader.shape(SecondLookShape, where) if reader.given(where) else None
    if shape is None:
        return None
    url = credentials.secret(shape.url, (*where, "url"))
    if url.value is not None and web_url_problem(url.value):
        reader.problem((*where, "url"), "must be an address like https://api.example.org/v1/chat/completions")
    key = credentials.secret(shape.key, (*where, "key")) if shape.key else None
    return SecondLook(url, shape.model, key, shape.per_day, shape.timeout)
