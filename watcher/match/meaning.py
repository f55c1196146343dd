"""How close an entry is in meaning to what a topic's examples say. Pure: vectors of texts in, numbers out.

A vector is of length 1, so that the product of two is their cosine. The closeness of an entry is its likeness to the
examples that are relevant, less its likeness to those that are not. Likeness is the mean cosine to the three most
similar examples. The examples of other subjects count as not relevant: without them a topic with twenty examples takes
every text on politics for its own.

Where hundreds of entries are labelled, a logistic regression over their vectors errs less than closeness does. Packs
come with its weights (`bench/quality/learned.py` makes and measures them), and marks of users are learned on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watcher.lazy_dataclass import dataclass
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
"""In hundredths, by marks of users."""

LEAST_BY_PACKS = 95
"""In hundredths. From here on the precision of the words is kept on entries that were not learned from."""

_SAME_SUBJECT = 0.55
"""The cosine between the means of examples from which they are on one subject. Between a topic written in four
sentences and the subject of the library that it is on it was .57 to .71, to other subjects at most .53.
"""

_FOLDS = 5
_RIDGE = 0.3
_RIDGE_OF_PACKS = 0.1
"""Of over a thousand labelled entries, which hold the weights down by themselves."""
_ROUNDS = 12
_CONSTANT = 5.0


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What a regression says of marks that it was not made from. Shares between 0 and 1."""

    precision: float
    recall: float
    average_precision: float


@dataclass(frozen=True, slots=True)
class PackRegression:
    """A logistic regression over vectors, from `relevant` and `irrelevant` labelled entries of a pack's subject.

    The last of the weights is that of the constant.
    """

    weights: NDArray[np.float64]
    relevant: int
    irrelevant: int


@dataclass(frozen=True, slots=True)
class Learned:
    """A logistic regression over vectors, from `relevant` and `irrelevant` marks, on top of those of packs."""

    weights: NDArray[np.float64]
    relevant: int
    irrelevant: int
    quality: OutOfFold
    packs: tuple[PackRegression, ...] = ()

    def probability(self, vector: Vector) -> float:
        """That a user would mark the entry as relevant."""
        features = _with_constant(vector[np.newaxis])
        return float(_probabilities(features @ self.weights + _by_packs(features, self.packs))[0])


@dataclass(frozen=True, slots=True)
class Sense:
    """What a topic means: vectors of its relevant and its irrelevant examples; `least`: the closeness of a mention,
    in hundredths. Neither counts where there are `packs`.
    """

    relevant: Matrix
    irrelevant: Matrix
    least: int
    learned: Learned | None = None
    packs: tuple[PackRegression, ...] = ()

    def closeness(self, vector: Vector) -> float:
        return _likeness(vector, self.relevant) - _likeness(vector, self.irrelevant)

    def opinion(self, vector: Vector) -> Opinion:
        """By the marks where there are enough, else by the packs, else by the examples.

        Values are rounded down, so that one which is shown as the least is enough.
        """
        if self.learned is not None:
            value = floor(100 * self.learned.probability(vector))
            return Opinion(OpinionKind.MARKS, value >= LEAST_PROBABILITY, value, LEAST_PROBABILITY)
        if self.packs:
            linear = _by_packs(_with_constant(vector[np.newaxis]), self.packs)
            value = floor(100 * float(_probabilities(linear)[0]))
            return Opinion(OpinionKind.PACKS, value >= LEAST_BY_PACKS, value, LEAST_BY_PACKS)
        value = floor(100 * self.closeness(vector))
        return Opinion(OpinionKind.MEANING, value >= self.least, value, self.least)


def learn(vectors: Matrix, truths: Sequence[bool], packs: tuple[PackRegression, ...] = ()) -> Learned | None:
    """A regression from marked entries, on top of what packs say; None while there are too few of either kind."""
    relevant = sum(truths)
    if min(relevant, len(truths) - relevant) < MARKS_NEEDED:
        return None
    features, wanted = _with_constant(vectors), np.array(truths, dtype=np.float64)
    known = _by_packs(features, packs)
    quality = _out_of_fold(features, wanted, known)
    return Learned(_fitted(features, wanted, known, _RIDGE), relevant, len(truths) - relevant, quality, packs)


def learn_pack(vectors: Matrix, truths: Sequence[bool]) -> PackRegression:
    """A regression from the labelled entries of a pack's subject, of both kinds."""
    features, wanted = _with_constant(vectors), np.array(truths, dtype=np.float64)
    weights = _fitted(features, wanted, np.zeros(len(wanted)), _RIDGE_OF_PACKS)
    return PackRegression(weights, sum(truths), len(truths) - sum(truths))


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


def _by_packs(features: NDArray[np.float64], packs: Sequence[PackRegression]) -> NDArray[np.float64]:
    """Log-odds by the pack that speaks most for an entry; 0 without packs."""
    if not packs:
        return np.zeros(len(features))
    return np.asarray(np.max([features @ pack.weights for pack in packs], axis=0))


def _probabilities(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))))


def _fitted(
    features: NDArray[np.float64], wanted: NDArray[np.float64], known: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Ridge-regularised maximum likelihood by Newton's method; both kinds of marks weigh the same together.

    `known`: log-odds to which the weights add. With few marks the ridge keeps the weights near 0.
    The weights are a sum of the marks, so that a round costs by the number of marks, of which there are fewer than
    dimensions (Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, §18.3.5).
    """
    relevant = wanted.sum()
    balance = np.where(wanted > 0, len(wanted) / (2 * relevant), len(wanted) / (2 * (len(wanted) - relevant)))
    products = features @ features.T
    shares = np.zeros(len(wanted))
    for _ in range(_ROUNDS):
        linear = products @ shares
        found = np.clip(_probabilities(known + linear), 1e-6, 1 - 1e-6)
        curvature = balance * found * (1 - found)
        target = linear + balance * (wanted - found) / curvature
        shares = np.linalg.solve(products + np.diag(ridge / curvature), target)
    return np.asarray(features.T @ shares)


def _out_of_fold(features: NDArray[np.float64], wanted: NDArray[np.float64], known: NDArray[np.float64]) -> OutOfFold:
    """Each fold has its share of both kinds, in the order of the marks."""
    order = np.concatenate([np.flatnonzero(wanted > 0), np.flatnonzero(wanted == 0)])
    fold = np.empty(len(wanted), dtype=int)
    fold[order] = np.arange(len(wanted)) % _FOLDS
    found = np.empty(len(wanted))
    for number in range(_FOLDS):
        outside = fold != number
        weights = _fitted(features[outside], wanted[outside], known[outside], _RIDGE)
        found[~outside] = _probabilities(known[~outside] + features[~outside] @ weights)
    chosen = found >= LEAST_PROBABILITY / 100
    right = float((chosen & (wanted > 0)).sum())
    ranking = list(zip(found.tolist(), (wanted > 0).tolist(), strict=True))
    precision = right / float(chosen.sum()) if chosen.any() else 0.0
    return OutOfFold(precision, right / float(wanted.sum()), average_precision(ranking))
