"""Texts and queries that mean harm, against the matcher: a text costs one topic at most 100 ms, a query is refused or
understood within 100 ms. CPU time, the best of three, each with a percolator that has never met a word of the text.

Topics that all match are paid for each: the milliseconds that one of 1,000 costs are told, without a bar.

    python -m tests.hostile.texts [--topics 1000]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice, permutations, product
from string import ascii_lowercase

from watcher.match.compile import CompiledTopic, compile_topic
from watcher.match.percolator import Percolator
from watcher.model.entry import Entry
from watcher.model.topic import Near, Term, Topic

BAR = 100.0
"""Milliseconds."""
ROUNDS = 3
_MEGABYTE = 1_000_000
"""Characters."""
_WORDS = (
    "a", "b", "a b", "b a", "a b c", "a-b", "a-b-c-d-e-f", "c d e", "prison", "prison*", "detain*", "detention facilit*",
    "al-Hol camp", "cease-fire", "=WHO", "=A", "aaa*", "aaa* aaa* aaa*", "é", "aab*", "aba*", "aaaa", "title", "big title",
    "السجن", "سجن*", "الهدنة", "وقف إطلاق النار", "مخيم الهول", "中", "中文", "文中", "中文中文中文", "hapishane", "ateşkes*",
    "cezaevi", "mahkûm", "kamp*", "tutuklu", "@daesh",
)  # fmt: skip
_DAESH = ("Daesh", "ISIS", "Islamic State", "داعش", "تنظيم الدولة", "IŞİD")
_FORTY = 40


def worst_topic(number: int = 0) -> Topic:
    """Forty terms, all of which the texts have, pairs of the most frequent, conditions that are never decided early."""
    pairs = (
        Near(("a", "aaa*", "prison", "中"), ("b", "title", "السجن", "文"), 100, 300),
        Near(("a", "b", "c"), ("d", "e", "f"), 50, 200),
        Near(("a b", "中文"), ("b a", "文中"), 10, 200),
    )
    several = " OR ".join(f"@daesh NEAR/100 {word}" for word in ("a", "b", "prison*", "中", "السجن"))
    return Topic(
        f"worst-{number}",
        "",
        tuple(Term(text, (300, 200, 150, 100)[at % 4]) for at, text in enumerate(_WORDS[:_FORTY])),
        near=pairs,
        require="nowhere OR lang:xx OR (a OR b OR 中 OR aaa* OR prison OR السجن OR title OR é) OR @daesh OR NOT zebra",
        exclude=f"((a OR aaa* OR 中) NEAR/100 zebra) OR ({several}) AND zebra",
        languages=("en", "ar", "tr"),
        vocabulary={"daesh": _DAESH},
    )


def hostile_texts() -> Iterator[tuple[str, Entry]]:
    """Each kind of text with its name."""

    def entry(content: str, title: str = "A big title", **more: str) -> Entry:
        return Entry("1", "", title, content=content, **more)

    def filled(piece: str, length: int = _MEGABYTE) -> str:
        return (piece * (length // len(piece) + 1))[:length]

    yield "1 MB of one token", entry("a" * _MEGABYTE)
    yield "1 MB of one word", entry(filled("prison "))
    yield "1 MB of combining marks on one letter", entry("e" + "\u0301" * _MEGABYTE)
    yield "1 MB of combining marks out of order", entry("e" + filled("\u0301\u0323"))
    yield "marks out of order, 79 a word", entry(filled("e" + "\u0301\u0323" * 39 + " "))
    yield "100,000 distinct words", entry(" ".join(_distinct(100_000)))
    yield "100,000 distinct words with accents", entry(" ".join(f"é{word}" for word in _distinct(100_000)))
    yield (
        "100,000 distinct long words",
        entry(" ".join(f"{word}detainmentprisonlerinden" for word in _distinct(40_000))),
    )
    yield "distinct words of the topic", entry(" ".join(f"prison{word}" for word in _distinct(100_000)))
    yield "every term of the topic, again and again", entry(filled(" ".join((*_WORDS, *_DAESH, " ")).replace("*", "")))
    yield "near pairs: a b a b", entry(filled("a b "))
    yield "near pairs: a × n, b × n", entry("a " * 10_000 + "b " * 10_000)
    yield "near pairs: a × 100, b × 100, again", entry(filled("a " * 100 + "b " * 100))
    yield "joined pieces: a-b-c-d-e-f", entry(filled("a-b-c-d-e-f "))
    yield (
        "joined pieces, distinct",
        entry(" ".join("-".join(six) for six in islice(permutations(ascii_lowercase, 6), 90_000))),
    )
    yield "joined pieces: aaa-aaa-aaa-aaa-aaa-aaa", entry(filled("aaa-aaa-aaa-aaa-aaa-aaa "))
    yield "joined pieces without a space", entry(filled("a-b-c-d-e-f,"))
    yield "one compound of 1 MB", entry(filled("a-b-"))
    yield "hyphens and apostrophes only", entry(filled("-'\u2019\u2010"))
    yield "hyphens and apostrophes apart", entry(filled("- ' \u2019 \u2010 "))
    yield "Arabic words with all prefixes, distinct", entry(" ".join(_arabic(100_000)))
    yield "Chinese without spaces", entry(filled("中文中中文文"))
    yield (
        "Chinese, distinct stretches",
        entry(" ".join(f"中文{chr(0x4E00 + n % 20_000)}{chr(0x4E00 + n // 20_000)}" for n in range(200_000))),
    )
    yield "ligatures that grow when folded", entry(filled("\ufdfa "))
    yield "ligatures without a space", entry("\ufdfa" * _MEGABYTE)
    yield "distinct words of 80 capitals", entry(" ".join(word.upper().rjust(80, "İ") for word in _distinct(12_000)))
    yield "a huge title", entry("a b", filled("a big title b prison "))
    yield "title and body alike but for the end", entry(filled("a b ") + "c", filled("a b ") + "d")
    yield "a summary almost contained", entry(filled("a"), summary=filled("a", _MEGABYTE // 2) + "b")
    yield "100,000 spaces in a row, again", entry(filled(" " * 100_000 + "a"))


def _distinct(count: int) -> Iterator[str]:
    return islice(map("".join, product(ascii_lowercase, repeat=5)), 0, count * 17, 17)


def _arabic(count: int) -> Iterator[str]:
    letters = "سجنهدمخيقطرعصثح"
    roots = map("".join, product(letters, repeat=4))
    prefixes = ["".join(some) for some in product(("", "و", "ف"), ("", "ب", "ك", "ل"), ("", "ال"))]
    return islice(
        (
            prefix + root + ending
            for root in roots
            for prefix, ending in zip(prefixes, ("ها", "ين", "ات") * 8, strict=True)
        ),
        count,
    )


def hostile_queries() -> Iterator[tuple[str, str]]:
    """Each kind of query with its name."""
    words = list(_distinct(10_000))
    yield "10,000 nested parentheses", "(" * 10_000 + "a" + ")" * 10_000
    yield "50 nested parentheses, again and again", ("(" * 50 + "a" + ")" * 50 + " ") * 190
    yield "10,000 parentheses never closed", "(" * 10_000
    yield "10,000 words joined by OR", " OR ".join(words)
    yield "1,000 words joined by OR", " OR ".join(words[:1_000])
    yield "a chain of NEAR", " NEAR/100 ".join(words[:1_000])
    yield (
        "500 pairs with NEAR",
        " AND ".join(f"{one} NEAR/100 {other}" for one, other in zip(words[:500], words[500:1_000], strict=True)),
    )
    yield "NEAR of two groups of 500", f"({' OR '.join(words[:500])}) NEAR/100 ({' OR '.join(words[500:1_000])})"
    yield "a chain of NOT", "NOT " * 4_900 + "a"
    yield "NOT of parentheses", "NOT (" * 49 + "a" + ")" * 49
    yield "1 MB query", "a OR " * 200_000
    yield "1 MB of one word", "a" * _MEGABYTE
    yield "many stars", "*" * 19_000
    yield "many starred words", " ".join(f"{word}*" for word in words[:1_000])
    yield "a word of stars", "a*" * 9_000
    yield "hyphens in one phrase", '"' + "a-b " * 74 + '"'
    yield "phrases of hyphens", " OR ".join('"' + "a-b " * 20 + '"' for _ in range(200))
    yield "quotes never closed", '"a ' * 6_666
    yield "colons", "a:" * 9_999
    yield "carets", "a^1" * 6_666
    yield "spaces", " " * 19_999 + "a"
    yield "a regex that backtracks", "(a+)+$ " + "a" * 10_000 + "!"
    yield "combining marks", "e" + "\u0301\u0323" * 9_999


def hostile_terms() -> Iterator[tuple[str, str]]:
    """Each kind of term with its name."""
    yield "term: 1 MB of one word", "a" * _MEGABYTE
    yield "term: hyphens in each of 75 words", "a-b " * 75
    yield "term: hyphens in ten words", "a-b " * 10
    yield "term: 300 stars", "*" * 300
    yield "term: marks out of order", "e" + "\u0301\u0323" * 149


def milliseconds(work: Callable[[], object]) -> float:
    """CPU time of one run."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1_000


