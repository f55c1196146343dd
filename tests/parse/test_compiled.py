"""Plain text in C and in Python: the same words for every text."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import sysconfig
from pathlib import Path

import pytest
from corpus import Corpus
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.parse import plaintext
from watcher.parse.jsonfeed import is_json
from watcher.parse.plaintext import words, words_in_python
from watcher.parse.raw import RawFeed, RawText
from watcher.parse.tolerant import read_tolerant, shown_headers

SOURCES = ("_plaintext.c", "_plaintext_markup.h", "_plaintext_fold.h")
IS_COMPILED = words is not words_in_python
FOLDER = Path(plaintext.__file__).parent

compiled = pytest.mark.skipif(not IS_COMPILED, reason="not compiled: install a C compiler and run `make clean test`")

NAMES = [
    *sorted(plaintext._BLOCKS),
    "script",
    "style",
    "template",
    "a",
    "b",
    "img",
    "span",
    "blockquotes",
    "h7",
    "tabl",
]
MARKS = [
    *(
        "<",
        ">",
        "</",
        "/>",
        "<!--",
        "-->",
        "<!",
        "<?",
        "</script >",
        "</STYLE\n>",
        "</template>",
        "<script>",
        "<Style ",
    ),
    *('="', "='", "=", '"', "'", " = '", '<a href="', "<a x='", " ", "  ", "\n", "\t", "\v", "\f", "\r", ";", "&", "#"),
    *(
        "&amp;",
        "&amp",
        "&lt;",
        "&gt",
        "&quot;",
        "&nbsp;",
        "&notin;",
        "&notit;",
        "&nGt;",
        "&copyx;",
        "&CounterClockwise",
    ),
    *(
        "&#38;",
        "&#038",
        "&#150;",
        "&#0;",
        "&#x2019;",
        "&#X1f600;",
        "&#xd800;",
        "&#x110000;",
        "&#1234567890;",
        "&#xfdd0;",
    ),
    *("\x00", "\x01", "\x1c", "\x7f", "\x80", "\x85", "\x92", "\xa0", "\xad", "\u1680", "\u2003", "\u2028", "\u202e"),
    *(
        "\u200d",
        "\u2066",
        "\u205f",
        "\u3000",
        "\ufeff",
        "\ufffa",
        "\uffff",
        "\ud800",
        "\U0001f600",
        "ع",
        "é",
        "ı",
        "ß",
        "K",
    ),
]
texts = st.one_of(
    st.lists(
        st.one_of(
            st.sampled_from(MARKS),
            st.sampled_from(NAMES).map("<{}>".format),
            st.sampled_from(NAMES).map(lambda name: f"</{name.upper()} "),
            st.text(max_size=6),
            st.sampled_from(["word", "a", "1", "x y"]),
        ),
        max_size=40,
    ).map("".join),
    st.text(max_size=80),
)


def alike(text: str, *, markup: bool, limit: int = 100_000, raw_limit: int = 800_000, separator: str = "\n") -> bool:
    arguments = (text, markup, limit, raw_limit, separator, plaintext.REFERENCES)
    return words(*arguments) == words_in_python(*arguments)


@compiled
@settings(max_examples=2_000)
@given(texts, st.booleans(), st.sampled_from([100_000, 0, 1, 7, 20]), st.sampled_from([800_000, 0, 9, 40]))
def test_any_text(text: str, markup: bool, limit: int, raw_limit: int) -> None:
    assert alike(text, markup=markup, limit=limit, raw_limit=raw_limit)
    assert alike(text, markup=markup, separator=" ")


@compiled
@settings(max_examples=500)
@given(
    st.integers(0, 0x10FFFF), st.sampled_from(["{}", "&#{:d};", "&#x{:x};", "&#{:d}", "<p{}>", "&{};", "<script{}>x"])
)
def test_any_character_in_any_place(code: int, place: str) -> None:
    character = code if ":" in place else chr(code)
    for text in (place.format(character), f"a {place.format(character)} b", f"é{place.format(character)}ع"):
        assert alike(text, markup=True)
        assert alike(text, markup=False)


@compiled
def test_every_block_and_every_narrow_character() -> None:
    for name in NAMES:
        assert alike(f"a<{name}>b</{name.upper()} x='>'>c<{name}1>d<{name}/>e", markup=True)
    for code in range(0x3100):
        assert alike(f"a{chr(code)}b &#{code};", markup=True)


@compiled
def test_the_texts_of_the_corpus(corpus: Corpus) -> None:
    for path in corpus.feeds[::3]:
        body = path.read_bytes()
        raw = None if is_json(body) else read_tolerant(body, headers=shown_headers({}, "https://example.org/feed"))
        for text in texts_of(raw):
            assert alike(text.value, markup=text.markup), path.name
            assert alike(text.value, markup=True, limit=300, separator=" "), path.name


def texts_of(raw: RawFeed | None) -> list[RawText]:
    entries = raw.entries if raw else []
    return [text for entry in entries for text in (entry.title, entry.summary, *entry.contents)]


@compiled
def test_what_is_compiled_is_what_is_there() -> None:
    from watcher.parse._plaintext import SOURCE

    written = b"".join((FOLDER / name).read_bytes() for name in SOURCES)
    assert hashlib.sha256(written).hexdigest() == SOURCE, "edited since it was compiled: run `make .venv/.ready`"


def test_it_is_compiled_wherever_it_can_be() -> None:
    compiler = shlex.split(sysconfig.get_config_var("LDSHARED"))[0]
    headers = Path(sysconfig.get_paths()["include"], "Python.h")
    assert IS_COMPILED or not (shutil.which(compiler) and headers.exists()), "run `make .venv/.ready`"


@compiled
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a", True, 1, 1, "\n"),
        (b"a", True, 1, 1, "\n", {}),
        ("a  b", True, "1", 1, "\n", {}),
        ("a  b", True, -1, 1, "\n", {}),
        ("a  b", True, 1, 1 << 70, "\n", {}),
        ("a  b", True, 1, 1, "", {}),
        ("&unknown;", True, 9, 9, "\n", {}),
        ("&unknown;", True, 9, 9, "\n", {"&unknown;": 1}),
        ("&unknown;", True, 9, 9, "\n", None),
    ],
)
def test_wrong_arguments_are_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError, KeyError)):
        words(*arguments)  # type: ignore[arg-type]
