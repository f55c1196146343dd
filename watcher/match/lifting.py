"""What opinions make of a match: beside its score, and at most from none to a mention. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from watcher.model.alert import Match, Opinion, OpinionKind
from watcher.model.topic import Level

_WORTH_ASKING = 0.5
"""Of the least closeness: an entry so close, one or two in a hundred, is worth a question to a language model."""
_WORTH_ASKING_BY_PACKS = 0.9
"""Of the least probability: again about two in a hundred."""
_NEAR_MISS = 0.4
"""Of the points for focus: the same where closeness is not measured."""


def with_meaning(match: Match, opinion: Opinion) -> Match:
    """A match with what its closeness says."""
    return replace(match, opinions=(*match.opinions, opinion))


def is_worth_asking(match: Match) -> bool:
    """Whether a second look may change what is known: for mentions, and the best few per cent of the rest."""
    if match.level is not Level.NONE:
        return match.level is Level.MENTION
    values = [one.value >= _share(one) * one.least for one in match.opinions if one.least]
    return any(values) if values else match.score >= _NEAR_MISS * match.focus


def _share(opinion: Opinion) -> float:
    return _WORTH_ASKING_BY_PACKS if opinion.kind is OpinionKind.PACKS else _WORTH_ASKING


def wants_lift(match: Match) -> OpinionKind | None:
    """The opinion that would make a match without a level a mention; a second look overrules closeness.

    A mention or a focus by its words stays what it is, whatever an opinion says.
    """
    if match.level is not Level.NONE:
        return None
    looks = [one for one in match.opinions if one.kind is OpinionKind.SECOND_LOOK]
    return next((one.kind for one in looks or match.opinions if one.favours), None)


def lifted(match: Match, by: OpinionKind) -> Match:
    """The match as a mention."""
    return replace(match, level=Level.MENTION, lifted_by=by)


def best_first(matches: Iterable[tuple[str, Match]]) -> list[tuple[str, Match]]:
    """Matches by entry key in the order in which they take from a budget: the strongest opinion, then the score."""

    def strength(one: tuple[str, Match]) -> tuple[int, int, str]:
        return -max((opinion.value for opinion in one[1].opinions), default=0), -one[1].score, one[0]

    return sorted(matches, key=strength)
