from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from tests.harness.certificates import make_certificate
from tests.harness.config_reading import ReadText
from watcher.cli.init import starter_text
from watcher.config.credentials import SecretMode
from watcher.config.load import missing_for_run, problem_of_topic, read_settings
from watcher.errors import Position
from watcher.match.percolator import compile_topics
from watcher.model.secret import Secret
from watcher.model.settings import Network, Polling
from watcher.model.topic import Example, Level, Near, Term, TopicProblem

SHIPPED = Path(__file__).parents[2] / "config.yaml"
ENV = {"SMTP_PASSWORD": "hunter2", "NTFY_URL": "https://ntfy.example/desk"}

TOPIC_ONLY = """\
    vocabulary:
      daesh: [Daesh, ISIS]
      unused: [x]
    topics:
      - name: bombs
        terms:
          3: [car bomb*, "@daesh"]
          1.50: [fuse]
        near: [{any: [bomb*], of: ['@daesh'], within: 5, weight: 2}]
        require: >-
          bomb* OR
          (fuse AND title:x*)
        focus: 4.5
        languages: [en, ar]
        feeds: {region: mena}
        examples: [{text: Car bomb, level: focus}]
"""


def test_the_shipped_configuration_is_whole() -> None:
    reading = read_settings(SHIPPED, env=ENV, secrets="require")

    assert reading.problems == ()
    assert reading.warnings == ()
    settings = reading.settings
    assert settings is not None
    assert missing_for_run(settings) == []
    assert [topic.name for topic in settings.topics] == ["detention-facilities", "ceasefires"]
    assert len(settings.feeds) >= 12
    assert compile_topics(settings.topics)[1] == ()
    for topic in settings.topics:
        assert {example.level for example in topic.examples} >= {Level.FOCUS, Level.NONE}
        assert topic.languages == ("en", "ar", "tr")


def test_without_its_secrets_the_shipped_configuration_only_warns() -> None:
    reading = read_settings(SHIPPED, env={}, secrets="defer")

    assert reading.settings is not None
    assert [warning.path for warning in reading.warnings] == ["smtp.password", "receivers.1.ntfy.url"]
    assert all("is not set" in warning for warning in reading.settings.warnings)


def test_the_starter_is_whole(read_text: ReadText) -> None:
    reading = read_text(starter_text(Path("config.yaml")), env=ENV)

    assert reading.problems == ()
    assert reading.warnings == ()
    assert reading.settings is not None
    assert missing_for_run(reading.settings) == []
    assert compile_topics(reading.topics)[1] == ()


def test_topics_alone_are_a_configuration(read_text: ReadText) -> None:
    reading = read_text(TOPIC_ONLY)

    settings = reading.settings
    assert settings is not None
    assert settings.route is None
    assert settings.smtp is None
    assert settings.polling == Polling()
    assert settings.network == Network()
    [topic] = settings.topics
    assert topic.terms == (Term("car bomb*", 300), Term("@daesh", 300), Term("fuse", 150))
    assert topic.near == (Near(("bomb*",), ("@daesh",), 5, 200),)
    assert topic.require == "bomb* OR (fuse AND title:x*)"
    assert (topic.title, topic.focus, topic.languages) == ("bombs", 450, ("en", "ar"))
    assert topic.feeds == {"region": "mena"}
    assert topic.examples == (Example("Car bomb", Level.FOCUS),)
    assert topic.vocabulary == {"daesh": ("Daesh", "ISIS")}
    assert [str(warning.position and warning.position.line) for warning in reading.warnings] == ["3"]
    assert [problem.path for problem in missing_for_run(settings)] == ["feeds", "receivers", "route"]


@pytest.mark.parametrize(
    ("path", "column", "place"),
    [
        ("terms.3.0", 4, Position(7, 15)),
        ("terms.3.1", 1, Position(7, 24)),
        ("terms.1.5.0", 0, Position(8, 14)),
        ("near.0.of.0", 2, Position(9, 35)),
        ("near.0", None, Position(9, 12)),
        ("require", 0, Position(11, 7)),
        ("require", 19, Position(12, 17)),
        ("focus", None, Position(13, 12)),
        ("vocabulary.daesh.1", 0, Position(2, 18)),
        ("nowhere", None, Position(5, 5)),
    ],
)
def test_a_problem_inside_a_topic_is_reported_at_its_character(
    read_text: ReadText, path: str, column: int | None, place: Position
) -> None:
    [topic] = read_text(TOPIC_ONLY).topics
    problem = problem_of_topic(Path("config.yaml"), topic, TopicProblem(path, "is wrong", column))

    assert problem.position == place
    assert problem.path == (path if path.startswith("vocabulary") else f"topics.0.{path}")


