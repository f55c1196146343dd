"""Microsoft Teams: Workflows that post to a channel. An Adaptive Card. Pure.

Limits (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook): 28
KB a message; others have measured 21 KB (the `msteams_hermes` library), so we stay below 20,000 bytes. Adaptive Cards
1.4 (https://adaptivecards.io/explorer/TextRun.html): a TextRun shows its text as it is, without Markdown; a TextBlock
would not. A workflow answers 202 without waiting for its steps
(https://learn.microsoft.com/azure/connectors/connectors-native-reqres); the older connectors answer 200 with the text
`1`, or with a 200 whose text holds the status of an error.
"""

from __future__ import annotations

import re
from dataclasses import replace

from watcher.deliver.channel import ChannelKind
from watcher.deliver.chat import ChatService, chat, encode, json_request
from watcher.deliver.chat_text import SUBJECT_CHARACTERS, TITLE_CHARACTERS, facts, more_line, notes, quote_runs
from watcher.deliver.http_answers import Answer, Request, judge_answer
from watcher.deliver.options import WebAddress, host_of
from watcher.lazy_dataclass import dataclass
from watcher.model.notification import Message, MessageItem, Outcome
from watcher.model.route import ChannelOptions
from watcher.model.secret import reveal
from watcher.text.shorten import shorten

MESSAGE_BYTES = 20_000

Element = dict[str, object]

_HIDDEN_ERROR = re.compile(r"returned HTTP error (\d{3})")


@dataclass(frozen=True, slots=True)
class Teams(ChannelOptions):
    """A workflow of Microsoft Teams that posts to a channel when a webhook request is received."""

    url: WebAddress

    @property
    def recipients(self) -> tuple[str, ...]:
        return host_of(self.url)


def teams(options: Teams) -> ChatService:
    url = reveal(options.url)

    def build_request(message: Message, key: str, reply_to: str) -> Request:
        return json_request(url, teams_body(message))

    return ChatService(build_request, fits, judge_teams)


def fits(message: Message) -> bool:
    return len(encode(teams_body(message))) <= MESSAGE_BYTES


def teams_body(message: Message) -> dict[str, object]:
    """A card with one text an alert; the last one counts what is not shown."""
    more = more_line(message)
    texts = [_text([_run(shorten(message.subject, SUBJECT_CHARACTERS), size="Large", weight="Bolder")])]
    texts += [_item(item) for item in message.items]
    texts += [_text([_run(more, isSubtle=True)])] if more else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": texts,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _item(item: MessageItem) -> Element:
    title = _run(shorten(item.title, TITLE_CHARACTERS), weight="Bolder")
    if item.link:
        title["selectAction"] = {"type": "Action.OpenUrl", "url": item.link}
    runs = [title, _run("\n" + facts(item), isSubtle=True, size="Small")]
    quote = quote_runs(item)
    if quote:
        runs += [_run("\n"), *(_run(text, highlight=marked) for text, marked in quote)]
    runs += [_run("\n" + note, isSubtle=True, size="Small") for note in notes(item)]
    return {**_text(runs), "spacing": "Medium", "separator": True}


def _text(runs: list[Element]) -> Element:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **style: object) -> Element:
    return {"type": "TextRun", "text": text, **{name: value for name, value in style.items() if value}}


def judge_teams(answer: Answer) -> Outcome:
    """Success is 202, or 200 with the text `1`; another 200 may hold the real status in its text."""
    hidden = _HIDDEN_ERROR.search(answer.said) if answer.status == 200 else None
    return judge_answer(replace(answer, status=int(hidden[1])) if hidden else answer, _is_delivered)


def _is_delivered(answer: Answer) -> bool:
    return answer.said == "1" if answer.status == 200 else answer.status == 202 and not answer.is_page


TEAMS = ChannelKind("teams", Teams, chat(teams))
