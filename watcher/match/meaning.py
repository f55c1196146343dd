"""How close an entry is in meaning to what a topic's examples say. Pure: vectors of texts in, numbers out.

A vector is of length 1, so that the product of two is their cosine. The closeness of an entry is its likeness to the
examples that are relevant, less its likeness to those that are not. Likeness is the mean cosine to the three most
similar examples. The examples of other subjects count as not relevant: without them a topic with twenty examples takes
every text on politics for its own. Measured on `bench/quality/worldwide-*.jsonl` (`bench/quality/meaning.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watcher.match.evaluation import average_precision
from watcher.model.alert import Opinion, OpinionKind

Vector: TypeAlias = NDArray[np.float32]
"""512 numbers, of length 1."""
Matrix: TypeAlias = NDArray[np.float32]
"""One vector a row."""

_ALIKE = 3
"""Examples that are compared with: one alone is chance, the mean of all is close to every text."""

MARKS_NEEDED = 20
"""Of each kind, before marks say more than the examples do."""

LEAST_PROBABILITY = 60
"""In hundredths."""

_SAME_SUBJECT = 0.55
"""The cosine between the means of examples from which they are on one subject. Between a topic written in four
sentences and the subject of the library that it is on it was .57 to .71, to other subjects at most .53.
"""

_FOLDS = 5
_RIDGE = 0.3
_ROUNDS = 12
_CONSTANT = 5.0


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What a regression says of marks that it was not made from. Shares between 0 and 1."""

    precision: float
    recall: float
    average_precision: float


@dataclass(frozen=True, slots=True)
class Learned:
    """A logistic regression over vectors, from `relevant` and `irrelevant` marks."""

    weights: NDArray[np.float64]
    relevant: int
    irrelevant: int
    quality: OutOfFold

    def probability(self, vector: Vector) -> float:
        """That a user would mark the entry as relevant."""
        return float(_probabilities(_with_constant(vector[np.newaxis]), self.weights)[0])


@dataclass(frozen=True, slots=True)
class Sense:
    """What a topic means: vectors of its relevant and its irrelevant examples; `least`: the closeness of a mention,
    in hundredths.
    """

    relevant: Matrix
    irrelevant: Matrix
    least: int
    learned: Learned | None = None

    def closeness(self, vector: Vector) -> float:
        return _likeness(vector, self.relevant) - _likeness(vector, self.irrelevant)

    def opinion(self, vector: Vector) -> Opinion:
        """By the marks where there are enough, else by the examples.

        Values are rounded down, so that one which is shown as the least is enough.
        """
        if self.learned is not None:
            value = floor(100 * self.learned.probability(vector))
            return Opinion(OpinionKind.MARKS, value >= LEAST_PROBABILITY, value, LEAST_PROBABILITY)
        value = floor(100 * self.closeness(vector))
        return Opinion(OpinionKind.MEANING, value >= self.least, value, self.least)


def learn(vectors: Matrix, truths: Sequence[bool]) -> Learned | None:
    """A regression from marked entries; None while there are too few of either kind."""
    relevant = sum(truths)
    if min(relevant, len(truths) - relevant) < MARKS_NEEDED:
        return None
    features, wanted = _with_constant(vectors), np.array(truths, dtype=np.float64)
    return Learned(_fitted(features, wanted), relevant, len(truths) - relevant, _out_of_fold(features, wanted))


def is_same_subject(first: Matrix, second: Matrix) -> bool:
    """Whether two sets of examples are on one subject: a topic of one's own may be on a subject of the library."""
    centres = [examples.mean(axis=0) for examples in (first, second)]
    return bool(centres[0] @ centres[1] >= _SAME_SUBJECT * np.linalg.norm(centres[0]) * np.linalg.norm(centres[1]))


def _likeness(vector: Vector, examples: Matrix) -> float:
    if not len(examples):
        return 0.0
    similarities = np.sort(examples @ vector)
    return float(similarities[-_ALIKE:].mean())


def _with_constant(vectors: Matrix) -> NDArray[np.float64]:
    """The vectors with a constant beside them, so large that its weight is hardly held down by the ridge."""
    return np.hstack([vectors.astype(np.float64), np.full((len(vectors), 1), _CONSTANT)])


def _probabilities(features: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    linear: NDArray[np.float64] = np.clip(features @ weights, -30, 30)
    return np.asarray(1 / (1 + np.exp(-linear)))


def _fitted(features: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ridge-regularised maximum likelihood by Newton's method; both kinds of marks weigh the same together.

    The weights are a sum of the marks, so that a round costs by the number of marks, of which there are fewer than
    dimensions (Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, §18.3.5).
    """
    relevant = wanted.sum()
    balance = np.where(wanted > 0, len(wanted) / (2 * relevant), len(wanted) / (2 * (len(wanted) - relevant)))
    products = features @ features.T
    shares = np.zeros(len(wanted))
    for _ in range(_ROUNDS):
        linear = products @ shares
        found = np.clip(1 / (1 + np.exp(-np.clip(linear, -30, 30))), 1e-6, 1 - 1e-6)
        curvature = balance * found * (1 - found)
        target = linear + balance * (wanted - found) / curvature
        shares = np.linalg.solve(products + np.diag(_RIDGE / curvature), target)
    return np.asarray(features.T @ shares)


def _out_of_fold(features: NDArray[np.float64], wanted: NDArray[np.float64]) -> OutOfFold:
    """Each fold has its share of both kinds, in the order of the marks."""
    order = np.concatenate([np.flatnonzero(wanted > 0), np.flatnonzero(wanted == 0)])
    fold = np.empty(len(wanted), dtype=int)
    fold[order] = np.arange(len(wanted)) % _FOLDS
    found = np.empty(len(wanted))
    for number in range(_FOLDS):
        outside = fold != number
        found[~outside] = _probabilities(features[~outside], _fitted(features[outside], wanted[outside]))
    chosen = found >= LEAST_PROBABILITY / 100
    right = float((chosen & (wanted > 0)).sum())
    ranking = list(zip(found.tolist(), (wanted > 0).tolist(), strict=True))
    precision = right / float(chosen.sum()) if chosen.any() else 0.0
    return OutOfFold(precision, right / float(wanted.sum()), average_precision(ranking))
