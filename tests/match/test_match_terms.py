"""Terms mean what their authors mean: `terms.jsonl` has for each term texts that have it, and texts that do not."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from watcher.match.percolator import Percolator
from watcher.model.entry import Entry
from watcher.model.topic import Term, Topic
from watcher.search.text import beginnings_of_forms, is_form_of
from watcher.text.fold import fold

ROWS = [json.loads(line) for line in (Path(__file__).parent / "terms.jsonl").read_text(encoding="utf-8").splitlines()]
KINDS = sorted({row["kind"] for row in ROWS})


@cache
def percolator() -> Percolator:
    """One topic for each row, in one index, as in a configuration."""
    return Percolator(
        [
            Topic(str(number), "", (Term(row["term"], 500),), languages=tuple(row["languages"]))
            for number, row in enumerate(ROWS)
        ]
    )


def is_found(number: int, text: str) -> bool:
    title, _, content = text.partition("\n")
    return str(number) in {match.topic for match in percolator().percolate(Entry("", "", title, content=content))}


@pytest.mark.parametrize("kind", KINDS)
def test_a_term_is_found_in_its_texts_and_in_no_others(kind: str) -> None:
    rows: list[tuple[int, dict[str, Any]]] = [(n, row) for n, row in enumerate(ROWS) if row["kind"] == kind]
    missed = [(row["term"], text) for number, row in rows for text in row["found"] if not is_found(number, text)]
    wrong = [(row["term"], text) for number, row in rows for text in row["not"] if is_found(number, text)]
    assert (missed, wrong) == ([], [])


def test_the_search_for_a_word_looks_at_all_its_irregular_forms() -> None:
    pairs = [("سجن", "سجون", "ar"), ("كتيبة", "كتائب", "ar"), ("قاعدة", "قواعد", "ar"), ("سلاح", "أسلحة", "ar")]
    pairs += [("беженец", "беженцы", "ru"), ("боец", "бойцов", "ru")]
    pairs += [("в'язень", "в'язнів", "uk"), ("табір", "табору", "uk")]
    pairs += [
        ("gunman", "gunmen", "en"),
        ("wolf", "wolves", "en"),
        ("crisis", "crises", "en"),
        ("unite", "united", "en"),
        ("severe", "severity", "en"),
        ("important", "importance", "en"),
        ("juez", "jueces", "es"),
    ]
    pairs += [("zakładnik", "zakładnicy", "pl"), ("پناهنده", "پناهندگان", "fa"), ("אסיר", "אסירים", "he")]
    for word, form, language in pairs:
        wanted, folded = fold(word.replace("'", "")), fold(form.replace("'", ""))
        assert is_form_of(folded, wanted, (language,)), form
        assert folded.startswith(beginnings_of_forms(wanted, (language,))), form
