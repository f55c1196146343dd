"""Links in messages: what they open, who may write by them, and that a scanner changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.harness.servers import FakeClock
from tests.harness.store_samples import CHAT, MAIL, NOW, alert, frozen, save_alerts
from tests.harness.web import KEY, Client
from watcher.model.alert import Alert
from watcher.model.alert_link import links_of, write_token
from watcher.model.notification import Notification
from watcher.model.web import LinkUse
from watcher.notify.compose import compose_message
from watcher.store.store import Store

SECTION = f"""
web: {{url: https://watcher.example.org, key: {KEY}, proxy: {{header: Remote-User, from: [127.0.0.1/32]}}}}
"""
BROWSER = {"sec-fetch-site": "same-origin", "sec-fetch-user": "?1"}


@pytest.fixture
def one(store: Store) -> Alert:
    found = alert("one", story="5" * 32)
    frozen(store, found)
    return found


@pytest.fixture
def outside(make_client: Callable[..., Client]) -> Client:
    """Somebody who has the link and nothing else."""
    return make_client(SECTION, host="watcher.example.org", peer="203.0.113.7")


def path_of(one: Alert, use: LinkUse = LinkUse.ACT, issued: timedelta = timedelta(0)) -> str:
    return f"/l/{write_token(one.id, str(MAIL), use, NOW + issued, KEY)}"


def test_a_link_marks_its_alert_without_a_sign_in(outside: Client, store: Store, one: Alert) -> None:
    path = path_of(one)
    assert outside.get(path).status_code == 200
    answer = outside.post(f"{path}/mark", {"verdict": "irrelevant"}, **BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=irrelevant")
    assert store.marks.of_alerts([one.id]) == {one.id: False}
    outside.post(f"{path}/mark", {"verdict": "relevant"}, **BROWSER)
    outside.post(f"{path}/mark", {"verdict": "relevant"}, **BROWSER)
    assert store.marks.of_alerts([one.id]) == {one.id: True}


def test_a_link_opens_nothing_else(outside: Client, one: Alert) -> None:
    outside.get(path_of(one))
    for path in ("/", f"/alerts/{one.id}", "/search?q=x", "/api/alerts"):
        assert outside.get(path).status_code == 401


ROBOTS = [{}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-origin"},
          {"origin": "https://watcher.example.org"}, {"origin": "null"}]  # fmt: skip


@pytest.mark.parametrize("headers", ROBOTS)
def test_a_robot_that_opens_and_submits_everything_changes_nothing(
    outside: Client, store: Store, web_clock: FakeClock, one: Alert, headers: dict[str, str]
) -> None:
    web_clock.set(NOW + timedelta(seconds=30))
    path = path_of(one)
    form = {"content-type": "application/x-www-form-urlencoded"} | headers
    (message,) = store.outbox.newest()
    about = message_path(outside, message)
    assert outside.get(about).status_code == 200
    for target in (path, about, f"{path}/silence", f"{path}/mark", f"{path}/silence?what=topic&for=24h"):
        outside.send("GET", target, **headers)
        outside.send("HEAD", target, **headers)
        for body in (b"", b"verdict=irrelevant", b"List-Unsubscribe=One-Click", b"what=topic&for=24h"):
            assert outside.send("POST", target, body, **form).status_code in {400, 403, 404, 405}
    assert store.marks.of_alerts([one.id]) == {}
    assert store.silences.ending_after(NOW) == []
    assert store.acts.newest(1) == []


def message_path(client: Client, message: Notification) -> str:
    links = links_of(client.site.settings)
    assert links is not None
    return links.message_page(message.key, message.group.channel, NOW).removeprefix("https://watcher.example.org")


def test_a_mail_leads_to_a_page_that_offers_to_silence_its_topics(outside: Client, store: Store, one: Alert) -> None:
    (message,) = store.outbox.newest()
    composed = compose_message(message, {}, None, None, links_of(outside.site.settings))
    path = message_path(outside, message)
    assert composed.page == f"https://watcher.example.org{path}"
    found = re.findall(r'href="(/l/\w+/silence\?what=topic)"', outside.get(path).text)
    assert len(found) == 1
    assert outside.get(found[0]).status_code in (200, 303)
    token = path.rpartition("/")[2]
    assert outside.get(f"/l/{token}").status_code == 404
    assert outside.get(path_of(one).replace("/l/", "/m/")).status_code == 404


def test_a_browser_that_says_nothing_may_write_after_two_minutes(
    outside: Client, store: Store, web_clock: FakeClock, one: Alert
) -> None:
    web_clock.set(NOW + timedelta(minutes=3))
    origin = {"origin": "https://watcher.example.org", "content-type": "application/x-www-form-urlencoded"}
    assert outside.send("POST", f"{path_of(one)}/mark", b"verdict=relevant", **origin).status_code == 303
    assert store.marks.of_alerts([one.id]) == {one.id: True}


SAFARI = {
    "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document",
    "origin": "https://watcher.example.org", "content-type": "application/x-www-form-urlencoded",
    "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1",
}  # fmt: skip
"""What Safari sends with a form: it has no Sec-Fetch-User."""
HEADLESS = {
    **SAFARI,
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 "
    "Safari/537.36",
}


def test_safari_which_does_not_say_who_pressed_may_write_after_two_minutes(
    outside: Client, store: Store, web_clock: FakeClock, one: Alert
) -> None:
    path, body = f"{path_of(one)}/mark", b"verdict=relevant"
    web_clock.set(NOW + timedelta(seconds=30))
    early = outside.send("POST", path, body, **SAFARI)
    assert early.status_code == 403
    assert 60 <= int(early.headers["retry-after"]) <= 120
    assert store.marks.of_alerts([one.id]) == {}
    web_clock.set(NOW + timedelta(seconds=30 + int(early.headers["retry-after"])))
    assert outside.send("POST", path, body, **HEADLESS).status_code == 403
    assert outside.send("POST", path, body, **SAFARI).status_code == 303
    assert store.marks.of_alerts([one.id]) == {one.id: True}


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prerender"])
def test_what_is_fetched_before_it_is_asked_for_writes_nothing(
    outside: Client, store: Store, one: Alert, purpose: str
) -> None:
    path = path_of(one)
    early = {"sec-purpose": purpose, "purpose": "prefetch", "x-moz": "prefetch", "sec-fetch-site": "cross-site"}
    for target in (path, f"{path}/silence", f"{path}?done=relevant"):
        assert outside.send("GET", target, **early).status_code == 200
    assert store.marks.of_alerts([one.id]) == {}
    assert store.acts.newest(1) == []


def test_the_forms_of_the_page_without_a_press_change_nothing(outside: Client, store: Store, one: Alert) -> None:
    """A robot that reads the forms and sends each with what is in it, as `form.submit()` in a browser does."""
    by_script = {**BROWSER, "sec-fetch-user": "", "user-agent": HEADLESS["user-agent"]}
    for page in (path_of(one), f"{path_of(one)}/silence"):
        text = outside.get(page).text
        targets = re.findall(r'(?:form)?action="(/l/[^"]+)"', text)
        assert targets
        for target in targets:
            fields = dict(re.findall(r'<(?:input|button)[^>]* name="(\w+)" value="([^"]*)"', text))
            for sent in (fields, fields, {}):
                assert outside.post(target, sent, **by_script).status_code in {403, 405}
    assert store.marks.of_alerts([one.id]) == {}
    assert store.silences.ending_after(NOW) == []


def test_a_link_is_of_its_alert_alone(outside: Client, store: Store, one: Alert) -> None:
    """Neither another alert's link, nor parts of two, nor a letter more or less, nor another key opens anything."""
    other = alert("other", story="6" * 32)
    save_alerts(store, other, now=NOW + timedelta(hours=1))
    mine, theirs = (path_of(each).removeprefix("/l/") for each in (one, other))
    foreign = write_token(one.id, str(MAIL), LinkUse.ACT, NOW, "z" * 40)
    half = len(mine) // 2
    forged = [mine[:half] + theirs[half:], theirs[:half] + mine[half:], mine[:-1], mine + "a", foreign]
    for token in forged:
        assert outside.get(f"/l/{token}").status_code == 404, token
        assert outside.post(f"/l/{token}/mark", {"verdict": "relevant"}, **BROWSER).status_code == 404
    assert store.marks.of_alerts([one.id, other.id]) == {}
    assert outside.post(f"/l/{mine}/mark", {"verdict": "relevant", "alert": other.id}, **BROWSER).status_code == 303
    assert store.marks.of_alerts([one.id, other.id]) == {one.id: True}


def test_after_a_change_of_the_key_links_live_as_long_as_the_old_key_is_kept(
    make_client: Callable[..., Client], store: Store, one: Alert
) -> None:
    path, host = path_of(one), "watcher.example.org"
    changed = SECTION.replace(f"key: {KEY}", f"key: {'n' * 40}")
    kept = changed.replace("key: n", f"old_keys: [{KEY}], key: n")
    assert make_client(kept, host=host).get(path).status_code == 200
    assert make_client(kept, host=host).post(f"{path}/mark", {"verdict": "relevant"}, **BROWSER).status_code == 303
    gone = make_client(changed, host=host)
    assert gone.get(path).status_code == 404
    assert gone.post(f"{path}/mark", {"verdict": "irrelevant"}, **BROWSER).status_code == 404
    assert store.marks.of_alerts([one.id]) == {one.id: True}


@pytest.mark.parametrize("age", [timedelta(days=14, minutes=2), timedelta(days=400)])
def test_an_old_link_writes_nothing(outside: Client, store: Store, one: Alert, age: timedelta) -> None:
    path = path_of(one, issued=timedelta(minutes=5) - age)
    assert outside.post(f"{path}/mark", {"verdict": "relevant"}, **BROWSER).status_code == 410
    assert outside.post(f"{path}/silence", {"what": "story", "for": "1h"}, **BROWSER).status_code == 410
    assert store.marks.of_alerts([one.id]) == {}
    assert store.silences.ending_after(NOW) == []


def test_two_presses_make_one_silence(outside: Client, store: Store, web_clock: FakeClock, one: Alert) -> None:
    path = f"{path_of(one)}/silence"
    assert outside.get(f"{path}?what=topic").status_code == 200
    for _ in range(2):
        assert outside.post(path, {"what": "story", "for": "24h", "why": "known"}, **BROWSER).status_code == 303
    (kept,) = store.silences.ending_after(NOW)
    assert [str(matcher) for matcher in kept.matchers] == [f'story="{one.story}"']
    assert kept.ends_at == web_clock.now() + timedelta(hours=24)


@pytest.mark.parametrize("length", ["7d", "999h", "-1h", ""])
def test_a_link_silences_for_a_day_at_most(
    outside: Client, store: Store, web_clock: FakeClock, one: Alert, length: str
) -> None:
    outside.post(f"{path_of(one)}/silence", {"what": "story", "for": length}, **BROWSER)
    (kept,) = store.silences.ending_after(NOW)
    assert kept.ends_at <= web_clock.now() + timedelta(hours=24)


def test_links_that_only_show(outside: Client, store: Store, one: Alert) -> None:
    path = path_of(one, LinkUse.READ)
    assert "<form" not in outside.get(path).text
    assert outside.post(f"{path}/mark", {"verdict": "relevant"}, **BROWSER).status_code == 403
    assert store.marks.of_alerts([one.id]) == {}


def test_what_is_switched_off_later_is_off(make_client: Callable[..., Client], store: Store, one: Alert) -> None:
    client = make_client(SECTION.replace("key:", "links: read, key:"), host="watcher.example.org")
    path = path_of(one, LinkUse.ACT)
    assert client.post(f"{path}/mark", {"verdict": "relevant"}, **BROWSER).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [("/l/x", 404), (f"/l/{'a' * 66}", 404), (f"/l/{write_token('f' * 32, 'x', LinkUse.ACT, NOW, KEY)}", 410)],
)
def test_links_that_open_nothing(outside: Client, path: str, status: int) -> None:
    assert outside.get(path).status_code == status


def test_an_old_link_is_gone(outside: Client, one: Alert) -> None:
    assert outside.get(path_of(one, issued=-timedelta(days=15))).status_code == 410


def test_a_link_is_not_used_without_end(outside: Client, one: Alert) -> None:
    path = f"{path_of(one, issued=-timedelta(minutes=9))}/mark"
    both = (path, path.swapcase().replace("/L/", "/l/").replace("/MARK", "/mark"))  # the token reads alike
    answers = [outside.post(both[n % 2], {"verdict": "relevant"}, **BROWSER).status_code for n in range(31)]
    assert (set(answers[:30]), answers[30]) == ({303}, 429)


def test_messages_have_links_only_where_there_is_an_address(
    make_client: Callable[..., Client], store: Store, one: Alert
) -> None:
    (notification,) = store.outbox.newest()
    assert links_of(make_client().site.settings) is None
    settings = make_client(SECTION).site.settings
    message = compose_message(notification, {}, None, None, links_of(settings))
    (item,) = message.items
    assert item.page.startswith("https://watcher.example.org/l/")
    assert item.page in message.html
    assert item.page in message.text
    plain = compose_message(notification, {}, None, None)
    assert "/l/" not in plain.html + plain.text


def test_who_may_judge_by_the_link(make_client: Callable[..., Client]) -> None:
    mail = "smtp: {host: h.example, from: a@example.org}\n"
    lists = mail + SECTION + "x-more: 1\n"
    client = make_client(lists)
    links = links_of(client.site.settings)
    assert links is not None
    assert set(links.uses.values()) == {LinkUse.READ}  # a webhook: several people may read it
    assert links.uses.get(CHAT) is None