def test_what_the_compiler_says_comes_with_the_line_of_the_file(read_text: ReadText) -> None:
    reading = read_text(TOPIC_ONLY.replace("title:x*", "title:(x"))
    [(topic, problem)] = compile_topics(reading.topics)[1]

    place = problem_of_topic(Path("config.yaml"), topic, problem).position
    assert place is not None
    assert place.line == 12


def test_all_sections(read_text: ReadText, tmp_path: Path) -> None:
    make_certificate(tmp_path).certificate.rename(tmp_path / "ca.pem")
    settings = read_text(
        """
        store: sqlite:///state/alerts.db
        polling: {interval: 20m, min: 0s, max: 2h, backfill: 0s, timeout: 5s, max_bytes: 2MiB,
                  contact: me@example.org, per_host: {concurrency: 4, spacing: 0s}}
        network: {allow: [127.0.0.0/8, "::1/128"], ca_file: ca.pem}
        feeds:
          - https://a.example/feed.xml
          - {url: "http://b.example/feed.xml", name: B, labels: {region: mena}, interval: 10m, headers: {X-Key: {env: KEY}}}
        """,
        env={"KEY": "abc"},
    ).settings

    assert settings is not None
    assert settings.store == f"sqlite:///{tmp_path}/state/alerts.db"
    assert settings.polling.interval == timedelta(minutes=20)
    assert settings.polling.max_bytes == 2 << 20
    assert settings.polling.per_host.spacing == timedelta(0)
    assert settings.network.allow == ("127.0.0.0/8", "::1/128")
    assert settings.network.ca_file == tmp_path / "ca.pem"
    first, second = settings.feeds
    assert (first.url, first.name, first.interval) == ("https://a.example/feed.xml", None, None)
    assert (second.name, second.labels, second.interval) == ("B", {"region": "mena"}, timedelta(minutes=10))
    assert settings.positions["feeds.1"] == Position(8, 5)


@pytest.mark.parametrize(
    ("written", "env", "final"),
    [
        ("", {}, "sqlite:///{folder}/watcher.db"),
        ("store: sqlite:///a/b.db?timeout=5", {}, "sqlite:///{folder}/a/b.db?timeout=5"),
        ("store: sqlite:////srv/watcher.db", {}, "sqlite:////srv/watcher.db"),
        ("store: sqlite:///b.db", {"STATE_DIRECTORY": "/var/lib/watcher:/var/lib/other"}, "sqlite:////var/lib/watcher/b.db"),
    ],
)  # fmt: skip
def test_where_the_store_lies(
    read_text: ReadText, tmp_path: Path, written: str, env: dict[str, str], final: str
) -> None:
    settings = read_text(f"{written}\npolling: {{min: 5m}}\n", env=env).settings
    assert settings is not None
    assert settings.store == final.format(folder=tmp_path)


SERVER = "postgresql+psycopg://watcher:hunter2@db.example.org/watcher"


@pytest.mark.parametrize("secrets", ["require", "defer"])
@pytest.mark.parametrize("written", [f"store: {SERVER}", "store: {env: STORE}"])
def test_the_address_of_a_server_is_a_secret_that_every_command_has(
    read_text: ReadText, written: str, secrets: SecretMode
) -> None:
    settings = read_text(f"{written}\npolling: {{min: 5m}}\n", env={"STORE": SERVER}, secrets=secrets).settings
    assert settings is not None
    assert isinstance(settings.store, Secret)
    assert settings.store.reveal() == SERVER
    assert "hunter2" not in f"{settings!r} {settings.store}"


def test_a_file_named_by_a_secret_lies_beside_the_configuration(read_text: ReadText, tmp_path: Path) -> None:
    settings = read_text("store: {env: STORE}\npolling: {min: 5m}\n", env={"STORE": "sqlite:///x.db"}).settings
    assert settings is not None
    assert settings.store == f"sqlite:///{tmp_path}/x.db"


