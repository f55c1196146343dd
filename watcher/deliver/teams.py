"""The shape of Microsoft Teams' Workflows: an Adaptive Card. Pure.

Limits (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook):
28 KB a message; others have measured 21 KB (the `msteams_hermes` library), so we stay below 20,000 bytes.
Adaptive Cards 1.4 (https://adaptivecards.io/explorer/TextRun.html): a TextRun shows its text as it is, without
Markdown; a TextBlock would not.
"""

from __future__ import annotations

import re

from watcher.deliver.chat import BuildRequest, Service, encode, json_request
from watcher.deliver.chat_text import TITLE_CHARACTERS, also_line, facts, quote_runs
from watcher.deliver.http import Answer, Request, judge_answer
from watcher.deliver.shorten import more_line, shorten
from watcher.model.notification import Message, MessageItem, Outcome
from watcher.model.route import Teams
from watcher.model.secret import reveal

MESSAGE_BYTES = 20_000

Element = dict[str, object]

_HIDDEN_ERROR = re.compile(r"returned HTTP error (\d{3})")


def teams(options: Teams) -> BuildRequest:
    """The shape for one workflow."""
    url = reveal(options.url)

    def shape(message: Message, key: str, reply_to: str) -> Request:
        return json_request(url, teams_body(message))

    return shape


def teams_body(message: Message) -> dict[str, object]:
    """A card with one text an alert; what does not fit is counted below."""
    for shown in range(len(message.items), -1, -1):
        body = _card(message, message.items[:shown])
        if len(encode(body)) <= MESSAGE_BYTES:
            return body
    return _card(message, ())


def _card(message: Message, items: tuple[MessageItem, ...]) -> dict[str, object]:
    more = more_line(message.omitted + len(message.items) - len(items))
    texts = [_text([_run(shorten(message.subject, 300), size="Large", weight="Bolder")])]
    texts += [_item(item) for item in items]
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
    if item.also:
        runs.append(_run("\n" + also_line(item), isSubtle=True, size="Small"))
    return {**_text(runs), "spacing": "Medium", "separator": True}


def _text(runs: list[Element]) -> Element:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **style: object) -> Element:
    return {"type": "TextRun", "text": text, **{name: value for name, value in style.items() if value}}


def judge_teams(answer: Answer) -> Outcome:
    """Connectors of the older kind answer 200 and put the real status into the text."""
    hidden = _HIDDEN_ERROR.search(answer.text) if answer.status == 200 else None
    return judge_answer(Answer(int(hidden[1]), answer.headers, answer.text) if hidden else answer)


SERVICE = Service(teams, judge_teams)