def cost_of_text(compiled: CompiledTopic, entry: Entry) -> tuple[float, bool]:
    """Best of the rounds, each with a percolator without caches, and whether the topic was reached."""
    rounds = [Percolator([compiled]) for _ in range(ROUNDS)]
    best = min(milliseconds(lambda ready=ready: ready.percolate(entry)) for ready in rounds)
    return best, bool(rounds[0].percolate(entry))


def cost_of_many(percolator: Percolator, entry: Entry) -> tuple[float, int]:
    """Best of the rounds for all topics at once, and how many were reached."""
    matched = len(percolator.percolate(entry))
    return min(milliseconds(lambda: percolator.percolate(entry)) for _ in range(ROUNDS)), matched


def judge_texts(count: int) -> list[str]:
    """Prints a line for each text; the names of those that cost too much."""
    one = compiled(worst_topic())
    many = Percolator([compiled(worst_topic(number)) for number in range(count)]) if count else None
    late: list[str] = []
    print(f"{'text':45} {'one topic':>12}   {f'{count:,} topics':>13}   a matching topic")
    for name, entry in hostile_texts():
        cost, reached = cost_of_text(one, entry)
        line = f"{name:45} {cost:9.1f} ms {'+' if reached else ' '}"
        if many is not None:
            all_cost, matched = cost_of_many(many, entry)
            line += f" {all_cost:11.1f} ms   " + (f"{all_cost / matched:.2f} ms" if matched else "none matches")
        print(line + _verdict(cost), flush=True)
        if cost > BAR:
            late.append(name)
    return late


