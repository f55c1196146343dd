"""Does one event become one story? Recall and false merges on copies made from real entries, and the speed.

    python bench/stories.py [--corpus FOLDER] [--originals N] [--window N] [--skip-speed] [--seed N]

Copies: boilerplate added, cut to half, 15 % of the words edited, a new headline, either half of the text. Among them
unrelated real entries and traps: texts from one template that differ in numbers, places and dates, and the kinds of
`tests/story/traps.py`, of which not one may be folded. Beside ours, on the same entries: MinHash (64 permutations, estimated
Jaccard, all pairs) and the ratio of titles (all pairs).
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from tests.story.traps import Report, traps
from watcher.errors import ParseError
from watcher.model.entry import Entry, Identified
from watcher.model.feed import Feed
from watcher.model.story import Kinship, Sketch, StoryMember
from watcher.parse.document import parse_document
from watcher.story.assign import StoryAssigner
from watcher.story.sketch import sketch_of
from watcher.story.words import words_of

START = datetime(2026, 5, 4, tzinfo=UTC)
LEAST_WORDS = 25
RECALL_BAR, FALSE_BAR = 0.97, 0.002
SPEED_BAR = 1_000
BOILERPLATE = (
    "ANKARA (Reuters) - {text} Reporting by Ayşe Kaya; Editing by John Smith. Read more: our full coverage.",
    "{text}\nPhoto: Getty Images\nSubscribe to our newsletter for more stories like this.\n© 2026 All rights reserved.",
    "{text}\nThe post {title} appeared first on The Daily Example.",
    "Advertisement\n{text}\nFollow us on social media and share this story with your friends.",
)
TRAPS = (
    "The national weather service expects {a} degrees and winds of {b} kilometres an hour in {place} on {day}, with rain "
    "in the evening. Residents are asked to stay indoors and to keep away from the coast until the warning is lifted.",
    "The main share index closed at {c} points on {day}, {a} points higher than the day before. The currency stood at {b} "
    "to the dollar, and traders in {place} said that they expected a quiet week ahead of the decision of the central bank.",
    "At least {a} people were killed and {b} wounded when a bomb exploded in {place} on {day}, officials said. Nobody "
    "claimed responsibility for the attack, and the security forces sealed off the area and searched passing vehicles.",
    "An earthquake of magnitude {b} struck {a} kilometres north of {place} on {day} at a depth of {c} metres. There were "
    "no immediate reports of damage or casualties, and no tsunami warning was issued, the geological survey said.",
    "Police in {place} detained {a} people on {day} during a protest against rising prices, the governor said in a "
    "statement. Shops remained closed and schools will open again as soon as the situation allows it, he added.",
)
PLACES = "Hasakah Raqqa Aleppo Idlib Mosul Kirkuk Ankara Izmir Adana Beirut Amman Tripoli".split()  # noqa: SIM905
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
CORPUS = Path(os.environ.get("WATCHER_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))


class Sample(NamedTuple):
    """An entry and the truth about it: entries of one event share it. `kind` is how it was made."""

    entry: Identified
    event: str
    kind: str


def real_entries(corpus: Path) -> list[Entry]:
    """Entries of the feeds and the reports, with at least 25 words, every text once."""
    found: dict[str, Entry] = {}
    for path in sorted((corpus / "feeds").glob("*")):
        try:
            parsed = parse_document(path.read_bytes(), url=f"https://{path.stem}.example/feed", headers={})
        except ParseError:
            continue
        for entry in parsed.entries:
            text = entry.content or entry.summary
            if len(text.split()) >= LEAST_WORDS:
                found.setdefault(text, replace(entry, summary=text, content=""))
    with (corpus / "muc-dev.jsonl").open(encoding="utf-8") as lines:
        for report in map(json.loads, lines):
            link = f"https://reports.example/{report['id'].lower()}"
            found.setdefault(report["content"], Entry(report["id"], link, report["title"], report["content"]))
    return list(found.values())


class Maker:
    """Makes copies, each from a publisher of its own, and traps. With `apart` nothing shares its publisher: no
    help from the rule that two entries of one publisher need more agreement.
    """

    def __init__(self, entries: Sequence[Entry], seed: int, *, apart: bool) -> None:
        self.apart = apart
        self.random = random.Random(seed)
        self.entries = entries
        self.vocabulary = [word for entry in entries for word in entry.summary.split()[:60]]
        self._made = 0

    def sample(self, entry: Entry, event: str, kind: str) -> Sample:
        self._made += 1
        is_own = not self.apart and kind in ("original", "unrelated", "trap")
        link = entry.link if is_own else f"https://publisher{self._made}.example/{self._made}"
        return Sample(Identified(f"{self._made:032x}", replace(entry, link=link), None, "", ""), event, kind)

    def copies(self, entry: Entry) -> Iterable[tuple[str, Entry]]:
        words = entry.summary.split()
        half = len(words) // 2
        template = self.random.choice(BOILERPLATE)
        headline = " ".join(self.random.sample(self.vocabulary, 8))
        yield "boilerplate", replace(entry, summary=template.format(text=entry.summary, title=entry.title))
        yield "truncated", replace(entry, summary=" ".join(words[:half]), title=headline)
        yield "edited", replace(entry, summary=" ".join(self.edited(words)), title=headline)
        yield "headline", replace(entry, title=headline)
        yield "first half", replace(entry, summary=" ".join(words[:half]))
        yield "second half", replace(entry, summary=" ".join(words[half:]), title=headline)

    def edited(self, words: Sequence[str]) -> list[str]:
        return [self.random.choice(self.vocabulary) if self.random.random() < 0.15 else word for word in words]

    def trap(self) -> Entry:
        figures = {
            "a": self.random.randint(3, 99), "b": f"{self.random.randint(2, 60)}.{self.random.randint(1, 9)}",
            "c": f"{self.random.randint(1, 20)},{self.random.randint(100, 999)}",
            "place": self.random.choice(PLACES), "day": self.random.choice(DAYS),
        }  # fmt: skip
        template = self.random.choice(TRAPS)
        return Entry("", "https://bulletins.example/", f"Bulletin for {figures['place']}", template.format(**figures))


def make(entries: Sequence[Entry], originals: int, seed: int, *, apart: bool = False) -> list[Sample]:
    """Originals first, then everything that came after them, shuffled."""
    maker = Maker(entries, seed, apart=apart)
    chosen = maker.random.sample(list(entries), min(len(entries), originals))
    taken = {id(entry) for entry in chosen}
    unrelated = [entry for entry in entries if id(entry) not in taken]
    first = [maker.sample(entry, f"event {number}", "original") for number, entry in enumerate(chosen)]
    later = [
        maker.sample(copy, f"event {number}", kind)
        for number, entry in enumerate(chosen)
        for kind, copy in maker.copies(entry)
    ]
    later += [maker.sample(entry, f"unrelated {number}", "unrelated") for number, entry in enumerate(unrelated)]
    later += [maker.sample(maker.trap(), f"trap {number}", "trap") for number in range(len(chosen))]
    maker.random.shuffle(later)
    return first + later


class Window:
    """Entries as a store finds them again, in memory: of each story the first entry that has a hash."""

    def __init__(self) -> None:
        self.assigner = StoryAssigner()
        self.members: list[StoryMember] = []
        self._posted: dict[int, dict[str, int]] = {}
        self._of: dict[str, str] = {}

    def fold(self, sketch: Sketch, now: datetime) -> tuple[str, Kinship]:
        """The entry into which this one is folded, itself when it is none's copy."""
        postings = {value: list(self._posted.get(value, {}).values()) for value in sketch.hashes}
        chosen = self.assigner.candidates(sketch, postings)
        members = [self.members[number] for number in chosen]
        placement = self.assigner.place(sketch, members, now)
        begun_at = next((member.begun_at for member in members if member.story == placement.story), now)
        for value in sketch.hashes:
            self._posted.setdefault(value, {}).setdefault(placement.story, len(self.members))
        self.members.append(StoryMember(placement.story, sketch, begun_at, now))
        into = self._of[placement.of] if placement.kinship is Kinship.COPY and placement.of else sketch.entry_key
        self._of[sketch.entry_key] = into
        return into, placement.kinship


