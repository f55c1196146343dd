"""What a newcomer can rely on: no compiled code, few files at the top, nothing too long, and the words of the glossary."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "watcher"
SOURCES = sorted(PACKAGE.rglob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "config.yaml", *PACKAGE.rglob("*.yaml")])
TEMPLATES = sorted(PACKAGE.rglob("*.j2"))
MOST_AT_THE_TOP = 8
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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_fits_in_the_head(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert len(lines) <= LONGEST_FILE
    assert [n for n, line in enumerate(lines, 1) if len(line) > LONGEST_LINE] == []
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


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


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_prose_uses_the_common_word(path: Path) -> None:
    found = [
        f"{number}: {line.strip()}"
        for number, line in prose_of(path)
        if PRIVATE_WORDS.search(line) and not ALLOWED_LINES.search(line)
    ]
    assert found == []
