"""Requests made up from the description of the API, sent to the real process: no answer may differ from it.

Run by `make api`, not with the tests: it takes a minute and a half. What follows the program's name goes to
Schemathesis (https://schemathesis.readthedocs.io).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.harness.harness import environment
from tests.harness.web import BASE, fill_with_history
from watcher.store.store import open_store
from watcher.web.identity import token_hash

TOKEN = "wa_made_up"
SECTION = f"""
web:
  proxy: {{header: Remote-User, from: [127.0.0.1/32]}}
  tokens: [{{name: robot, may: act, hash: "sha256:{token_hash(TOKEN)}"}}]
"""
# A request may be as described and still be about a topic that does not exist, or a time that has passed.
OPTIONS = ("--checks", "all", "--exclude-checks", "positive_data_acceptance", "--phases", "examples,coverage,fuzzing")


def main(program: str, *options: str) -> int:
    """Serves a store with some history, and runs `program` on it; returns its exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(BASE + SECTION, encoding="utf-8")
        store = open_store("sqlite:///watcher.db", base=folder)
        store.upgrade()
        fill_with_history(store)
        store.close()
        command = [sys.executable, "-m", "watcher", "web", "--listen", "127.0.0.1:0", "--log-format", "text"]
        with subprocess.Popen(command, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True) as served:
            assert served.stderr is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", served.stderr.readline())
            if found is None:
                raise RuntimeError("the pages were not served")
            fuzz = [str(Path(program).resolve()), "run", f"{found[0]}/api/openapi.json", *OPTIONS]
            fuzz += ["--header", f"Authorization: Bearer {TOKEN}", "--max-examples", "15", *options]
            try:
                return subprocess.run(fuzz, cwd=folder, check=False).returncode
            finally:
                served.terminate()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
