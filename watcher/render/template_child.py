"""A process that renders one person's templates and may die of it. Run by file name; imports nothing of ours.

Reads one JSON object from standard input: `values`, and `parts` as a list of `{name, source, html}`. Writes one line
of JSON for each part as soon as it is done: `{name, text}` or `{name, error}`.

The Jinja sandbox keeps templates from Python's insides, but not from `9**9999999` or `'a' * 10**10`: the limits
on CPU time and memory do that.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

CPU_SECONDS = 1
MEMORY_BYTES = 400_000_000
LARGEST_TEXT = 1_000_000


def render(source: str, values: dict[str, Any], *, html: bool) -> dict[str, str]:
    """The text, or what is wrong with the template, with its line where Jinja knows it."""
    environment = ImmutableSandboxedEnvironment(autoescape=html, undefined=StrictUndefined)
    try:
        text = environment.from_string(source).render(values)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        return {"error": f"line {line}: {error.message}" if line else str(error.message)}
    except MemoryError:
        return {"error": "it needs too much memory"}
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"text": text} if len(text) <= LARGEST_TEXT else {"error": "its output is longer than a million characters"}


def main() -> None:
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for part in job["parts"]:
        result = render(part["source"], job["values"], html=part["html"])
        print(json.dumps({"name": part["name"], **result}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
