"""From a topic's raw strings to what can be matched, or to every problem in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watcher.lazy_dataclass import dataclass
from watcher.match.expression import And, Expression, Leaf, NearPair, is_true_of_nothing, leaves
from watcher.match.query import FARTHEST_NEAR, QueryProblem, parse_query
from watcher.match.terms import TermProblem, are_plain, members, parse_member, parse_term
from watcher.model.topic import ListMember, Near, Points, Topic, TopicProblem, Vocabulary, format_points


@dataclass(frozen=True, slots=True)
class CompiledTopic:
    """A topic whose strings were all understood. Terms stay strings: the percolator indexes them itself.

    `own_require` is what the topic itself requires; `require` also what its packs do.
    """

    topic: Topic
    near: tuple[NearPair, ...] = ()
    require: Expression | None = None
    exclude: Expression | None = None
    query: Expression | None = None
    own_require: Expression | None = None

    @property
    def name(self) -> str:
        return self.topic.name

    @property
    def query_is_weighted(self) -> bool:
        """Whether the query's words score by their own weights, instead of the whole reaching focus."""
        return self.query is not None and any(leaf.weight is not None for leaf in leaves(self.query))


def compile_topics(
    topics: Sequence[Topic],
) -> tuple[tuple[CompiledTopic, ...], tuple[tuple[Topic, TopicProblem], ...]]:
    """The topics that can be matched, and every problem of the others."""
    compiled: list[CompiledTopic] = []
    problems: list[tuple[Topic, TopicProblem]] = []
    for topic in topics:
        result = compile_topic(topic)
        if isinstance(result, CompiledTopic):
            compiled.append(result)
        else:
            problems += ((topic, problem) for problem in result)
    return tuple(compiled), tuple(problems)


def compile_topic(topic: Topic) -> CompiledTopic | tuple[TopicProblem, ...]:
    """One topic, or all of its problems."""
    problems = [*_problems_of_vocabulary(topic), *_problems_of_terms(topic), *_problems_of_levels(topic)]
    near = [_compile_near(near, f"near.{index}", topic, problems) for index, near in enumerate(topic.near)]
    require = _compile_query(topic.require, "require", topic, problems)
    exclude = _compile_query(topic.exclude, "exclude", topic, problems)
    query = _compile_query(topic.query, "query", topic, problems)
    own_require = require
    for text in topic.packs_require:
        of_pack = _compile_query(text, "use", topic, problems)
        require = of_pack if require is None else And((require, of_pack)) if of_pack is not None else require
    if query is not None and is_true_of_nothing(query):
        problems.append(TopicProblem("query", "is also true for texts with none of its words; add a word with AND"))
    if problems:
        return tuple(problems)
    return CompiledTopic(topic, tuple(near), require, exclude, query, own_require)


def _problems_of_vocabulary(topic: Topic) -> Iterator[TopicProblem]:
    for name, words in topic.vocabulary.items():
        for index, word in enumerate(words):
            member = word if isinstance(word, ListMember) else ListMember(word)
            if member.spellings:
                continue
            for found in members("", {**topic.vocabulary, "": (member,)}) if member.text.startswith("@") else (member,):
                parsed = found if isinstance(found, TermProblem) else parse_member(found)
                if isinstance(parsed, TermProblem):
                    message = f'"{member.text}" {parsed.message}'
                    yield TopicProblem(f"vocabulary.{name}.{index}", message, parsed.column)
                    break


def _problems_of_terms(topic: Topic) -> Iterator[TopicProblem]:
    if are_plain([term.text for term in topic.terms]):
        return
    before: dict[Points, int] = {}
    for term in topic.terms:
        index = before.get(term.weight, 0)
        before[term.weight] = index + 1
        parsed = parse_term(term.text, topic.vocabulary)
        if isinstance(parsed, TermProblem):
            path = f"terms.{format_points(term.weight)}.{index}"
            yield TopicProblem(path, f'"{term.text}" {parsed.message}', parsed.column)


def _problems_of_levels(topic: Topic) -> Iterator[TopicProblem]:
    if not (topic.terms or topic.near or topic.query):
        yield TopicProblem("terms", "looks for nothing; write terms, near or query")
    if topic.focus <= 0:
        yield TopicProblem("focus", "must be more than 0 points")


def _compile_near(near: Near, path: str, topic: Topic, problems: list[TopicProblem]) -> NearPair:
    if not 1 <= near.within <= FARTHEST_NEAR:
        problems.append(TopicProblem(f"{path}.within", f"must be between 1 and {FARTHEST_NEAR} words"))
    sides = {"any": near.any, "of": near.of, "also": near.also}
    for side, texts in sides.items():
        if not texts and side != "also":
            problems.append(TopicProblem(f"{path}.{side}", "is empty; write at least one term"))
    left, right, also = (
        _near_leaves(texts, f"{path}.{side}", topic.vocabulary, problems) for side, texts in sides.items()
    )
    return NearPair(left, right, near.within, near.across, also)


def _near_leaves(
    texts: Sequence[str], path: str, vocabulary: Vocabulary, problems: list[TopicProblem]
) -> tuple[Leaf, ...]:
    found: list[Leaf] = []
    for index, text in enumerate(texts):
        parsed = parse_term(text, vocabulary)
        if isinstance(parsed, TermProblem):
            problems.append(TopicProblem(f"{path}.{index}", f'"{text}" {parsed.message}', parsed.column))
        else:
            found.append(Leaf(text, parsed))
    return tuple(found)


def _compile_query(text: str | None, path: str, topic: Topic, problems: list[TopicProblem]) -> Expression | None:
    if text is None:
        return None
    parsed = parse_query(text, topic.vocabulary, weights=path == "query")
    if isinstance(parsed, QueryProblem):
        problems.append(TopicProblem(path, parsed.message, parsed.column))
        return None
    return parsed
