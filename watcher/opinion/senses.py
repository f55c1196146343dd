"""What topics mean, as vectors: of the texts that say it, of their packs' labelled entries, of what users marked."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from watcher.match.meaning import Learned, Matrix, PackRegression, Sense, Vector, is_same_subject, learn
from watcher.model.topic import Level, Topic
from watcher.opinion.encoder_worker import DIMENSIONS
from watcher.opinion.texts import MarkedText, other_subjects, texts_of
from watcher.opinion.vectors import Vectors, encoder_version

LEARNED = Path(__file__).parent.parent / "library" / "learned"
"""A file for each pack that has a regression: JSON, its weights in base64 of 16-bit floats; by `make learned`."""


async def sense_of(topic: Topic, marks: Sequence[MarkedText], vectors: Vectors, least: int) -> Sense | None:
    """The sense of a topic; None when it says nothing of itself, or the encoder does not work. Raises `StoreError`.

    Where each of its packs has a regression, the topic's own examples count as marks.
    """
    packs = [pack_regression(name) for name in topic.packs]
    known = tuple(pack for pack in packs if pack is not None)
    if not known or len(known) < len(packs):
        return await _sense_by_examples(topic, marks, vectors, least)
    own = [MarkedText(one.text, one.level is not Level.NONE) for one in topic.examples]
    nothing = _stacked(())
    return Sense(nothing, nothing, least, await _learned([*own, *marks], vectors, known), known)


@lru_cache(maxsize=64)
def pack_regression(name: str) -> PackRegression | None:
    """The regression of a pack; None where there is none, or where it was made with another version of the encoder."""
    try:
        document = json.loads((LEARNED / f"{name}.json").read_bytes())
    except FileNotFoundError:
        return None
    if document["encoder"] != encoder_version():
        return None
    weights = np.frombuffer(b64decode(document["weights"]), dtype="<f2").astype(np.float64)
    return PackRegression(weights, document["relevant"], document["irrelevant"])


def as_document(regression: PackRegression, source: str) -> dict[str, Any]:
    """A regression as JSON values, with the digest of what it was made from."""
    return {
        "encoder": encoder_version(),
        "source": source,
        "relevant": regression.relevant,
        "irrelevant": regression.irrelevant,
        "weights": b64encode(regression.weights.astype("<f2").tobytes()).decode(),
    }


async def _sense_by_examples(topic: Topic, marks: Sequence[MarkedText], vectors: Vectors, least: int) -> Sense | None:
    texts, others = texts_of(topic), other_subjects(topic)
    if not texts.relevant:
        return None
    of_others = (text for subject in others for text in subject)
    found = await vectors.of([*texts.relevant, *texts.irrelevant, *of_others])
    relevant = _matrix(texts.relevant, found)
    if not len(relevant):
        return None
    irrelevant = _rows(texts.irrelevant, found)
    for subject in others:
        rows = _rows(subject, found)
        if rows and (topic.packs or not is_same_subject(relevant, _stacked(rows))):
            irrelevant += rows
    return Sense(relevant, _stacked(irrelevant), least, await _learned(marks, vectors))


async def _learned(
    marks: Sequence[MarkedText], vectors: Vectors, packs: tuple[PackRegression, ...] = ()
) -> Learned | None:
    found = await vectors.of(mark.text for mark in marks)
    usable = [mark for mark in marks if mark.text in found]
    return learn(_matrix([mark.text for mark in usable], found), [mark.is_relevant for mark in usable], packs)


def _matrix(texts: Iterable[str], vectors: Mapping[str, Vector]) -> Matrix:
    return _stacked(_rows(texts, vectors))


def _rows(texts: Iterable[str], vectors: Mapping[str, Vector]) -> list[Vector]:
    return [vectors[text] for text in texts if text in vectors]


def _stacked(rows: Sequence[Vector]) -> Matrix:
    return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)
