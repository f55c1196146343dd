"""Takes the pictures of docs/web.md: runs the demo, serves its store, and opens the pages in Chromium.

    make pictures

Needs Chromium. Fonts of machines differ, so no test compares them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).parents[2] / "docs/pictures"
WATCHER = [sys.executable, "-m", "watcher"]
SIZES = {"wide": (1180, 860), "narrow": (390, 844)}
VIEWS = {
    "today": ("/", "wide", "light"),
    "today-dark": ("/", "narrow", "dark"),
    "alert": ("/alerts/{alert}", "wide", "light"),
    "entry": ("/entries/{entry}", "wide", "light"),
    "search": ("/search?q=prison*", "wide", "light"),
    "topic": ("/topics/detention-facilities?near=1", "wide", "dark"),
    "feeds": ("/feeds", "wide", "light"),
    "silence": ("/silences/new?alert={alert}", "narrow", "light"),
}
"""File → path, size, colour scheme."""


@contextmanager
def pages(folder: Path) -> Iterator[str]:
    """The address of the demo's pages."""
    subprocess.run([*WATCHER, "demo", "--output", str(folder)], check=True, stdout=subprocess.DEVNULL)
    command = [*WATCHER, "web", "-c", str(folder / "demo.yaml"), "--listen", "127.0.0.1:8765"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        if "web.started" not in line:
            raise SystemExit(line)
        yield "http://127.0.0.1:8765"
        process.terminate()


def names_on(page: Page) -> dict[str, str]:
    """The alert with the most points, and an entry that nearly came."""
    page.goto("/")
    alert = page.locator('[data-key="l"]').first.get_attribute("href") or ""
    page.goto("/topics/detention-facilities?near=1")
    entry = page.locator("td a[href^='/entries/']").first.get_attribute("href") or ""
    return {"alert": alert.rpartition("/")[2], "entry": entry.removeprefix("/entries/")}


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no pictures: install chromium for them")
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        pages(Path(folder)) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page(base_url=address)
        names = names_on(page)
        for name, (path, size, scheme) in VIEWS.items():
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(path.format(**names))
            page.screenshot(path=PICTURES / f"{name}.png")
            print(PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
