"""Included files, merge keys and blocks for anchors."""

from __future__ import annotations

from pathlib import Path

from watcher.config.load import Reading, problem_of_topic, read_settings
from watcher.match.percolator import compile_topics

MAIN = """
include: [conf.d/*.yaml]
feeds: [https://a.example/feed]
vocabulary: {prisons: [prison]}
topics:
  - {name: one, terms: {3: [ceasefire]}}
"""


def read(folder: Path, main: str, **files: str) -> Reading:
    (folder / "conf.d").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "conf.d" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "config.yaml").write_text(main, encoding="utf-8")
    return read_settings(folder / "config.yaml", env={}, secrets="defer")


def said(folder: Path, reading: Reading) -> list[str]:
    return [str(problem).replace(f"{folder}/", "") for problem in reading.problems]


def test_lists_are_joined_in_the_order_of_the_names(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        MAIN,
        b="feeds: [https://c.example/feed]",
        a="feeds: [https://b.example/feed]\nvocabulary: {camps: [camp]}\ntopics: [{name: two, terms: {2: ['@camps', '@prisons']}}]",
        c="polling: {min: 10m}",
        d="# nothing yet",
    )
    assert reading.settings is not None, said(tmp_path, reading)
    assert [feed.url[8] for feed in reading.settings.feeds] == ["a", "b", "c"]
    assert [topic.name for topic in reading.settings.topics] == ["one", "two"]
    assert reading.settings.polling.min.total_seconds() == 600


def test_problems_name_the_file_the_line_and_the_column(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        MAIN,
        a="feeds:\n  - ftp://b.example/feed\nvocabulary: {prisons: [jail]}\n",
        b="include: other.yaml\ntopics:\n  - {name: one, terms: {3: ['@nowhere']}}\n",
        c="feeds: [",
        d="- a list",
    )
    lines = said(tmp_path, reading)
    assert reading.settings is None
    for beginning in (
        "conf.d/a.yaml:2:5: feeds.1: must begin with",
        "conf.d/a.yaml:3:14: vocabulary.prisons: the list is already defined in line 4 of the main file",
        "conf.d/b.yaml:1:1: include: an included file cannot include others",
        "conf.d/c.yaml:",
        "conf.d/d.yaml: must be a mapping",
    ):
        assert any(line.startswith(beginning) for line in lines), (beginning, lines)
    assert "conf.d/b.yaml:3:30" in " ".join(lines), lines


def test_what_is_wrong_inside_a_topic_is_found_in_its_file(tmp_path: Path) -> None:
    reading = read(tmp_path, MAIN, a="topics:\n  - name: two\n    terms: {3: [prison]}\n    require: 'a AND (b'\n")
    (broken,) = compile_topics(reading.topics)[1]
    found = str(problem_of_topic(tmp_path / "config.yaml", *broken))
    assert found.startswith(f"{tmp_path}/conf.d/a.yaml:4:"), found


def test_a_section_is_in_one_file(tmp_path: Path) -> None:
    reading = read(tmp_path, MAIN + "polling: {min: 5m}\n", a="polling: {min: 10m}")
    assert said(tmp_path, reading) == [
        "conf.d/a.yaml:1:1: polling: this section is already in the main file line 7; keep one of them"
    ]


def test_a_plain_name_must_exist_and_a_pattern_need_not(tmp_path: Path) -> None:
    assert read(tmp_path, MAIN).settings is not None
    assert said(tmp_path, read(tmp_path, MAIN.replace("conf.d/*.yaml", "more.yaml")))[0].startswith(
        "more.yaml: cannot be read"
    )
    assert read(tmp_path, MAIN.replace("[conf.d/*.yaml]", "{a: b}")).settings is None


MERGED = """
x-feed: &feed {interval: 15m, labels: {kind: press, region: mena}}
x-more: &more {name: More, interval: 1h}
feeds:
  - {<<: *feed, url: "https://a.example/feed"}
  - {url: "https://b.example/feed", labels: {kind: un}, <<: [*feed, *more]}
"""


def test_merge_keys_bring_in_what_is_not_written_beside_them(tmp_path: Path) -> None:
    reading = read(tmp_path, MERGED)
    assert reading.settings is not None, said(tmp_path, reading)
    first, second = reading.settings.feeds
    assert (first.interval, dict(first.labels)) == (second.interval, {"kind": "press", "region": "mena"})
    assert (second.name, dict(second.labels)) == ("More", {"kind": "un"})


def test_what_cannot_be_merged_is_a_problem(tmp_path: Path) -> None:
    reading = read(tmp_path, MERGED.replace("<<: *feed", "<<: press"))
    assert "<< takes a mapping" in said(tmp_path, reading)[0]
    assert read(tmp_path, MERGED.replace("x-more", "y-more")).settings is None
