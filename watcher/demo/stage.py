"""The demo's servers on loopback: feeds, mail and chat, all real, all local."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from watcher.demo.http_server import Answer, HttpServer, Request, Responder
from watcher.demo.mail_sink import MailSink
from watcher.demo.samples import TEMPLATES, SampleFeed, render_feed
from watcher.lazy_dataclass import dataclass

CHAT, PAGER = "/chat", "/pager"


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The files that the demo writes to its folder; others there stay untouched."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "demo.yaml"

    @property
    def html(self) -> Path:
        return self.folder / "digest.html"

    @property
    def eml(self) -> Path:
        return self.folder / "digest.eml"

    @property
    def webhook(self) -> Path:
        return self.folder / "webhook.json"

    @property
    def log(self) -> Path:
        return self.folder / "demo.log"

    def clear(self) -> None:
        """Creates the folder and removes the files of an earlier demo in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        store = [self.folder / f"demo.db{suffix}" for suffix in ("", "-wal", "-shm")]
        for file in (self.config, self.html, self.eml, self.webhook, self.log, *store):
            file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers while they run; `secret` signs the webhooks."""

    feeds: HttpServer
    chat: HttpServer
    mail: MailSink
    secret: str

    def configuration(self, samples: Sequence[SampleFeed]) -> str:
        """The text of the demo's configuration file."""
        return TEMPLATES.get_template("demo.yaml.j2").render(
            feeds=[self.feeds.url(feed.path) for feed in samples],
            smtp_port=self.mail.port,
            webhook_url=self.chat.url(CHAT),
            pager_url=self.chat.url(PAGER),
            phone_url=self.chat.url("/phone"),
            webhook_secret=self.secret,
        )


@contextmanager
def open_stage(samples: Sequence[SampleFeed], now: datetime) -> Iterator[Stage]:
    """Starts the servers, and stops them after the block. The dates of the feeds count back from `now`."""
    documents = {feed.path: _document(*render_feed(feed, now)) for feed in samples}
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    with HttpServer(conditional(documents)) as feeds, HttpServer(_accept) as chat, MailSink() as mail:
        yield Stage(feeds, chat, mail, secret)


def conditional(documents: Mapping[str, Answer]) -> Responder:
    """Serves documents by path; 304 for one that the client has already (RFC 9110 §13.1.2)."""

    def respond(request: Request) -> Answer:
        document = documents.get(request.path)
        if document is None:
            return Answer(404)
        if request.headers.get("if-none-match") == document.headers["ETag"]:
            return Answer(304, document.headers)
        return document

    return respond


def _document(body: bytes, media_type: str) -> Answer:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return Answer(200, {"Content-Type": media_type, "ETag": etag}, body)


def _accept(request: Request) -> Answer:
    """The chat takes everything; the pager is gone (410)."""
    return Answer(410 if request.path == PAGER else 204)
