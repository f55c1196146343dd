"""Renders sample digests and, where Chromium is installed, takes their pictures.

    python bench/live/preview.py [FOLDER]

Writes FOLDER/english.html and arabic.html (default build/preview) with their text parts, and a PNG of each at 360, 800
and 1280 pixels, light and dark; then says whether a page is wider than its window or asks for anything remote.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watcher.errors import NotifyReason
from watcher.model.alert import Alert, Evidence, alert_id
from watcher.model.entry import Entry
from watcher.model.notification import GroupKey, HoldReason, Notification, notification_key
from watcher.model.route import ChannelRef
from watcher.model.topic import Level
from watcher.render.digest_context import DigestContext, HeldAlerts, ReadCounts, SilencedAlerts
from watcher.render.message import render_message

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
WIDTHS = (360, 800, 1280)
SCHEMES = {"light": (), "dark": ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")}
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]

ENGLISH = [
    ("detention-facilities", "Detention facilities", 1240, Level.FOCUS, "UN News", ("BBC News", "Al Jazeera", "AFP"),
     "Guards flee as hundreds of inmates escape from prison in Hasakah",
     "Local officials said the escape began when a lorry broke through the outer wall; detainees from the adjoining "
     "camp were seen walking towards the town while SDF units closed the roads.", r"prison|escape|inmates|detainees|camp", 2),
    ("detention-facilities", "Detention facilities", 560, Level.FOCUS, "ReliefWeb", (),
     "Winter needs in al-Hol camp: 11,000 families without heating",
     "The detention annexe of al-Hol camp received no fuel in October, the assessment found.", r"al-Hol camp|detention", 9),
    ("detention-facilities", "Detention facilities", 420, Level.MENTION, "https://aggregator.example/feeds/middle-east/all-entries.xml", ("The Guardian",),
     "Averylongunbrokenidentifierthatsomepublishersputintotheirheadlines_2026_11_22_version_17_final about prisons", "", "prisons", 30),
    ("ceasefires", "Ceasefires", 880, Level.FOCUS, "Daily Sabah", ("Reuters", "AP", "dpa", "EFE", "ANSA", "TASS", "Kyodo", "Xinhua", "Yonhap"),
     "Ceasefire in Aleppo holds for a third day & talks move to Geneva",
     "Both sides accused the other of <violating> the truce, but observers recorded no shelling after midnight.", r"Ceasefire|truce", 5),
]  # fmt: skip
ARABIC = [
    ("detention-facilities", "مرافق الاحتجاز", 1190, Level.FOCUS, "الجزيرة", ("أخبار الأمم المتحدة", "BBC عربي"),
     "فرار عشرات السجناء من سجن غويران في الحسكة بعد هجوم بسيارة مفخخة",
     "وقال مسؤول في قوات سوريا الديمقراطية (SDF) إن السجناء فروا بعد انفجار عند البوابة، وإن 45 منهم أعيدوا إلى السجن.", "السجناء|سجن|السجن", 3),
    ("detention-facilities", "مرافق الاحتجاز", 610, Level.FOCUS, "Rûdaw — ڕووداو", (),
     "دۆخی کەمپی هۆل: پەنابەران داوای یارمەتی دەکەن", "لە کەمپی هۆل زیاتر لە 40 هەزار کەس دەژین.", "کەمپی هۆل", 8),
    ("ceasefires", "وقف إطلاق النار", 900, Level.FOCUS, "Haaretz — הארץ", ("معاريف",),
     "הפסקת האש בצפון נשמרת זה היום השלישי", "המשקיפים לא רשמו ירי לאחר חצות (UNDOF).", "הפסקת האש", 6),
]  # fmt: skip
NOTES = (
    "Daily Sabah: no answer since Friday (timeout); it is asked once a day. Check: watcher feeds health",
    "nodong.example: the document is HTML, not a feed, since 19 November",
)
HISTORY = {"detention-facilities": [2, 0, 1, 4, 3, 0, 0, 6, 9, 4, 2, 1, 5, 3], "ceasefires": [0, 0, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1]}  # fmt: skip

CONTEXT = DigestContext(
    HISTORY,
    NOTES,
    silenced=(SilencedAlerts(3, "Ada", "exercise in صفوان until Friday", NOW + timedelta(hours=30)),),
    held=(HeldAlerts(2, HoldReason.QUIET_HOURS, NOW + timedelta(hours=2)),),
    read=ReadCounts(304, 297, 1_412),
)


def _alert(row: tuple[str, str, int, Level, str, tuple[str, ...], str, str, str, int]) -> Alert:
    topic, topic_title, score, level, feed, sources, title, body, words, hours = row
    evidence = tuple(
        Evidence(
            f"{words.split('|')[0]}* … SDF, camp* … {words.split('|')[-1]}" if "|" in words else f"{words}*",
            field,
            1 + len(ranges) // 2,
            share,
            text,
            ranges,
        )
        for field, text, share in (("title", title, score // 2), ("lead", body, score - score // 2))
        if (ranges := tuple(found.span() for found in re.finditer(words, text)))
    )
    entry = Entry(
        title, f"https://news.example/{hours}?a=1&b=2", title, content=body, published=NOW - timedelta(hours=hours)
    )
    name = alert_id(topic, title, level)
    return Alert(name, topic, topic_title, level, score, 500, evidence, title, entry, "https://news.example/feed",
                 feed, NOW, name, {}, sources)  # fmt: skip


def write(folder: Path, name: str, rows: Sequence[tuple]) -> Path:
    """The two parts of a digest as files; returns the page."""
    alerts = tuple(_alert(row) for row in rows)
    group = GroupKey("/", ChannelRef("desk", "email"), {})
    told = Notification(
        notification_key(group, [one.id for one in alerts]), group, NotifyReason.DIGEST, alerts, NOW, omitted=12
    )
    message = render_message(told, zone="Europe/Istanbul", context=CONTEXT)
    page = folder / f"{name}.html"
    page.write_text(message.html)
    (folder / f"{name}.txt").write_text(f"Subject: {message.subject}\n\n{message.text}")
    return page


def picture(chromium: str, page: Path, width: int, scheme: str) -> Path:
    """A picture of the page in a frame of exactly that width, because windows have a least width of their own."""
    target = page.with_name(f"{page.stem}-{width}-{scheme}.png")
    with tempfile.TemporaryDirectory() as profile:
        frame = Path(profile) / "frame.html"
        frame.write_text(
            f"<body style='margin:0'><iframe src='{page.resolve().as_uri()}' style='border:0;width:{width}px;height:1700px'>"
        )
        window = f"--window-size={max(width, 500)},1700"
        _chromium(chromium, profile, *SCHEMES[scheme], window, f"--screenshot={target.resolve()}", frame.as_uri())
    return target


def overflow(chromium: str, page: Path, width: int) -> dict[str, int]:
    """How wide the page wants to be inside a frame of that width, and how many things it loaded."""
    source = json.dumps(page.read_text()).replace("</", "<\\/")
    probe = f"""<body><iframe id=f style="border:0;width:{width}px;height:1700px"></iframe><pre id=o></pre><script>
        const frame = document.getElementById("f");
        frame.onload = () => {{
          const wide = frame.contentDocument.documentElement.scrollWidth;
          const loaded = frame.contentWindow.performance.getEntriesByType("resource").length;
          document.getElementById("o").textContent = JSON.stringify({{wide, loaded}});
        }};
        frame.srcdoc = {source};
        </script>"""
    with tempfile.TemporaryDirectory() as profile:
        file = Path(profile) / "probe.html"
        file.write_text(probe)
        dom = _chromium(chromium, profile, "--virtual-time-budget=3000", "--dump-dom", file.as_uri())
    found = re.search(r'<pre id="o">({.*?})</pre>', dom)
    measured: dict[str, int] = json.loads(found[1]) if found else {}
    return measured


def _chromium(chromium: str, profile: str, *options: str) -> str:
    command = [chromium, *CHROMIUM, f"--user-data-dir={profile}/profile", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/preview")
    folder.mkdir(parents=True, exist_ok=True)
    pages = [write(folder, "english", ENGLISH), write(folder, "arabic", ARABIC)]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    for page in pages:
        print(f"{page}: {page.stat().st_size:,} bytes")
        if chromium is None:
            continue
        for width in WIDTHS:
            print(f"  {width} px: {overflow(chromium, page, width)}")
            for scheme in SCHEMES:
                print(f"  {picture(chromium, page, width, scheme)}")
    if chromium is None:
        print("no pictures: install chromium for them")


if __name__ == "__main__":
    main()
