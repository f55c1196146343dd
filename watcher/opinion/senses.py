"""What topics mean, as vectors: of the texts that say it, and of what users marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from watcher.match.meaning import Matrix, Sense, Vector, is_same_subject, learn
from watcher.model.topic import Topic
from watcher.opinion.encoder_worker import DIMENSIONS
from watcher.opinion.texts import MarkedText, other_subjects, texts_of
from watcher.opinion.vectors import Vectors


async def sense_of(topic: Topic, marks: Sequence[MarkedText], vectors: Vectors, least: int) -> Sense | None:
    """The sense of a topic; None when it says nothing of itself, or the encoder does not work. Raises `StoreError`."""
    texts, others = texts_of(topic), other_subjects(topic)
    if not texts.relevant:
        return None
    of_others = (text for subject in others for text in subject)
    found = await vectors.of([*texts.relevant, *texts.irrelevant, *of_others, *(mark.text for mark in marks)])
    relevant = _matrix(texts.relevant, found)
    if not len(relevant):
        return None
    irrelevant = _rows(texts.irrelevant, found)
    for subject in others:
        rows = _rows(subject, found)
        if rows and (topic.packs or not is_same_subject(relevant, _stacked(rows))):
            irrelevant += rows
    usable = [mark for mark in marks if mark.text in found]
    learned = learn(_matrix([mark.text for mark in usable], found), [mark.is_relevant for mark in usable])
    return Sense(relevant, _stacked(irrelevant), least, learned)


def _matrix(texts: Iterable[str], vectors: Mapping[str, Vector]) -> Matrix:
    return _stacked(_rows(texts, vectors))


def _rows(texts: Iterable[str], vectors: Mapping[str, Vector]) -> list[Vector]:
    return [vectors[text] for text in texts if text in vectors]


def _stacked(rows: Sequence[Vector]) -> Matrix:
    return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)
