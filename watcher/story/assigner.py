"""Stories by traces that a store keeps: what `cluster` decides, for entries that are not in memory."""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from watcher.model.entry import Identified
from watcher.model.story import Placement, StoryMember, Trace
from watcher.story.cluster import Kinship, Member, Telling, assign, telling_of
from watcher.story.sketch import Sketch
from watcher.story.window import MOST_CANDIDATES, MOST_STORIES, TITLE_HITS, WINDOW

_FORMAT = 2
"""To be raised when sketches come to mean something else: those of another format, which an earlier version left in a
store, are compared with nothing. Their stories are not found again, for one window.
"""
_HEAD = struct.Struct("<BBHHIQ")
"""Format, has_text, how many shingles, how many figures, size, title."""


class StoryAssigner:
    """The `AssignsStories` of this house."""

    window: timedelta = WINDOW

    def candidates(self, trace: Trace, postings: Mapping[int, Sequence[int]]) -> list[int]:
        """Those that share the most hashes; a hash that many stories share says nothing, the headline says more."""
        title = _sketch(trace).title
        hits: Counter[int] = Counter()
        for value, numbers in postings.items():
            if len(numbers) <= MOST_STORIES:
                for number in numbers:
                    hits[number] += TITLE_HITS if value == title else 1
        return [number for number, _ in hits.most_common(MOST_CANDIDATES)]

    def place(self, trace: Trace, members: Sequence[StoryMember]) -> Placement:
        """Where `cluster.assign` puts it."""
        readable = [one for one in members if _is_readable(one.trace)]
        assignment = assign(_telling(trace), [Member(one.story, _telling(one.trace)) for one in readable])
        return Placement(assignment.story, assignment.kinship is not Kinship.FIRST)


def trace_of(identified: Identified, feed_url: str) -> Trace:
    """What a store must keep of an entry to find its story."""
    telling = telling_of(identified, feed_url)
    return Trace(identified.entry_key, telling.publisher, telling.sketch.index_hashes, _packed(telling.sketch))


def _packed(sketch: Sketch) -> bytes:
    head = _HEAD.pack(_FORMAT, sketch.has_text, len(sketch.shingles), len(sketch.figures), sketch.size, sketch.title)
    return head + _little_endian(sketch.shingles) + _little_endian(sketch.figures)


def _is_readable(trace: Trace) -> bool:
    return trace.sketch[:1] == bytes([_FORMAT])


def _telling(trace: Trace) -> Telling:
    return Telling(trace.entry_key, _sketch(trace), trace.publisher)


def _sketch(trace: Trace) -> Sketch:
    _, has_text, shingles, figures, size, title = _HEAD.unpack_from(trace.sketch)
    numbers = struct.unpack_from(f"<{shingles + figures}I", trace.sketch, _HEAD.size)
    return Sketch(array("I", numbers[:shingles]), size, array("I", numbers[shingles:]), title, bool(has_text))


def _little_endian(numbers: array[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)