def ours(samples: Sequence[Sample]) -> list[str]:
    """For each sample the entry into which it is folded."""
    window, moments = Window(), (START + timedelta(seconds=number) for number in count())
    return [window.fold(sketch_of(sample.entry, Feed("")), now)[0] for sample, now in zip(samples, moments)]  # noqa: B905


def wrongly_folded() -> bool:
    """Goes through every trap; prints how many of each kind were folded, and says whether any was."""
    total, wrong = Counter[str](), Counter[str]()
    for number, (kind, reports) in enumerate(traps()):
        window = Window()
        for place, report in enumerate(reports):
            total[kind] += 1
            into, _ = window.fold(
                trap_sketch(report, f"{number:016x}{place:016x}", place), START + place * report.after
            )
            wrong[kind] += not into.endswith(f"{place:016x}")
    print("traps          " + ", ".join(f"{kind} wrong {wrong[kind]}/{total[kind]}" for kind in total))
    return bool(wrong.total())


def trap_sketch(report: Report, key: str, place: int) -> Sketch:
    host = report.publisher or f"publisher{place}.example"
    published = START + place * report.after
    entry = Entry("", f"https://{host}/{place}", report.title, report.text, published=published)
    return sketch_of(Identified(key, entry, None, "", ""), Feed(f"https://{host}/feed"))


