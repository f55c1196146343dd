"""People's own templates: found in a folder, rendered in a child process that can be killed. Does I/O.

    templates/subject.txt.j2   templates/message.txt.j2   templates/message.html.j2   templates/payload.json.j2

each also under `templates/RECEIVER/`, which goes first. A template that fails costs no alert: the caller uses our own
instead and says so in the message.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

PARTS = ("subject.txt.j2", "message.txt.j2", "message.html.j2", "payload.json.j2")
DEADLINE = timedelta(seconds=5)

_CHILD = Path(__file__).with_name("template_child.py")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came of the templates of a receiver. `texts` by part; `problems` are sentences for a person."""

    texts: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserTemplates:
    """The folder of a configuration; one that does not exist has no templates."""

    folder: Path

    def render(self, receiver: str, values: Mapping[str, object]) -> Rendered:
        """Every part that the receiver has a template for. Blocks for up to five seconds: call it in a thread."""
        files = {part: file for part in PARTS if (file := self._file(receiver, part)) is not None}
        if not files:
            return Rendered()
        jobs = [
            {"name": part, "source": file.read_text(encoding="utf-8"), "html": ".html." in part}
            for part, file in files.items()
        ]
        answers = _run(json.dumps({"values": values, "parts": jobs}))
        problems = [_problem(files[part], answers.get(part, {})) for part in files]
        texts = {part: answer["text"] for part, answer in answers.items() if "text" in answer}
        return Rendered(texts, tuple(filter(None, problems)))

    def _file(self, receiver: str, part: str) -> Path | None:
        """Never outside the folder, whatever a receiver is called."""
        folders = (self.folder / receiver, self.folder) if _is_plain(receiver) else (self.folder,)
        return next((folder / part for folder in folders if (folder / part).is_file()), None)


def _is_plain(name: str) -> bool:
    return Path(name).parts == (name,) and name not in {".", ".."}


def _problem(file: Path, answer: Mapping[str, str]) -> str:
    if "text" in answer:
        return ""
    return f"the template {file.name} failed ({answer.get('error', 'it took too long')}): correct it; our own was used"


def _run(job: str) -> dict[str, dict[str, str]]:
    """One line of answer for each part that was finished before the process ended, of itself or by our hand."""
    try:
        ended = subprocess.run(
            [sys.executable, "-I", str(_CHILD)],
            input=job.encode(),
            capture_output=True,
            timeout=DEADLINE.total_seconds(),
            check=False,
            env={},
        )
        output = ended.stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    answers = [json.loads(line) for line in output.splitlines() if line.endswith(b"}")]
    return {answer.pop("name"): answer for answer in answers}
