"""YAML syntax errors in words that name the remedy. Pure."""

from __future__ import annotations

import re

import yaml

from watcher.errors import Position

_TEXT_AFTER_QUOTE = re.compile(r"""(?:^|[:\-,\[{])\s*(?:"[^"]*"|'[^']*')\s*[^\s,\]}:#]""")


def explain_syntax(error: yaml.YAMLError, text: str) -> tuple[Position | None, str]:
    """Where the error is and a message with the remedy."""
    if isinstance(error, yaml.reader.ReaderError):
        return _of_index(text, error.position), "a control character, which YAML does not allow; remove it"
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return None, f"not YAML: {error}"
    lines = text.splitlines() or [""]
    line = lines[min(mark.line, len(lines) - 1)]
    problem = str(getattr(error, "problem", None) or error)
    return Position(mark.line + 1, mark.column + 1), _explain(
        problem, str(getattr(error, "context", "")), line, mark.column
    )


def _explain(problem: str, context: str, line: str, column: int) -> str:
    """The first explanation that fits, else YAML's own words."""
    before = line[:column]
    explanations = (
        ("cannot start any token" in problem, _bad_start(line[column:])),
        ("mapping values are not allowed" in problem, _SECOND_COLON),
        ("alias" in context or "scanning an anchor" in context, _SPECIAL_START),
        ("unknown escape" in problem, _BACKSLASH),
        ("end of stream" in problem and "quoted" in context, "a quotation mark opens here and is never closed"),
        (_TEXT_AFTER_QUOTE.search(line[: column + 1]) is not None, _AFTER_QUOTE),
        ("',' or" in problem and re.search(r"[\[{,]\s*[*&][^,\]}]*$", before) is not None, _SPECIAL_START),
        ("',' or" in problem and line[column : column + 1] == ":", _SECOND_COLON),
        ("',' or" in problem, f"{problem}: {_BRACKETS}"),
        ("did not find expected" in problem, f"{problem}: {_INDENTATION}"),
    )
    return next((explanation for fits, explanation in explanations if fits), problem)


_SECOND_COLON = 'a second ": " in one value, or a line indented too far; if the colon belongs to the text, quote it'
_SPECIAL_START = "a text that begins with * or & has a meaning of its own in YAML: quote it"
_BACKSLASH = "a backslash in double quotes begins an escape: quote it with single quotes, or double the backslash"
_AFTER_QUOTE = (
    "text goes on after a closing quotation mark: quote it as a whole, with the other kind of quotes around it"
)
_BRACKETS = (
    "a comma or closing bracket is missing before this place, "
    "or a text has a bracket, a brace or a colon in it: quote it"
)
_INDENTATION = "the indentation of this line or the one above does not fit, or a text has to be quoted: quote it"


def _bad_start(rest: str) -> str:
    if rest.startswith("\t"):
        return "a tab; YAML is indented with spaces"
    word = re.split(r"[,\]}\s]", rest, maxsplit=1)[0]
    return f'a text cannot begin with {rest[:1]} in YAML: quote it: "{word}"'


def _of_index(text: str, index: int) -> Position:
    return Position(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