def pairwise(
    samples: Sequence[Sample], prepare: Callable[[Entry], object], similar: Callable[[object, object], bool]
) -> list[str]:
    """Each sample joins the first earlier one that is similar to it."""
    prepared: list[tuple[object, str]] = []
    stories = []
    for number, sample in enumerate(samples):
        mine = prepare(sample.entry.entry)
        story = next((story for other, story in prepared if similar(mine, other)), str(number))
        prepared.append((mine, story))
        stories.append(story)
    return stories


def minhash(entry: Entry) -> tuple[int, ...]:
    words = words_of(entry.summary)
    hashes = [crc32(b" ".join(words[n : n + 3])) for n in range(max(1, len(words) - 2))]
    return tuple(min((value * a + b) % _PRIME for value in hashes) for a, b in _PERMUTATIONS)


_PRIME = (1 << 61) - 1
_PERMUTATIONS = [(random.Random(n).randrange(1, _PRIME), random.Random(~n).randrange(_PRIME)) for n in range(64)]


def similar_minhash(one: object, other: object) -> bool:
    return sum(a == b for a, b in zip(one, other, strict=True)) >= 20  # type: ignore[call-overload]


def similar_title(one: object, other: object) -> bool:
    matcher = difflib.SequenceMatcher(None, one, other)  # type: ignore[arg-type]
    return matcher.real_quick_ratio() >= 0.85 and matcher.quick_ratio() >= 0.85 and matcher.ratio() >= 0.85


def really_one(one: Entry, other: Entry) -> bool:
    """Whether two real entries are copies in fact: half of the shorter one's shingles stand in the other."""
    texts = (words_of(one.summary), words_of(other.summary))
    sets = [{tuple(words[n : n + 3]) for n in range(len(words) - 2)} for words in texts]
    smaller = min(len(each) for each in sets)
    return bool(smaller) and len(sets[0] & sets[1]) >= smaller / 2


def judge(name: str, samples: Sequence[Sample], stories: Sequence[str]) -> tuple[float, float]:
    """Recall over copies; false merges over all: entries in a story that was begun by another event."""
    event_of: dict[str, Sample] = {}
    found, total, wrong = Counter[str](), Counter[str](), Counter[str]()
    story_of_event: dict[str, str] = {}
    for sample, story in zip(samples, stories, strict=True):
        beginner = event_of.setdefault(story, sample)
        home = story_of_event.setdefault(sample.event, story)
        total[sample.kind] += 1
        is_trap = "trap" in (sample.kind, beginner.kind)
        if beginner.event != sample.event and (is_trap or not really_one(sample.entry.entry, beginner.entry.entry)):
            wrong[sample.kind] += 1
        elif sample.kind not in ("original", "unrelated", "trap"):
            found[sample.kind] += story == home
    copies = sum(total[kind] for kind in found)
    recall, false = sum(found.values()) / copies, sum(wrong.values()) / len(samples)
    print(f"{name:14} recall {recall:.4f}   false merges {false:.4f}   entries {len(samples)}")
    parts = [f"{kind} {found[kind] / total[kind]:.3f}" for kind in total if kind in found]
    parts += [f"{kind} wrong {wrong[kind]}/{total[kind]}" for kind in total if wrong[kind]]
    print("               " + ", ".join(parts))
    return recall, false