def test_a_missing_address_is_a_problem_where_it_is_needed(read_text: ReadText) -> None:
    text = "store: {env: STORE}\npolling: {min: 5m}\n"
    assert "STORE is not set" in str(read_text(text, secrets="require").problems[0])
    settings = read_text(text, secrets="defer").settings
    assert settings is not None
    assert "STORE is not set" in settings.warnings[0]


@pytest.mark.parametrize(
    "url", ["postgresql://ana:hunter2@db/x", "mysql://ana:hunter2@db/x", "sqlite:///:memory:hunter2"]
)
def test_a_wrong_address_from_a_secret_is_not_repeated(read_text: ReadText, url: str) -> None:
    (problem,) = read_text("store: {env: STORE}\npolling: {min: 5m}\n", env={"STORE": url}).problems
    assert (problem.path, "hunter2" in str(problem)) == ("store", False)


def test_sections_with_nothing_but_comments_are_absent(read_text: ReadText) -> None:
    reading = read_text(
        "polling:\n  # min: 5m\nnetwork:\nfeeds:\ntopics:\nvocabulary:\nsmtp:\nreceivers:\nroute:\nstore:\n"
    )
    assert reading.problems == ()
    assert reading.settings is not None
    assert reading.settings.route is None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    [problem] = read_settings(tmp_path / "none.yaml", env={}, secrets="defer").problems
    assert "watcher init" in problem.message


def test_topics_that_no_feed_can_reach_and_receivers_that_no_route_reaches(read_text: ReadText) -> None:
    reading = read_text(
        """
        feeds: [{url: "https://a.example/feed.xml", labels: {region: asia}}]
        topics:
          - {name: bombs, terms: {3: [bomb*]}, feeds: {region: mena}}
          - {name: fires, terms: {3: [fire*]}, feeds: {region: asia}}
        receivers:
          - {name: desk, slack: {url: "https://chat.example/a"}}
          - {name: attic, slack: {url: "https://chat.example/b"}}
        route: {receiver: desk}
        """
    )
    assert [warning.path for warning in reading.warnings] == ["topics.0.feeds", "receivers.1.name"]


def test_opml_joins_the_feeds_and_the_file_itself_wins(read_text: ReadText, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(
        '<opml version="2.0"><body><outline text="Asia">'
        '<outline text="A" xmlUrl="https://a.example/feed.xml"/>\n<outline text="B" xmlUrl="https://b.example/feed.xml"/>'
        "</outline></body></opml>"
    )
    reading = read_text(
        """
        feeds:
          - {opml: feeds.opml, labels: {desk: syria}, interval: 1h}
          - {url: "https://b.example/feed.xml", name: Own}
        """
    )
    settings = reading.settings
    assert settings is not None
    assert {feed.url: (feed.name, dict(feed.labels)) for feed in settings.feeds} == {
        "https://b.example/feed.xml": ("Own", {}),
        "https://a.example/feed.xml": ("A", {"folder": "Asia", "desk": "syria"}),
    }
    [warning] = reading.warnings
    assert str(warning).startswith(f"{tmp_path}/feeds.opml:2:1: ")


def test_digests_are_read_into_times(read_text: ReadText) -> None:
    settings = read_text(
        """
        receivers: [{name: desk, slack: {url: "https://chat.example/a"}}]
        route: {receiver: desk, digest: {at: ["18:30", "07:00", "07:00"], zone: Asia/Tokyo, days: [sun, mon], min: 3}}
        """
    ).settings
    assert settings is not None
    assert settings.route is not None
    plan = settings.route.timing
    assert getattr(plan, "at", None) == (time(7), time(18, 30))
    assert getattr(plan, "days", None) == ("sun", "mon")
    assert getattr(plan, "min", None) == 3


def test_one_weight_in_two_spellings_is_one_list(read_text: ReadText) -> None:
    [topic] = read_text("topics: [{name: bombs, terms: {3: [bomb*], 3.0: [fuse]}}]").topics
    assert topic.terms == (Term("bomb*", 300), Term("fuse", 300))
    assert topic.positions["terms.3.1"] == Position(1, 50)
