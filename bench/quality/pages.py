"""What libraries take for the main text of invented pages in eight layouts: how much of the story, how much else.

    pip install readability-lxml resiliparse; python bench/quality/pages.py

Prints, for each library and layout, the share of the story's paragraphs that it found and how many pieces of navigation,
comments, cookie notices and other stories it took with them; then CPU time a page.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from watcher.parse.full_text import text_of_page
from watcher.parse.page import read_page

ENGLISH = tuple(
    f"Paragraph {n}. Officials said the mediators met both commanders and {n} lorries crossed." for n in range(8)
)
ARABIC = tuple(f"قال مسؤولون إن الوسطاء التقوا القادة وإن المدافع صمتت منذ الفجر وعبرت {n} شاحنات." for n in range(8))
CHINESE = tuple(f"官员周一表示，调解人会见了双方指挥官，自黎明以来没有枪声，{n}辆卡车通过。" for n in range(8))
ELSE = ("Sport section", "Cookies and partners", "Another story", "A reader says")

COOKIES = "<div id='cookie'>Cookies and partners process your data. Accept all.</div>"
NAVIGATION = "<nav>" + "".join(f"<a href='/{n}'>Sport section {n}</a>" for n in range(40)) + "</nav>"
RELATED = (
    "<div class='related'>" + "".join(f"<div><a href='/r{n}'>Another story {n}</a></div>" for n in range(12)) + "</div>"
)
COMMENTS = "<section class='comments'>" + "".join(f"<p>A reader says {n}.</p>" for n in range(10)) + "</section>"


def page(text: str) -> bytes:
    body = f"{COOKIES}{NAVIGATION}{text}{RELATED}{COMMENTS}<footer>Sport section</footer>"
    return f"<html><head><meta charset='utf-8'><title>News</title></head><body>{body}</body></html>".encode()


def paragraphs(texts: tuple[str, ...], tag: str = "p") -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


LAYOUTS = {
    "article": (ENGLISH, page(f"<article><h1>News</h1>{paragraphs(ENGLISH)}</article>")),
    "main": (ENGLISH, page(f"<main><div class='story-body'>{paragraphs(ENGLISH)}</div></main>")),
    "divs": (ENGLISH, page(f"<div><div class='content'>{paragraphs(ENGLISH)}</div></div>")),
    "no paragraphs": (ENGLISH, page(f"<div class='entry'>{paragraphs(ENGLISH, 'div')}</div>")),
    "line breaks": (ENGLISH, page(f"<div class='text'>{'<br><br>'.join(ENGLISH)}</div>")),
    "related inside": (ENGLISH, page(f"<article>{paragraphs(ENGLISH)}{RELATED}</article>")),
    "ar": (ARABIC, page(f"<div class='content'>{paragraphs(ARABIC)}</div>")),
    "zh": (CHINESE, page(f"<div class='content'>{paragraphs(CHINESE)}</div>")),
}


def readers() -> Iterator[tuple[str, Callable[[bytes], str]]]:
    """Those that are installed."""
    yield "trafilatura", lambda body: text_of_page(body, "utf-8")
    yield "parse/page.py", lambda body: read_page(body, url="https://example.org/").content
    try:
        document, html = import_module("readability").Document, import_module("lxml.html")
        yield "readability-lxml", lambda body: html.fromstring(document(body.decode()).summary()).text_content()
    except ModuleNotFoundError:
        pass
    try:
        extract = import_module("resiliparse.extract.html2text").extract_plain_text
        yield "resiliparse", lambda body: extract(body.decode(), main_content=True)
    except ModuleNotFoundError:
        pass


def main() -> None:
    print(f"| library | {' | '.join(LAYOUTS)} | ms a page |\n|---|{'---|' * (len(LAYOUTS) + 1)}")
    for name, read in readers():
        read(page(paragraphs(ENGLISH)))
        started = time.process_time()
        found = {layout: read(body) for layout, (_, body) in LAYOUTS.items()}
        milliseconds = (time.process_time() - started) * 1000 / len(LAYOUTS)
        cells = [
            f"{sum(text in found[layout] for text in story) / len(story):.2f} / {sum(map(found[layout].count, ELSE))}"
            for layout, (story, _) in LAYOUTS.items()
        ]
        print(f"| {name} | {' | '.join(cells)} | {milliseconds:.1f} |")


if __name__ == "__main__":
    main()
