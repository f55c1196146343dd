"""`feeds discover`, `add`, `import` and `health` against real servers on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.harness.harness import Harness, Item, rss
from tests.harness.servers import Answer, FeedServer
from watcher.config.opml import read_opml
from watcher.errors import PollReason

EMPTY = '<opml version="2.0"><head/><body/></opml>'


@pytest.fixture
def site(harness: Harness) -> Harness:
    """A harness with one feed, an included OPML file, and a site with a page that names one more."""
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now())])
    harness.feeds.put("/daily.xml", rss("Daily", [Item("d", "Bread", harness.clock.now())]))
    page(harness, "/daily.xml")
    harness.write()
    (harness.folder / "feeds.opml").write_text(EMPTY)
    harness.config.write_text(harness.config.read_text().replace("feeds: [", "feeds: [{opml: feeds.opml}, ", 1))
    return harness


def page(harness: Harness, *feeds: str) -> None:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{feed}">' for feed in feeds)
    body = f"<html><head>{links}</head><body>News</body></html>".encode()
    harness.feeds.put("/news", Answer(200, {"Content-Type": "text/html"}, body))


def added(file: Path) -> list[tuple[str, str | None, dict[str, str]]]:
    return [(feed.url, feed.name, dict(feed.labels)) for feed, _ in read_opml(file.read_bytes()).feeds]


def test_discover_shows_the_feeds_of_a_page(site: Harness) -> None:
    table = site.command("feeds", "discover", site.feeds.url("/news")).stdout.splitlines()
    assert table[1].split("\t") == [site.feeds.url("/daily.xml"), "Daily", "1", "lxml"]
    facts = json.loads(site.command("feeds", "discover", site.feeds.url("/news"), "--json").stdout)
    assert [one["url"] for one in facts] == [site.feeds.url("/daily.xml")]


@pytest.mark.parametrize("command", ["discover", "add"])
def test_a_page_that_cannot_be_read_or_has_no_feeds(site: Harness, command: str) -> None:
    refused = site.command("feeds", command, "http://127.0.0.1:9/")
    assert (refused.returncode, "connect" in refused.stderr) == (1, True), refused.stderr
    page(site)
    none = site.command("feeds", command, site.feeds.url("/news"))
    assert (none.returncode, none.stdout, site.feeds.url("/news") in none.stderr) == (1, "", True)


def test_the_one_feed_of_a_page_is_added_with_its_title_and_labels(site: Harness) -> None:
    before = site.config.read_text()
    done = site.command("feeds", "add", site.feeds.url("/news"), "--label", "region=mena", "--label", "folder=Desk")
    assert done.returncode == 0, done.stderr
    assert added(site.folder / "feeds.opml") == [
        (site.feeds.url("/daily.xml"), "Daily", {"region": "mena", "folder": "Desk"})
    ]
    assert site.config.read_text() == before
    again = site.command("feeds", "add", site.feeds.url("/daily.xml"))
    assert again.returncode == 0, again.stderr
    assert len(added(site.folder / "feeds.opml")) == 1


def test_of_several_feeds_the_user_chooses(site: Harness) -> None:
    site.feeds.put("/other.xml", rss("Other", [Item("o", "More", site.clock.now())]))
    page(site, "/daily.xml", "/other.xml")
    done = site.command("feeds", "add", site.feeds.url("/news"))
    assert done.returncode == 2
    assert {site.feeds.url("/daily.xml"), site.feeds.url("/other.xml")} <= set(done.stdout.split())
    assert added(site.folder / "feeds.opml") == []


def test_an_address_can_be_added_unasked_under_another_name(site: Harness) -> None:
    done = site.command("feeds", "add", "https://example.org/feed", "--unasked", "--name", "Later")
    assert done.returncode == 0, done.stderr
    assert added(site.folder / "feeds.opml") == [("https://example.org/feed", "Later", {})]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["https://ana:secret@example.org/feed"], "user name or password"),
        (["https://example.org/feed", "--label", "topic=x"], 'label "topic"'),
        (["ftp://example.org/feed"], "http"),
    ],
)
def test_what_the_configuration_would_refuse_is_not_added(site: Harness, words: list[str], said: str) -> None:
    done = site.command("feeds", "add", *words, "--unasked")
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert (site.folder / "feeds.opml").read_text() == EMPTY


@pytest.mark.parametrize("label", ["region", "=x", "a-b=x"])
def test_a_label_that_is_none(site: Harness, label: str) -> None:
    done = site.command("feeds", "add", "https://example.org/feed", "--unasked", "--label", label)
    assert (done.returncode, f"--label {label}: " in done.stderr) == (2, True)


def test_without_an_opml_file_one_is_made_and_its_inclusion_explained(harness: Harness) -> None:
    harness.publish("/wire", [])
    harness.write()
    done = harness.command("feeds", "add", "https://example.org/feed", "--unasked", "--into", "mine.opml")
    assert done.returncode == 2
    assert "- {opml: mine.opml}" in done.stderr
    harness.config.write_text(harness.config.read_text().replace("feeds: [", "feeds: [{opml: mine.opml}, ", 1))
    again = harness.command("feeds", "add", "https://example.org/feed", "--unasked", "--into", "mine.opml")
    assert again.returncode == 0, again.stderr
    assert added(harness.folder / "mine.opml") == [("https://example.org/feed", None, {})]
    rows = harness.command("feeds", "list").stdout.splitlines()
    assert [row.split("\t")[0] for row in rows if row.endswith("/feed")] == ["example.org"]


def test_health_lists_feeds_that_need_the_operator(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now() - timedelta(minutes=1))])
    harness.publish("/sleepy", [Item("b", "Long ago", harness.clock.now() - timedelta(days=400))])
    harness.feed_urls += [harness.feeds.url("/nothing"), harness.feeds.put("/gone", Answer(410))]
    harness.once()
    facts = json.loads(harness.command("feeds", "health", "--json").stdout)
    assert [(Path(one["url"]).name, one["what"]) for one in facts] == [
        ("gone", "gone"), ("nothing", "failing"), ("sleepy", "silent"),
    ]  # fmt: skip
    assert "watcher feeds discover" in facts[1]["detail"]
    rows = [line.split("\t") for line in harness.command("feeds", "health").stdout.splitlines()]
    assert [row[1] for row in rows[1:]] == ["gone", "failing", "silent"]
    assert [row[0] for row in rows[1:]] == ["127.0.0.1", "127.0.0.1", "sleepy"]


def test_health_of_feeds_that_are_well(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now())])
    harness.once()
    done = harness.command("feeds", "health")
    assert (done.returncode, done.stdout) == (0, "")


def shown(site: Harness, url: str) -> dict[str, str]:
    """What `feeds show` prints, by label."""
    lines = site.command("feeds", "show", url).stdout.splitlines()
    return {line[:24].strip(): line[24:] for line in lines}


def test_show_prints_all_that_is_remembered_of_a_feed(site: Harness) -> None:
    url = site.feeds.url("/wire")
    before = site.command("feeds", "show", url)
    assert before.returncode == 0, before.stderr
    site.once()
    facts = shown(site, url)
    assert facts["url"] == url
    assert facts["last read"] == facts["known since"]
    assert "failing" not in facts
    told = json.loads(site.command("feeds", "show", url, "--json").stdout)
    assert told["known_since"] == told["last_success_at"] == told["last_polled_at"]
    assert (told["failing_since"], told["reason"], told["not_before"]) == (None, None, None)
    assert told["interval_seconds"] > 0


def test_show_prints_what_a_server_asks_for_and_what_failed(site: Harness) -> None:
    url = site.feeds.put("/wire", Answer(503, {"Retry-After": "3600"}))
    site.once()
    facts = json.loads(site.command("feeds", "show", url, "--json").stdout)
    assert facts["reason"] == PollReason.HTTP_SERVER_ERROR
    assert datetime.fromisoformat(facts["not_before"]) == site.clock.now() + timedelta(hours=1)
    assert facts["last_success_at"] is None
    assert {"failing", "not before"} <= shown(site, url).keys()
    assert PollReason.HTTP_SERVER_ERROR in shown(site, url)["failing"]
    assert site.command("feeds", "show", site.feeds.url("/wire").removeprefix("http://")).returncode == 0
    unknown = site.command("feeds", "show", "https://example.org/unknown")
    assert (unknown.returncode, "watcher feeds list" in unknown.stderr) == (2, True)


def test_show_prints_a_permanent_redirect(site: Harness) -> None:
    site.publish("/new", [Item("a", "Ceasefire agreed", site.clock.now())])
    url = site.feeds.redirect("/wire", site.feeds.url("/new"), 301)
    for polls in (1, 2, 3):
        site.once()
        assert json.loads(site.command("feeds", "show", url, "--json").stdout)["moved_to"] == site.feeds.url("/new")
        facts = shown(site, url)
        if polls < 3:
            assert str(polls) in facts["redirected"].split()
        site.clock.advance(timedelta(hours=1))
    assert site.feeds.url("/new") in facts["moved for good"]


LIST = """<opml version="2.0"><body>
<outline text="A" xmlUrl="https://a.example/f" w:label-trust="high" xmlns:w="https://watcher.invalid/opml"/>
<outline text="B" type="rss" xmlUrl="ftp://b.example/f"/>
<outline text="C" xmlUrl="feed://c.example/f"/>
<outline text="C again" xmlUrl="http://c.example/f"/>
</body></opml>"""


def test_an_import_adds_the_good_outlines_and_reports_the_bad_ones(site: Harness) -> None:
    (site.folder / "list.opml").write_text(LIST)
    done = site.command("feeds", "import", "list.opml")
    assert done.returncode == 1
    assert "list.opml:3: " in done.stderr
    assert "--trust-labels" in done.stderr
    assert added(site.folder / "feeds.opml") == [("https://a.example/f", "A", {}), ("http://c.example/f", "C", {})]
    site.command("feeds", "import", "list.opml")
    assert len(added(site.folder / "feeds.opml")) == 2


def test_labels_of_a_trusted_list_are_taken(site: Harness) -> None:
    (site.folder / "list.opml").write_text(LIST)
    site.command("feeds", "import", "list.opml", "--trust-labels")
    assert added(site.folder / "feeds.opml")[0] == ("https://a.example/f", "A", {"trust": "high"})


def test_what_is_no_list_imports_nothing(site: Harness) -> None:
    (site.folder / "list.opml").write_text("<html><body>Sign in</body></html>")
    done = site.command("feeds", "import", "list.opml")
    assert (done.returncode, "list.opml:1: " in done.stderr) == (2, True)
    assert (site.folder / "feeds.opml").read_text() == EMPTY


@pytest.mark.parametrize("words", [["add", "https://example.org/f", "--unasked"], ["import", "list.opml"]])
def test_an_included_list_that_does_not_exist_is_created(site: Harness, words: list[str]) -> None:
    (site.folder / "feeds.opml").unlink()
    (site.folder / "list.opml").write_text(EMPTY.replace("<body/>", f"<body>{GOOD}</body>"))
    checked = site.command("check")
    assert (checked.returncode, "feeds.opml" in checked.stderr + checked.stdout) == (0, True), checked.stderr
    done = site.command("feeds", *words)
    assert done.returncode == 0, done.stderr
    assert len(added(site.folder / "feeds.opml")) == 1


GOOD = '<outline text="Good" xmlUrl="https://good.example/f"/>'


def test_a_bad_outline_in_an_included_list_is_a_warning(site: Harness) -> None:
    bad = '<outline text="Bad" xmlUrl="ftp://bad.example/f"/>'
    (site.folder / "feeds.opml").write_text(EMPTY.replace("<body/>", f"<body>{bad}{GOOD}</body>"))
    checked = site.command("check")
    assert checked.returncode == 0, checked.stderr
    assert 'feed "Bad"' in checked.stderr + checked.stdout
    assert "https://good.example/f" in site.command("feeds", "list").stdout


def test_a_feed_is_found_by_its_title_and_removed(site: Harness) -> None:
    site.command("feeds", "add", site.feeds.url("/news"))
    site.publish("/wire", [Item("a", "Ceasefire agreed", site.clock.now())])
    site.command("once")
    shown = json.loads(site.command("feeds", "show", "wire", "--json").stdout)
    assert shown["url"] == site.feeds.url("/wire")
    done = site.command("feeds", "remove", "Daily")
    assert done.returncode == 0, done.stderr
    assert added(site.folder / "feeds.opml") == []
    own = site.command("feeds", "remove", "wire")
    assert (own.returncode, "config.yaml" in own.stderr) == (2, True)
    unknown = site.command("feeds", "remove", "nothing")
    assert (unknown.returncode, "watcher feeds list" in unknown.stderr) == (2, True)


def test_a_failing_feed_is_polled_now_but_not_against_its_server(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    with FeedServer("127.0.0.2") as other:
        failing = harness.feeds.put("/failing", Answer(500))
        busy = other.put("/busy", Answer(503, {"Retry-After": "3600"}))
        harness.feed_urls += [failing, busy]
        harness.write()
        harness.command("feeds", "poll", failing, busy)
        for server, path in ((harness.feeds, "/failing"), (other, "/busy")):
            server.put(path, rss("Wire", [Item("a", "Ceasefire agreed", harness.clock.now())]))
        done = harness.command("feeds", "poll", failing, busy)
        rows = [line.split("\t")[:2] for line in done.stdout.splitlines()[1:]]
        assert (done.returncode, rows) == (1, [[failing, "fetched"], [busy, "not polled"]]), done.stderr
        forced = harness.command("feeds", "poll", busy, "--force")
        assert (forced.returncode, forced.stdout.splitlines()[1].split("\t")[1]) == (0, "fetched")


def test_json_has_nulls_and_whole_times(harness: Harness) -> None:
    harness.clock.set(datetime.now(UTC))
    harness.feed_urls += [harness.feeds.put("/down", Answer(500))]
    harness.publish("/wire", [Item("a", "Ceasefire agreed", harness.clock.now())])
    harness.write()
    never = json.loads(harness.command("feeds", "list", "--json").stdout)
    assert {one["next_poll_at"] for one in never} == {None}
    harness.once()
    down, wire = json.loads(harness.command("feeds", "list", "--json").stdout)
    assert (wire["failing_since"], wire["possible_gap_at"], wire["reason"]) == (None, None, None)
    assert down["reason"] == PollReason.HTTP_SERVER_ERROR
    assert datetime.fromisoformat(down["failing_since"]).tzinfo is not None
    (issue,) = json.loads(harness.command("feeds", "health", "--json").stdout)
    assert (issue["reason"], issue["since"]) == ("http_server_error", down["failing_since"])
