"""The pages in a real browser: widths, light and dark, both directions, keyboard, no script, and what axe finds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.harness.harness import environment
from tests.harness.servers import free_port
from tests.harness.store_samples import MAIL, save_alerts
from tests.harness.web import ARABIC, BASE, KEY, fill_with_history, nasty_alert
from watcher.model.alert import Alert
from watcher.model.alert_link import LinkKind, write_token
from watcher.model.silence import Silence
from watcher.model.web import LinkUse
from watcher.store.store import Store, open_store
from watcher.views.feeds import feed_id
from watcher.web.exchange import Offer
from watcher.web.looks import Looks
from watcher.web.rendering import Templates

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("WATCHER_TEST_CHROMIUM_REQUIRED"),
        reason="no chromium: apt install chromium",
    ),
]
WIDTHS = (360, 800, 1280)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
REPORTING = (
    "window.reported = []; addEventListener('securitypolicyviolation', one => reported.push(one.violatedDirective))"
)


SECTION = f"""
web:
  url: http://localhost:8080
  key: {KEY}
  embed_in: [https://intranet.example.org]
"""


@dataclass(frozen=True)
class Served:
    """Pages that are served, and one of their alerts."""

    url: str
    alert: Alert
    store: Store


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The process of the pages on a store with hostile, long and Arabic texts; alerts of now."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "config.yaml").write_text(BASE + SECTION)
    store = open_store("sqlite:///watcher.db", base=folder)
    store.upgrade()
    fill_with_history(store)
    now = datetime.now(UTC)
    first = replace(nasty_alert("today", ARABIC, "https://e.example/1"), first_seen=now, created_at=now)
    second = replace(nasty_alert("also today"), first_seen=now, created_at=now)
    save_alerts(store, first, second, now=now)
    silence = Silence("5" * 32, (), "ada", "w" * 300, now, now + timedelta(hours=1), now)
    store.silences.add(silence)
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "watcher", "web", "-c", "config.yaml", "--listen", address]
    with subprocess.Popen(command, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "web.started" in line, line
        yield Served(f"http://{address}", first, store)
        process.terminate()
    store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A tab; at its end nothing may have been written to the console, nor asked of another site."""
    opened = browser.new_page(base_url=served.url)
    noticed: list[str] = []
    opened.on("console", lambda message: noticed.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: noticed.append(str(error)))
    opened.on("request", lambda one: None if one.url.startswith(served.url) else noticed.append(f"off-site: {one.url}"))
    opened.add_init_script(REPORTING)
    yield opened
    assert noticed == []
    opened.close()


def paths_of(served: Served) -> list[str]:
    """One page of each kind."""
    one = served.alert
    (message, *_) = served.store.outbox.newest()
    now = datetime.now(UTC)
    link = f"/l/{write_token(one.id, str(MAIL), LinkUse.ACT, now, KEY)}"
    about = f"/m/{write_token(message.key, str(MAIL), LinkUse.ACT, now, KEY, LinkKind.MESSAGE)}"
    (feed,) = served.store.feeds.states()
    return [
        "/", "/?days=14", f"/alerts/{one.id[:8]}", f"/entries/{one.entry_key[:8]}", "/search?q=ceasefire", "/topics",
        "/topics/ceasefires?near=1&add=Roj+camp&weight=3", "/feeds", f"/feeds/{feed_id(feed.url)[:8]}", "/acts", "/outbox", f"/outbox/{message.key[:8]}", "/silences",
        f"/silences/new?alert={one.id[:8]}", "/routes?labels=level%3Dfocus", "/status", "/help", "/settings", link, f"{link}/silence", about,
        "/embed/topics/ceasefires", "/silences/55555555", "/nowhere", "/explain", "/api", "/?q=ceasefire",
    ]  # fmt: skip


def sign_in_page(language: str) -> str:
    """The page for signing in, which this site does not have: nobody needs to."""
    values = {"next": "", "problem": "Name or password is wrong.", "name": "ada"}
    return Templates().render("sign_in.html.j2", values, Looks(language))


def refused_page(language: str) -> str:
    """What is answered where there is no page, without the status that the browser writes to its console."""
    offers = [Offer("/alerts/0", "0" * 8, ARABIC)]
    values = {
        "title": "There is no such page",
        "remedy": "The menu leads to all pages.",
        "status": 404,
        "offers": offers,
    }
    return Templates().render("refused.html.j2", values, Looks(language))


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "dark", "en"), (1280, "light", "ar")])
def test_axe_finds_nothing_and_no_page_is_wider_than_its_window(
    page: Page, served: Served, width: int, scheme: str, language: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe, found, too_wide = Axe(), {}, {}
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_extra_http_headers({"Accept-Language": language})
    page.route("**/sign-in", lambda route: route.fulfill(body=sign_in_page(language), content_type="text/html"))
    page.route("**/nowhere", lambda route: route.fulfill(body=refused_page(language), content_type="text/html"))
    for path in [*paths_of(served), "/sign-in"]:
        page.goto(path)
        for size in WIDTHS:
            page.set_viewport_size({"width": size, "height": 900})
            too_wide[path, size] = overflow(page)
        assert page.evaluate("window.reported") == []
        page.set_viewport_size({"width": width, "height": 900})
        results = axe.run(page, options={"runOnly": STANDARDS, "resultTypes": ["violations"]})
        violations = [
            (one["id"], [node["target"] for node in one["nodes"]][:3]) for one in results.response["violations"]
        ]
        if violations:
            found[path] = violations
    assert found == {}
    assert {place: pixels for place, pixels in too_wide.items() if pixels > 0} == {}


def test_the_keyboard_alone_marks_and_opens(page: Page, served: Served) -> None:
    page.goto("/")
    page.keyboard.press("j")
    selected = page.locator("[data-story].current")
    assert selected.count() == 1
    page.keyboard.press("r")
    page.wait_for_url("**done=relevant**")
    assert page.locator("[role=status]:visible").count() == 1
    assert True in served.store.marks.of_alerts([one.id for one in served.store.alerts.newest()]).values()
    page.keyboard.press("j")
    page.keyboard.press("l")
    page.wait_for_url("**/alerts/**")
    page.keyboard.press("s")
    page.wait_for_url("**/silences/new**")


def test_keys_can_be_switched_off_and_do_nothing_in_fields(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("jrx")
    assert page.locator("#find").input_value() == "jrx"
    page.goto("/help")
    page.locator("#switch-keys").click()
    page.goto("/")
    page.keyboard.press("j")
    assert page.locator("[data-story].current").count() == 0


def test_everything_works_without_scripts(browser: Browser, served: Served) -> None:
    context = browser.new_context(
        base_url=served.url, java_script_enabled=False, viewport={"width": 360, "height": 800}
    )
    page = context.new_page()
    page.goto(f"/alerts/{served.alert.id[:8]}")
    page.get_by_role("button", name="Not relevant").click()
    assert served.store.marks.of_alerts([served.alert.id]) == {served.alert.id: False}
    page.get_by_role("link", name="Silence…").click()
    page.get_by_label("Why (others will see it)").fill("known")
    page.get_by_role("button", name="Preview").click()
    assert page.get_by_role("heading", name="What it matches").is_visible()
    page.get_by_role("button", name="Silence", exact=True).click()
    assert page.url.endswith("/silences?done=silenced")
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("link", name="Topics").click()
    assert page.url.endswith("/topics")
    page.get_by_role("link", name="Try a text…").click()
    page.get_by_label("The text, its title first").fill("A ceasefire\nTalks go on.")
    page.get_by_role("button", name="Show the verdicts").click()
    assert page.locator("mark").all_inner_texts() == ["ceasefire", "Talks"]
    page.goto("/help")
    assert not page.locator("#switch-keys").is_visible()  # it would do nothing
    context.close()


def test_news_are_shown_without_a_reload(page: Page, served: Served) -> None:
    page.goto("/")
    later = datetime.now(UTC) + timedelta(seconds=2)
    save_alerts(served.store, replace(nasty_alert("news"), first_seen=later, created_at=later), now=later)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator("[data-news] a").wait_for(state="visible")
    assert page.locator("[data-news] a").inner_text() == "1 new story – show"
