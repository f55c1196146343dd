"""What a newcomer can rely on: no compiled code, few files at the top, nothing too long, and the words of the glossary."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "watcher"
SOURCES = sorted(PACKAGE.rglob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "config.yaml", *PACKAGE.rglob("*.yaml")])
TEMPLATES = sorted(PACKAGE.rglob("*.j2"))
MOST_AT_THE_TOP = 9
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_LINE = 350, 50, 120
NAMELESS = {"util", "utils", "common", "helper", "helpers", "misc"}

PRIVATE_WORDS = re.compile(
    r"\b(rooms?|houses?|cellars?|kitchens?|trips?|told|tells?|telling|untold|mend(?:s|ed|ing)?|stands? in|insist\w*|mortals?"
    r"|inflight|doubts|ailments?|complaints?|surroundings|persons|strangers?|of late|for want of|anew|twins?|hears? of"
    r"|swift|tolerant|judging|finishing|shel(?:f|ves))\b",
    re.IGNORECASE,
)
"""Words that a newcomer would have to learn; CONTRIBUTING.md has the field's own terms."""

ALLOWED_LINES = re.compile(
    r"swift\"|tolerant\""  # values of ParsedFeed.reader, promised to benchmarks
    r"|\bm\.room\.|rooms/\{|room`|\(a chat, a room\)|room (?:\(.*?\) )?of a homeserver|One room|User and room|the room\b|a room that the account",  # Matrix
    re.IGNORECASE,
)
WORD_LISTS = {"library", "samples.yaml", "capitals.py"}
"""Folders and files of terms and sample texts, which speak of anything."""


def test_there_is_no_compiled_code_but_a_helper_of_a_test() -> None:
    compiled = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.[chx]")
        if not {".venv", "build", "dist"} & set(path.relative_to(ROOT).parts)
    }
    assert compiled <= {"tests/crash/journal.c"}


def test_few_files_stand_at_the_top() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_AT_THE_TOP


def test_every_module_has_a_name_that_says_something() -> None:
    assert [path for path in SOURCES if path.stem in NAMELESS or path.parent.name in NAMELESS] == []


def too_long(path: Path) -> Iterator[str]:
    """What of a file does not fit in the head, with its place."""
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > LONGEST_FILE:
        yield f"{name}: {len(lines)} lines"
    yield from (
        f"{name}:{number}: {len(line)} columns" for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE
    )
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{name}:{node.lineno}: {node.name} has {length} lines"


def test_a_file_fits_in_the_head() -> None:
    assert [what for path in SOURCES for what in too_long(path)] == []


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of comments and strings of a Python file; all lines of another."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type in {tokenize.COMMENT, tokenize.STRING}:
            yield from enumerate(token.string.splitlines(), token.start[0])


PROSE = [path for path in (*SOURCES, *DOCUMENTS, *TEMPLATES) if not WORD_LISTS & set(path.parts)]


def test_prose_uses_the_common_word() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in PROSE
        for number, line in prose_of(path)
        if PRIVATE_WORDS.search(line) and not ALLOWED_LINES.search(line)
    ]
    assert found == []
