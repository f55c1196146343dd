"""A feed reader that people use subscribes to an outgoing feed of the real process."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.harness import stores
from tests.harness.store_samples import alert, save_alerts
from tests.harness.web import BASE
from watcher.store.store import open_store
from watcher.web.identity import token_hash

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("newsboat") is None, reason="no newsboat: install the package of that name"),
]
SECTION = f"""
web:
  tokens: [{{name: reader, hash: "sha256:{token_hash("wf_secret")}", may: feeds}}]
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `watcher web` over a store with one alert."""
    folder = tmp_path_factory.mktemp("served")
    stores.put_sqlite_store(folder)
    store = open_store(stores.SQLITE_URL, base=folder)
    save_alerts(store, alert("first"))
    store.close()
    (folder / "config.yaml").write_text(BASE + SECTION, encoding="utf-8")
    command = [sys.executable, "-m", "watcher", "web", "--listen", "127.0.0.1:0", "--log-format", "text"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            yield found[0]
            break
    else:
        pytest.fail("the pages were not served")
    process.terminate()
    assert process.wait(timeout=60) in (0, -signal.SIGTERM)
    process.stderr.close()


@pytest.mark.parametrize("feed", ["/topics/ceasefires.atom", "/feeds/all.atom"])
def test_newsboat_subscribes_and_reads(served: str, tmp_path: Path, feed: str) -> None:
    (tmp_path / "urls").write_text(f"{served}{feed}?token=wf_secret\n", encoding="utf-8")
    (tmp_path / "settings").write_text("", encoding="utf-8")
    reader = ["newsboat", "-d", "log", "-l", "4", "-u", "urls", "-c", "cache.db", "-C", "settings", "-x", "reload"]
    done = subprocess.run(reader, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    log = (tmp_path / "log").read_text(encoding="utf-8", errors="replace")
    with closing(sqlite3.connect(tmp_path / "cache.db")) as cache:
        rows = cache.execute("SELECT title, url, content FROM rss_item").fetchall()
    assert len(rows) == 1, log
    ((title, url, content),) = rows
    assert (title, url) == ("Title first", "https://example.org/first")
    assert "why: ceasefire* in title" in content
