"""A browser and a program against the pages, in this process: requests as they come from them, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import httpx2

from tests.harness.servers import FakeClock
from tests.harness.store_samples import DIGEST, MINUTE, NOW, alert, frozen
from watcher.config.topic_text import written_topics
from watcher.errors import AttemptReason
from watcher.model.alert import Alert, Evidence
from watcher.model.notification import GiveUp
from watcher.model.topic import Level
from watcher.service.load import load_config
from watcher.store.store import Store
from watcher.web.app import all_pages
from watcher.web.door import Door
from watcher.web.handover import ServedConfig, file_time
from watcher.web.router import Page, Router
from watcher.web.site import Site

BASE = """
store: sqlite:///watcher.db
feeds: ["https://feeds.example.org/a.xml"]
topics:
  - {name: ceasefires, title: Ceasefires, terms: {3: [ceasefire*, truce*], 1: [talks]}, focus: 5, languages: [en]}
receivers: [{name: desk, webhook: {url: "http://127.0.0.1:9/x"}}]
route: {receiver: desk}
"""
KEY = "k" * 40
CHEAP = (4, 8, 1)
"""The cost of a hash of a password, as `watcher.web.passwords.COST`: a try of that takes 0.14 s of CPU."""


def site_of(folder: Path, store: Store, clock: FakeClock, text: str = "", base: str = BASE) -> Site:
    """The site of a configuration: the base and these sections."""
    file = folder / "config.yaml"
    file.write_text(base + text, encoding="utf-8")
    return Site(served_config(file), store, clock)


def served_config(file: Path) -> ServedConfig:
    """What is served of a file, as `watcher web` reads it."""
    changed_at = file_time(file)
    compiled = load_config(file, {}, secrets="defer")
    return ServedConfig(compiled.settings, compiled.topics, changed_at, *written_topics(file))


@dataclass
class Client:
    """Sends requests to a site; keeps cookies. `headers` go with every request."""

    site: Site
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: str = "127.0.0.1"
    host: str = "127.0.0.1:8080"
    cookies: dict[str, str] = field(default_factory=dict)
    pages: tuple[Page, ...] = field(default_factory=all_pages)

    def __post_init__(self) -> None:
        self._door = Door(self.site, Router(self.pages))

    def send(self, method: str, path: str, content: bytes = b"", **headers: str) -> httpx2.Response:
        """One request, exactly so; redirects are not followed."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        sent = {"host": self.host, **self.headers, **named}
        if self.cookies:
            sent.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        answer = asyncio.run(self._send(method, path, content, sent))
        for written in answer.headers.get_list("set-cookie"):
            name, _, value = written.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    async def _send(self, method: str, path: str, content: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        transport = httpx2.ASGITransport(self._door, client=(self.peer, 1), raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            return await client.request(
                method, path, content=content, headers={name: text.encode("latin-1") for name, text in headers.items()}
            )

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.send("GET", path, **headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> httpx2.Response:
        """A form of ours that is sent off."""
        own = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        return self.send("POST", path, urlencode(fields or {}).encode(), **(own | headers))


NASTY = "<script>alert(1)</script> \u202eevil\u202c \"'><img src=x onerror=alert(1)> {{7*7}} " + "w" * 400
ARABIC = "نقل محتجزين من مخيم الهول"


def nasty_alert(name: str, title: str = NASTY, link: str = "javascript:alert(1)") -> Alert:
    """An alert whose every text is a publisher's attempt to act."""
    one = alert(name, title=NASTY, topic="ceasefires", level=Level.FOCUS)
    entry = replace(one.entry, title=title, summary=NASTY * 3, link=link, author=NASTY, categories=(NASTY,))
    parts = (
        Evidence("نقل … @detainees", "title", 2, 440, title, ((0, 7),)),
        Evidence(NASTY[:80], "lead", 1, 300, NASTY, ((0, 8),)),
    )
    return replace(one, entry=entry, evidence=parts, labels={**one.labels, "feed": NASTY, "story": one.story})


def fill_with_history(store: Store) -> Alert:
    """An alert with hostile texts in a message that died, one in Arabic, and a plain one."""
    first = nasty_alert("nasty")
    dead = frozen(store, first, nasty_alert("arabic", ARABIC, "https://e.example/1"), alert("plain"))
    acquired = store.outbox.acquire("me", NOW, NOW + MINUTE, 10)
    for one in acquired:
        store.outbox.begin_attempt("me", one.notification.key, one.epoch, NOW)
        store.outbox.record("me", one.notification.key, one.epoch, GiveUp(AttemptReason.GONE, "404 <b>"), NOW, NOW)
    assert dead.group == DIGEST
    return first
