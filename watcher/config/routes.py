"""The section `route`: the tree with inheritance applied, as in Alertmanager."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, replace

from watcher.config.did_you_mean import did_you_mean
from watcher.config.matchers import MatcherProblem, read_matcher
from watcher.config.reader import Reader
from watcher.config.schema import BudgetShape, DigestShape, HoldShape, RouteShape
from watcher.config.source_map import place_inside, segments
from watcher.config.yaml_tree import Scalar, Where, find
from watcher.lazy_dataclass import dataclass
from watcher.model.route import OWN_LABELS, Budget, DigestTiming, GroupTiming, Hold, Matcher, Route, Timing
from watcher.model.topic import Level


@dataclass(frozen=True, slots=True)
class Names:
    """The names that matchers and routes may use."""

    receivers: Collection[str]
    topics: Collection[str]
    feed_labels: Collection[str]


_NOT_AT_THE_ROOT = ("matchers", "continue")


@dataclass(frozen=True, slots=True)
class _Inherited:
    receiver: str = ""
    timing: Timing = field(default_factory=GroupTiming)
    group_by: tuple[str, ...] | None = None


def read_route(reader: Reader, names: Names) -> Route | None:
    """The root of the tree; None without a section `route`. Problems are reported to the reader."""
    if not reader.given(("route",)):
        return None
    for key in _NOT_AT_THE_ROOT:
        if reader.has(("route", key)):
            reader.problem(
                ("route", key), "the first route takes every alert; put this into one of its routes", at_key=True
            )
    return _node(reader, names, ("route",), _Inherited(), "")


def _node(reader: Reader, names: Names, where: Where, above: _Inherited, path: str) -> Route | None:
    shape = reader.shape(RouteShape, where, but=() if path else _NOT_AT_THE_ROOT)
    if shape is None:
        return None
    here = _Inherited(
        receiver=_receiver(reader, names, where, shape, above),
        timing=_timing(reader, where, shape, above.timing),
        group_by=_group_by(reader, names, where, shape, above),
    )
    children = [
        _node(reader, names, (*where, "routes", index), here, f"{path}/{index}")
        for index in reader.items((*where, "routes"))
    ]
    default_groups = () if isinstance(here.timing, DigestTiming) else ("topic",)
    return Route(
        path=path or "/",
        receiver=here.receiver,
        timing=here.timing,
        group_by=default_groups if here.group_by is None else here.group_by,
        matchers=tuple(_matchers(reader, names, where, shape)),
        continues=shape.continues,
        hold=_hold(shape.hold),
        budget=_budget(shape.budget),
        routes=tuple(child for child in children if child is not None),
    )


def _receiver(reader: Reader, names: Names, where: Where, shape: RouteShape, above: _Inherited) -> str:
    name = shape.receiver or above.receiver
    if not name and not reader.has((*where, "receiver")):
        reader.problem((*where, "receiver"), "is missing")
    elif shape.receiver and shape.receiver not in names.receivers:
        hint = did_you_mean(shape.receiver, names.receivers) or "; define it under receivers"
        reader.problem((*where, "receiver"), f'there is no receiver "{shape.receiver}"{hint}')
    return name


def _timing(reader: Reader, where: Where, shape: RouteShape, above: Timing) -> Timing:
    """The mode of the node. Setting one mode clears the other; `group_wait` alone keeps `group_interval` and vice
    versa.
    """
    prompt = shape.group_wait is not None or shape.group_interval is not None
    if prompt and reader.given((*where, "digest")):
        reader.problem(
            (*where, "digest"), "a route sends a digest or after group_wait, not both; remove one", at_key=True
        )
    if shape.digest:
        if shape.digest.empty and shape.digest.min > 1:
            reader.problem(
                (*where, "digest", "empty"),
                f"a digest that is sent even when empty cannot wait for {shape.digest.min} alerts; remove min or empty",
                at_key=True,
            )
        return _digest(shape.digest)
    if not prompt:
        return above
    base = above if isinstance(above, GroupTiming) else GroupTiming()
    wait = base.wait if shape.group_wait is None else shape.group_wait
    interval = base.interval if shape.group_interval is None else shape.group_interval
    return replace(base, wait=wait, interval=interval)


def _digest(shape: DigestShape) -> DigestTiming:
    return DigestTiming(
        at=tuple(sorted(set(shape.at))),
        zone=shape.zone,
        days=tuple(dict.fromkeys(shape.days)),
        min=shape.min,
        empty=shape.empty,
        rank=shape.rank,
        except_on=frozenset(shape.except_on),
    )


def _hold(shape: HoldShape | None) -> Hold | None:
    if shape is None:
        return None
    days, except_on = tuple(dict.fromkeys(shape.days)), frozenset(shape.except_on)
    return Hold(shape.between, shape.zone, shape.break_through, days, except_on)


def _budget(shape: BudgetShape | None) -> Budget | None:
    return Budget(shape.max, shape.per) if shape else None


def _group_by(
    reader: Reader, names: Names, where: Where, shape: RouteShape, above: _Inherited
) -> tuple[str, ...] | None:
    if shape.group_by is None:
        return above.group_by
    for index, label in enumerate(shape.group_by):
        _warn_of_label(reader, names, (*where, "group_by", index), label)
    return tuple(dict.fromkeys(shape.group_by))


def _matchers(reader: Reader, names: Names, where: Where, shape: RouteShape) -> list[Matcher]:
    matchers: list[Matcher] = []
    for index, text in enumerate(shape.matchers):
        at = (*where, "matchers", index)
        matcher = read_matcher(text)
        if isinstance(matcher, MatcherProblem):
            node = find(reader.root, at)[0]
            places = segments(reader.text_of(node), node, "") if isinstance(node, Scalar) else {}
            reader.problem(at, matcher.message, position=place_inside(places, "", matcher.column))
            continue
        _check_names(reader, names, at, matcher)
        matchers.append(matcher)
    return matchers


def _check_names(reader: Reader, names: Names, at: Where, matcher: Matcher) -> None:
    _warn_of_label(reader, names, at, matcher.label)
    if matcher.operator not in ("=", "!="):
        return
    if matcher.label == "level" and matcher.value not in (Level.MENTION, Level.FOCUS):
        reader.problem(at, f'"{matcher.value}" is not a level; write "mention" or "focus"')
    if matcher.label == "topic" and matcher.value not in names.topics:
        hint = did_you_mean(matcher.value, names.topics)
        reader.warn(at, f'no topic is named "{matcher.value}", so this matches {_ALWAYS[matcher.operator]}{hint}')


_ALWAYS = {"=": "never", "!=": "always"}


def _warn_of_label(reader: Reader, names: Names, at: Where, label: str) -> None:
    if label in OWN_LABELS or label in names.feed_labels:
        return
    hint = did_you_mean(label, (*OWN_LABELS, *names.feed_labels))
    reader.warn(at, f'no feed has a label "{label}", so it is always empty{hint}')
