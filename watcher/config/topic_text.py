"""A topic as it is written in the file, and reading one that a user has changed: nothing is saved."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from watcher.config.includes import include_files
from watcher.config.quantities import read_points
from watcher.config.yaml_tree import MappingNode, Node, Scalar, SequenceNode, find, plain, read_document
from watcher.errors import Position
from watcher.model.topic import Topic

_FIRST_LINE = "topics:\n"
_INDENT = "  "


def written_topics(file: Path) -> tuple[dict[str, str], str]:
    """The topics of a configuration and the files that it includes, and all vocabulary lists as JSON.

    Each topic by its name, as it is written, without the indentation of its list. Raises `OSError`.
    """
    document = read_document(file.read_bytes())
    if not isinstance(document.root, MappingNode):
        return {}, "{}"
    included = include_files(file, document.root)
    vocabulary = plain(find(included.root, ("vocabulary",))[0]) if "vocabulary" in included.root.items else {}
    topics, found = find(included.root, ("topics",))
    nodes = topics.items if found == ("topics",) and isinstance(topics, SequenceNode) else []
    starts = _starts(included.root, nodes)
    lines: dict[Path | None, list[str]] = {file: text.splitlines() for file, text in included.texts.items()}
    lines[None] = document.text.splitlines()
    texts = {}
    for node in nodes:
        name, of = find(node, ("name",))[0], node.start.file
        if isinstance(name, Scalar):
            texts[str(name.value)] = _block(lines[of], node, starts[of])
    return texts, json.dumps(vocabulary or {})


def _starts(root: MappingNode, topics: Sequence[Node]) -> Mapping[Path | None, list[int]]:
    """The lines of each file at which topics and other sections begin, in order."""
    found: dict[Path | None, list[int]] = defaultdict(list)
    for at in (*(node.start for node in topics), *(key for name, key in root.keys.items() if name != "topics")):
        found[at.file].append(at.line)
    return {file: sorted(lines) for file, lines in found.items()}


def _block(lines: Sequence[str], node: Node, starts: Sequence[int]) -> str:
    """The lines of a node, until something else begins or a line is indented less."""
    indent, following = node.start.column - 1, bisect_right(starts, node.start.line)
    end = starts[following] if following < len(starts) else len(lines) + 1
    block = [lines[node.start.line - 1][indent:]]
    for line in lines[node.start.line : end - 1]:
        if line.strip() and line[:indent].strip():
            break
        block.append(line[indent:])
    while block and not block[-1].strip():
        block.pop()
    return "\n".join(block) + "\n"


def read_definition(text: str, vocabulary: str) -> tuple[Topic | None, tuple[str, ...]]:
    """A topic from its text, and what is wrong with it, with lines of the text. `vocabulary` is JSON, which is YAML."""
    from watcher.config.reader import Reader  # pydantic, which the process of the pages does without
    from watcher.config.topics import read_topics, read_vocabulary

    indented = "".join(f"{_INDENT}{line}" for line in text.replace("\t", "    ").splitlines(keepends=True))
    whole = f"{_FIRST_LINE}- {indented.removeprefix(_INDENT)}\nvocabulary: {vocabulary}\n"
    document = read_document(whole.encode("utf-8", "replace"))
    if document.flaws or not isinstance(document.root, MappingNode):
        return None, tuple(_with_line(flaw.position, flaw.message) for flaw in document.flaws)
    reader = Reader(Path("topic"), document.text, document.root, {})
    topics = read_topics(reader, read_vocabulary(reader))
    problems = tuple(
        _with_line(problem.position, f"{problem.path.removeprefix('topics.0.')}: {problem.message}")
        for problem in reader.problems
    )
    if set(document.root.items) != {"topics", "vocabulary"} or len(topics) != 1:
        return None, problems or ("the text must be one topic, with its name first",)
    return topics[0], problems


def with_term(text: str, term: str, weight: str) -> str:
    """The text of a topic with one more term of this weight, or where `weight` is empty with one more word that its
    condition accepts. The rest stays as it is written; so does all of it where there is no place for the term.
    """
    root = _mapping(text)
    if root is None or (weight and not _is_weight(weight, weight)):
        return text
    if weight:
        changed = _with_one_more(text, root, json.dumps(term, ensure_ascii=False), weight)
    else:
        changed = _with_alternative(text, root, json.dumps(term, ensure_ascii=False) if " " in term else term)
    return changed if _mapping(changed) is not None else text


def _mapping(text: str) -> MappingNode | None:
    document = read_document(text.encode("utf-8", "replace"))
    return document.root if isinstance(document.root, MappingNode) and not document.flaws else None


def _with_one_more(text: str, root: MappingNode, term: str, weight: str) -> str:
    terms = root.items.get("terms")
    if isinstance(terms, MappingNode):
        same = next((node for key, node in terms.items.items() if _is_weight(key, weight)), None)
        if isinstance(same, SequenceNode):
            return _inserted(text, same.start, term, "- ")
        return _inserted(text, terms.start, f"{weight}: [{term}]")
    written = f"terms: {{{weight}: [{term}]}}"
    if text[_offset(text, root.start) :].startswith("{"):
        return _inserted(text, root.start, written)
    return f"{text.rstrip()}\n{written}\n"


def _is_weight(key: str, weight: str) -> bool:
    try:
        return read_points(key) == read_points(weight)
    except ValueError:
        return False


def _with_alternative(text: str, root: MappingNode, word: str) -> str:
    condition = root.items.get("require")
    if not isinstance(condition, Scalar) or not isinstance(condition.value, str):
        return text
    written = json.dumps(f"({condition.value.strip()}) OR {word}", ensure_ascii=False)
    end = "\n" if text[: condition.last].endswith("\n") else ""
    return f"{text[: condition.first]}{written}{end}{text[condition.last :]}"


def _inserted(text: str, at: Position, written: str, before: str = "") -> str:
    """The text with something put first into a list or mapping; `before` is for one that has a line for each item."""
    offset = _offset(text, at)
    if text[offset] in "[{":
        return f"{text[: offset + 1]}{written}, {text[offset + 1 :]}"
    return f"{text[:offset]}{before}{written}\n{' ' * (at.column - 1)}{text[offset:]}"


def _offset(text: str, at: Position) -> int:
    return sum(map(len, text.splitlines(keepends=True)[: at.line - 1])) + at.column - 1


def _with_line(position: Position | None, message: str) -> str:
    """A message with its line in the text that the user wrote."""
    return message if position is None else f"line {max(position.line - 1, 1)}: {message}"
