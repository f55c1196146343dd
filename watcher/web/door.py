"""The door: every request passes it, and it is closed by default. Every answer gets its headers here.

Host → page → who asks → may they → where does the request come from → body → page. Nothing else decides who may what.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import structlog

from watcher.errors import StoreBusy, StoreError
from watcher.model.act import WayIn
from watcher.model.web import May, WebSettings
from watcher.threads import ThreadPool
from watcher.web.exchange import (
    POLICY,
    Asked,
    Refused,
    Reply,
    User,
    read_form,
    read_query,
    see_other,
    with_query,
)
from watcher.web.identity import Headers, Identity, cookie_of, identify, values_of
from watcher.web.looks import COOKIE, Looks, looks_of
from watcher.web.nearest import near_pages
from watcher.web.router import Matched, Page, Router
from watcher.web.sessions import RENEWED_AFTER
from watcher.web.site import Site

log = structlog.get_logger()

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie, Authorization, Accept-Language",
}
"""On every answer; a page may replace one, and with an empty text leave it out."""
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
"""The types of ASGI (https://asgi.readthedocs.io/en/latest/specs/www.html)."""
READING = frozenset({"GET", "HEAD"})
READ_BY_PROGRAMS = (".atom", ".json", ".jsonl", ".svg")
"""Ends of paths that programs ask for: a form to sign in would be a broken feed to a reader."""
BODY_WITHIN = 15.0
AT_ONCE = 64
"""Requests under way; more are asked to come again."""
THREADS = 8
_BUSY = "The store is busy; try again in a moment."


class Door:
    """The ASGI application. Belongs to the event loop; pages run in threads."""

    def __init__(self, site: Site, router: Router) -> None:
        self._site = site
        self._router = router
        site.paths = frozenset(page.path for page in router.pages)
        self._threads = ThreadPool("web", THREADS)
        self._under_way = 0

    def close(self) -> None:
        self._threads.close()
        self._site.remembered.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        if scope["type"] != "http":
            return
        reply = await self._answer(scope, receive)
        head = {**HEADERS, "Content-Type": reply.content_type, "Content-Length": str(len(reply.body)), **reply.headers}
        headers = [(name.encode("latin-1"), text.encode("latin-1", "replace")) for name, text in head.items() if text]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        if self._under_way >= AT_ONCE:
            return self._refusal(scope, Refused(503, "Too many requests at once", _BUSY, {"Retry-After": "2"}))
        self._under_way += 1
        try:
            body = b""
            if scope["method"] not in READING:
                body = await _body(scope["headers"], receive, self._router.largest_body(_path(scope)))
            return await self._threads(self._reply, scope, body)
        except Refused as refused:
            return self._refusal(scope, refused)
        finally:
            self._under_way -= 1

    def _reply(self, scope: Scope, body: bytes) -> Reply:
        try:
            return self._page(scope, body)
        except Refused as refused:
            return self._refusal(scope, refused)
        except StoreBusy:
            return self._refusal(scope, Refused(503, "The store is busy", _BUSY, {"Retry-After": "2"}))
        except StoreError as error:
            log.error("page.failed", path=_path(scope), error=str(error))
            return self._refusal(scope, Refused(503, "The store cannot be read", "See the log of `watcher web`."))
        except Exception:
            log.exception("page.failed", path=_path(scope))
            return self._refusal(scope, Refused(500, "This page failed", "See the log of `watcher web`."))

    def _page(self, scope: Scope, body: bytes) -> Reply:
        site, web, headers, now = self._site, self._site.settings.web, scope["headers"], self._site.clock.now()
        _check_host(web, headers)
        query = read_query(scope.get("query_string", b""))
        found = self._router.find(scope["method"], _path(scope))
        peer = (scope.get("client") or ("", 0))[0]
        if found is not None and found.page.may is May.FEEDS and query.get("token"):
            headers = [*headers, (b"authorization", f"Bearer {query['token']}".encode())]
        who = identify(web, headers, peer, site.generation, now, site.local_name)
        if found is None or not _is_enough(who.user, found.page):
            return self._closed(scope, who.user, found.page if found else None)
        _check_topics(who.user, found)
        if scope["method"] not in READING and not (who.user and who.user.way is WayIn.TOKEN):
            _check_origin(web, headers)
        form, data = read_form(body, next(iter(values_of(headers, "content-type")), ""))
        named = {name.decode("latin-1"): text.decode("latin-1") for name, text in headers}
        asked = Asked(
            site, who.user, now, scope["method"], _path(scope), found.params, query, form, named, peer, data,
            self._looks(scope),
        )  # fmt: skip
        reply = found.page.handler(asked)
        if scope["method"] not in READING:
            site.forget_counts()
        log.debug("page.served", path=found.page.path, status=reply.status, user=asked.author)
        return self._renewed(reply, who, asked)

    def _closed(self, scope: Scope, user: User | None, page: Page | None) -> Reply:
        """The answer to those who may not see whether there is such a page."""
        web, path = self._site.settings.web, _path(scope)
        if user is not None and page is None:
            offers = list(near_pages(path, self._site.paths))
            raise Refused(404, "There is no such page", "The menu leads to all pages.", offers=offers)
        if user is not None and page is not None:
            raise Refused(403, f"You may {user.may.value}, and this needs {page.may.value}",
                          "`may` in the section web of the configuration decides.")  # fmt: skip
        is_for_programs = path.startswith("/api/") or path.endswith(READ_BY_PROGRAMS)
        if web.has_passwords and scope["method"] in READING and not is_for_programs:
            asked = f"{path}?{scope['query_string'].decode('latin-1')}" if scope.get("query_string") else path
            return see_other(with_query("/sign-in", next="" if asked == "/" else asked))
        remedy = "Sign in first." if web.has_passwords else "The proxy in front did not say who you are."
        if is_for_programs:
            remedy += " A program needs a token: watcher web token NAME."
        raise Refused(401, "It is not known who asks", remedy, {"WWW-Authenticate": "Bearer"})

    def _renewed(self, reply: Reply, who: Identity, asked: Asked) -> Reply:
        if who.session is None or asked.now - who.session.used < RENEWED_AFTER or "Set-Cookie" in reply.headers:
            return reply
        return reply.having(Set_Cookie=self._site.session_cookie(who.session, asked.now))

    def _looks(self, scope: Scope) -> Looks:
        accepted = ",".join(values_of(scope["headers"], "accept-language"))
        return looks_of(cookie_of(scope["headers"], COOKIE), self._site.settings.web.language, accepted)

    def _refusal(self, scope: Scope, refused: Refused) -> Reply:
        if _path(scope).startswith("/api/"):
            reply = Reply(self._site.problem(refused), refused.status, "application/problem+json")
        else:
            reply = Reply(self._site.error_page(refused, self._looks(scope)), refused.status)
        return reply.having(**refused.headers)


def _path(scope: Scope) -> str:
    """The path as it came; not `request.url`, which trusts the Host header."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return str(raw.decode("ascii", "replace").partition("?")[0])


def _is_enough(user: User | None, page: Page) -> bool:
    return page.may is May.ANYONE or (user is not None and user.may.includes(page.may))


def _check_topics(user: User | None, found: Matched) -> None:
    """A token that is limited to topics sees their alerts, and nothing else. Raises `Refused`."""
    if user is None or not user.topics or found.page.may is May.ANYONE:
        return
    if not found.page.for_topics:
        raise Refused(403, "This token is limited to topics", f"It is for what {', '.join(user.topics)} found.")
    if found.params.get("name", user.topics[0]) not in user.topics:
        raise Refused(404, "There is no such topic", "The token is for other ones.")


def _check_host(web: WebSettings, headers: Headers) -> None:
    """Only our own names: another site's name that resolves to this machine is refused (DNS rebinding)."""
    hosts = values_of(headers, "host")
    host = hosts[0].lower() if len(hosts) == 1 else ""
    if host and host == web.host:
        return
    name = host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host
    local = {"localhost", "127.0.0.1", "[::1]", web.listen.host, f"[{web.listen.host}]"}
    if web.listen.is_local and name in local:
        return
    remedy = f"Its address is {web.url}." if web.url else "Set web.url to the address that browsers use."
    raise Refused(421, "watcher is not known by this name", remedy)


def _check_origin(web: WebSettings, headers: Headers) -> None:
    """Whether a page of ours sent the request: browsers say so in a header that pages cannot set."""
    site = values_of(headers, "sec-fetch-site")
    if site:
        is_ours = site == ["same-origin"]
    else:
        origins, hosts = values_of(headers, "origin"), values_of(headers, "host")
        own = _origin(web.url) if web.url else ("http", hosts[0].lower() if len(hosts) == 1 else "")
        is_ours = len(origins) == 1 and own[1] != "" and _origin(origins[0]) == own
    if not is_ours:
        raise Refused(403, "The request came from another site", "Open the page and press the button there.")


def _origin(address: str) -> tuple[str, str]:
    """Scheme and host: a page that was sent without https can be anybody's, even if its host is ours."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc.lower()


async def _body(headers: Headers, receive: Receive, largest: int) -> bytes:
    too_large = Refused(413, "The body is too large", f"At most {largest // 1024} kB are read.")
    lengths = values_of(headers, "content-length")
    if lengths and lengths[0].isdigit() and int(lengths[0][:12]) > largest:
        raise too_large
    body: bytes = b""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            while True:
                message: Message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "The connection was closed")
                body += message.get("body", b"")
                if len(body) > largest:
                    raise too_large
                if not message.get("more_body", False):
                    return body
    except TimeoutError as error:
        raise Refused(408, "The body came too slowly", "Try again.") from error
