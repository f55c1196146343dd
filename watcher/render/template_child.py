"""Renders one user's templates in a child process, as a worker of the sandbox.

A job is one JSON object: `values`, and `parts` as a list of `{name, source, html}`. Each part is answered as soon as it
is done, with JSON: `{name, text}` or `{name, error}`.

The Jinja sandbox keeps templates from Python's insides, but not from `9**9999999` or `'a' * 10**10`: the limits
on CPU time and memory do that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from watcher.sandbox.child import serve

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


def answer(_head: bytes, job: bytes) -> Iterator[bytes]:
    """Renders the parts of a job, and answers each as soon as it is done."""
    values_and_parts = json.loads(job)
    for part in values_and_parts["parts"]:
        result = render(part["source"], values_and_parts["values"], html=part["html"])
        yield json.dumps({"name": part["name"], **result}).encode()


if __name__ == "__main__":
    serve(answer)
