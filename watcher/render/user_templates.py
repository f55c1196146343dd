"""The user's templates: found in a folder, rendered in a child process that can be killed. Does I/O.

    templates/subject.txt.j2   templates/message.txt.j2   templates/message.html.j2   templates/payload.json.j2

each also under `templates/RECEIVER/`, which goes first; the JSON of a webhook that names a template of its own is made
by that one. A template that fails costs no alert: the caller uses the built-in one instead and says so in the message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import timedelta
from pathlib import Path

from watcher.lazy_dataclass import dataclass
from watcher.model.route import ChannelRef, OwnTemplate
from watcher.model.settings import Settings
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job_blocking

PAYLOAD = "payload.json.j2"
PARTS = ("subject.txt.j2", "message.txt.j2", "message.html.j2", PAYLOAD)
DEADLINE = timedelta(seconds=5)

_LIMITS = Limits(memory_bytes=400_000_000, cpu_seconds=1)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came of the templates of a channel. `texts` and `names` by part; `problems` are sentences for the
    operator.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that is there, but cannot be read; `problem` is a sentence for the operator."""

    problem: str


@dataclass(frozen=True, slots=True)
class UserTemplates:
    """The folder of a configuration, which need not exist, and what webhooks name by themselves.

    `deadline` is for one message; a template that computes for longer than a second ends before it.
    """

    folder: Path
    payloads: Mapping[ChannelRef, OwnTemplate] = field(default_factory=dict)
    deadline: timedelta = DEADLINE

    def has_any(self, channel: ChannelRef) -> bool:
        """Whether any part of the channel's messages has a template."""
        return bool(self._of(channel))

    def render(self, channel: ChannelRef, values: Mapping[str, object]) -> Rendered:
        """Every part that the channel has a template for. Blocks for up to the deadline: call it in a thread."""
        return self._rendered(self._of(channel), values)

    def render_payload(self, channel: ChannelRef, values: Mapping[str, object]) -> Rendered:
        """The JSON of a webhook alone; blocks like `render`."""
        return self._rendered({part: one for part, one in self._of(channel).items() if part == PAYLOAD}, values)

    def _rendered(self, found: Mapping[str, OwnTemplate | UnreadableFile], values: Mapping[str, object]) -> Rendered:
        problems = [one.problem for one in found.values() if isinstance(one, UnreadableFile)]
        sources = {part: one for part, one in found.items() if isinstance(one, OwnTemplate)}
        if not sources:
            return Rendered(problems=tuple(problems))
        jobs = [{"name": part, "source": one.source, "html": ".html." in part} for part, one in sources.items()]
        answers = _run(json.dumps({"values": values, "parts": jobs}), self.deadline)
        problems += [_problem(one.name, answers.get(part, {})) for part, one in sources.items()]
        texts = {part: answer["text"] for part, answer in answers.items() if "text" in answer}
        return Rendered(texts, {part: one.name for part, one in sources.items()}, tuple(filter(None, problems)))

    def _of(self, channel: ChannelRef) -> dict[str, OwnTemplate | UnreadableFile]:
        files = {part: file for part in PARTS if (file := self._file(channel.receiver, part)) is not None}
        named = {PAYLOAD: self.payloads[channel]} if channel in self.payloads else {}
        return {part: _read(part, file) for part, file in files.items() if part not in named} | named

    def _file(self, receiver: str, part: str) -> Path | None:
        """Never outside the folder, whatever a receiver is called."""
        folders = (self.folder / receiver, self.folder) if _is_plain(receiver) else (self.folder,)
        return next((folder / part for folder in folders if (folder / part).is_file()), None)


def user_templates(settings: Settings) -> UserTemplates:
    """The templates of a configuration: the folder beside it, which need not exist, and those that webhooks name."""
    named = {
        ref: options.own_template
        for receiver in settings.receivers.values()
        for ref, options in receiver.channels.items()
        if options.own_template is not None
    }
    return UserTemplates(settings.file.parent / "templates", named)


def _read(part: str, file: Path) -> OwnTemplate | UnreadableFile:
    try:
        return OwnTemplate(file.read_text(encoding="utf-8"), part)
    except OSError as error:
        return UnreadableFile(f"the template {part} cannot be read ({error.strerror}): let this program read {file}")
    except UnicodeDecodeError:
        return UnreadableFile(f"the template {part} cannot be read (it is not UTF-8 text): save it as UTF-8")


def _is_plain(name: str) -> bool:
    return Path(name).parts == (name,) and name not in {".", ".."}


def _problem(name: str, answer: Mapping[str, str]) -> str:
    if "text" in answer:
        return ""
    return f"the template {name} failed ({answer.get('error', 'it took too long')}): correct it"


def _run(job: str, deadline: timedelta) -> dict[str, dict[str, str]]:
    """The answer for each part that was rendered before the child ended or was killed."""
    limits = replace(_LIMITS, deadline=deadline.total_seconds())
    finished = run_job_blocking("watcher.render.template_child", b"", job.encode(), limits)
    answers = [json.loads(frame) for frame in finished.frames]
    return {answer.pop("name"): answer for answer in answers}