class Material(NamedTuple):
    """What the speed is measured with, small enough to hand to a process of its own."""

    words: list[str]
    lengths: list[int]
    samples: list[Identified]


def material(entries: Sequence[Entry], samples: Sequence[Sample], seed: int) -> Material:
    chance = random.Random(seed)
    words = [word for entry in entries for word in entry.summary.split()]
    lengths = [min(400, len(entry.summary.split())) for entry in entries]
    chosen = [sample.entry for sample in chance.sample(samples, min(2_000, len(samples)))]
    return Material(chance.sample(words, min(50_000, len(words))), lengths, chosen)


def filler(given: Material, number: int, chance: random.Random) -> Sketch:
    """An unrelated text as long as a real one: words of the corpus in the frequency in which they occur there."""
    title, text = (" ".join(chance.choices(given.words, k=k)) for k in (9, chance.choice(given.lengths)))
    entry = Entry("", f"https://filler{number % 900}.example/", title, text)
    return sketch_of(Identified(f"{number:032x}", entry, None, "", ""), Feed(""))


def speed(given: Material, size: int) -> float:
    """Entries assigned in a second of processor time beside `size` others."""
    window, chance = Window(), random.Random(1)
    for number in range(size):
        window.fold(filler(given, number, chance), START + timedelta(seconds=number))
    now = START + timedelta(seconds=size)
    words, tokenised = _timed(lambda item: len(words_of(item.entry.summary)), given.samples)
    sketches, sketched = _timed(lambda item: sketch_of(item, Feed("")), given.samples)
    folds, assigned = _timed(lambda sketch: window.fold(sketch, now), sketches)
    rates = {"assignment": assigned, "sketching": sketched, "both": assigned + sketched, "tokenising": tokenised}
    number, copies = len(given.samples), sum(kinship is Kinship.COPY for _, kinship in folds)
    print(f"window of {len(window.members)} entries; {copies} copies found")
    print(f"entries a second of processor time, {sum(words) / number:.0f} words each: "
          + ", ".join(f"{name} {number / seconds:,.0f}" for name, seconds in rates.items()))  # fmt: skip
    return number / assigned


def _timed(work: Callable[[Any], Any], items: Sequence[Any]) -> tuple[list[Any], float]:
    started = time.process_time()
    results = [work(item) for item in items]
    return results, time.process_time() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--originals", type=int, default=600)
    parser.add_argument("--peers", type=int, default=120, help="originals for the two peers, which compare all pairs")
    parser.add_argument("--window", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip-speed", action="store_true")
    options = parser.parse_args()
    entries = real_entries(options.corpus)
    reached = not wrongly_folded()
    for name, apart in (("ours", False), ("all apart", True)):
        samples = make(entries, options.originals, options.seed, apart=apart)
        recall, false = judge(name, samples, ours(samples))
        reached = reached and recall >= RECALL_BAR and false <= FALSE_BAR
    if options.peers:
        few = make(entries[:: max(1, len(entries) // (options.peers * 3))], options.peers, options.seed)
        judge("ours, few", few, ours(few))
        judge("MinHash", few, pairwise(few, minhash, similar_minhash))
        judge("title ratio", few, pairwise(few, lambda entry: entry.title.casefold(), similar_title))
    if not options.skip_speed:
        given = material(entries, samples, options.seed)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rate = pool.submit(speed, given, options.window).result()
        reached = reached and rate >= SPEED_BAR
    print("bars reached" if reached else "bars NOT reached")
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