def judge_queries() -> list[str]:
    """Prints a line for each query and term; the names of those that cost too much."""
    late: list[str] = []
    print(f"\n{'query or term':45} {'':>12}   outcome")
    for name, text in chain(hostile_queries(), hostile_terms()):
        topic = Topic("q", "", (Term("a", 100),), require=text, languages=("en", "ar", "tr"))
        if name.startswith("term"):
            topic = Topic("q", "", (Term(text, 100),), languages=("en", "ar", "tr"))
        cost = min(milliseconds(lambda topic=topic: _understand(topic)) for _ in range(ROUNDS))
        print(f"{name:45} {cost:9.1f} ms   {_outcome(topic)}{_verdict(cost)}", flush=True)
        if cost > BAR:
            late.append(name)
    return late


def compiled(topic: Topic) -> CompiledTopic:
    """A topic of this file, which has no problems."""
    result = compile_topic(topic)
    if not isinstance(result, CompiledTopic):
        raise ValueError(f"the worst topic is refused: {result}")
    return result


def _understand(topic: Topic) -> object:
    """All that a query costs until it stands in an index and is asked once."""
    result = compile_topic(topic)
    return Percolator([result]).percolate(Entry("1", "", "a b")) if isinstance(result, CompiledTopic) else result


def _outcome(topic: Topic) -> str:
    result = compile_topic(topic)
    if isinstance(result, CompiledTopic):
        return "understood"
    message = result[0].message
    return f"refused: {message if len(message) < 60 else f'… {message[-56:]}'}"


def _verdict(cost: float) -> str:
    return "" if cost <= BAR else f"   MISSED: more than {BAR:.0f} ms"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--topics",
        type=int,
        default=0,
        help="topics that all match, beside one; a hundred take a minute, a thousand many",
    )
    options = arguments.parse_args()
    late = judge_queries() + judge_texts(options.topics)
    print(f"\n{len(late)} missed the bar of {BAR:.0f} ms{': ' + '; '.join(late) if late else ''}")
    sys.exit(1 if late else 0)


if __name__ == "__main__":
    main()
