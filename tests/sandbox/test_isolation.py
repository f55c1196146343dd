"""What children can see and run: nothing of the working directory, nothing of the parent's environment."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from watcher.model.entry import ParsedFeed
from watcher.parse.pool import ParserPool
from watcher.sandbox.limits import Limits, child_environment
from watcher.sandbox.oneshot import JobFailure, run_job, run_job_blocking

FEED = b'<rss version="2.0"><channel><title>T</title><item><title>A</title></item></channel></rss>'
PAGE = b"<title>Port</title><main>words</main>"
TEMPLATE = b'{"values": {"a": 1}, "parts": [{"name": "x", "source": "{{ a }}", "html": false}]}'
NOBODY = 65534


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, also in PYTHONPATH, whose modules leave a mark when any of them is imported."""
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'a').write(__name__)\n"
    (tmp_path / "watcher").mkdir()
    for name in ("watcher/__init__.py", "struct.py", "json.py", "sitecustomize.py", "usercustomize.py"):
        (tmp_path / name).write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "struct.py"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return mark


def test_a_planted_module_would_run_without_isolation(planted: Path) -> None:
    subprocess.run([sys.executable, "-c", "import struct"], check=False, stderr=subprocess.DEVNULL)
    assert planted.exists()


def test_nothing_of_the_working_directory_runs_in_a_child(planted: Path) -> None:
    page = asyncio.run(run_job("watcher.parse.page", b"http://example.org/", PAGE, Limits()))
    links = asyncio.run(run_job("watcher.fetch.feed_links", b"http://example.org/", PAGE, Limits()))
    template = run_job_blocking("watcher.render.template_child", b"", TEMPLATE, Limits())
    assert [one.failure for one in (page, links, template)] == [None] * 3
    assert page.frames == (b'{"title": "Port", "content": "words"}',)
    assert template.frames == (b'{"name": "x", "text": "1"}',)
    assert isinstance(asyncio.run(parse_in_pool()), ParsedFeed)
    assert not planted.exists()


async def parse_in_pool() -> object:
    pool = ParserPool()
    await pool.start()
    try:
        return await pool.parse(FEED, url="http://example.org/", headers={})
    finally:
        await pool.aclose()


def test_children_get_no_variable_that_could_hold_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "secret")
    assert set(child_environment()) <= {"LD_LIBRARY_PATH", "LANG", "LC_ALL"}


PARENT = """
import ctypes, os, subprocess, sys
from watcher.sandbox.limits import child_environment, hide_from_children
if os.getuid() == 0:  # root may read everything: become somebody else, then as open as such a process usually is
    os.setgroups([]), os.setgid({nobody}), os.setuid({nobody})
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
if {hidden}:
    assert hide_from_children()
command = ["/bin/sh", "-c", "cat /proc/$PPID/environ"]
subprocess.run(command, env=child_environment(), cwd="/", check=False)
"""


@pytest.mark.parametrize("hidden", [True, False])
def test_a_child_cannot_read_its_parents_environment(hidden: bool) -> None:
    """Without the call it can, as the second case shows: the test would notice a call without effect."""
    script = PARENT.format(nobody=NOBODY, hidden=hidden)
    environment = {**os.environ, "SMTP_PASSWORD": "secret"}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, check=False, capture_output=True, text=True)
    assert ("SMTP_PASSWORD" in ran.stdout) is not hidden
    assert ("Permission denied" in ran.stderr) is hidden


@pytest.mark.parametrize(
    ("source", "limits", "failure"),
    [
        ("{{ 9 ** 99999999 }}", Limits(cpu_seconds=1, deadline=60), JobFailure.CPU_TIME),
        ("{{ 9 ** 99999999 }}", Limits(cpu_seconds=60, deadline=4), JobFailure.DEADLINE),
    ],
)
def test_a_job_that_is_killed_keeps_what_was_answered_before(source: str, limits: Limits, failure: JobFailure) -> None:
    job = TEMPLATE.replace(b"]", b', {"name": "y", "source": "%s", "html": false}]' % source.encode())
    finished = run_job_blocking("watcher.render.template_child", b"", job, limits)
    assert finished.failure is failure
    assert finished.frames == (b'{"name": "x", "text": "1"}',)


def test_a_module_that_does_not_exist_is_a_failure_and_no_exception() -> None:
    assert asyncio.run(run_job("watcher.parse.nothing", b"", b"", Limits())).failure is JobFailure.CRASHED
    assert run_job_blocking("watcher.parse.nothing", b"", b"", Limits()).failure is JobFailure.CRASHED


RENDER = """
import sys
sys.path.insert(0, sys.argv[1])
from watcher.sandbox.limits import Limits
from watcher.sandbox.oneshot import run_job_blocking
print(run_job_blocking("watcher.render.template_child", b"", sys.argv[2].encode(), Limits()))
"""


def test_children_find_a_program_that_is_in_no_folder_of_the_interpreter(tmp_path: Path) -> None:
    """A Debian package has program and libraries in a folder of its own, which only its launcher knows."""
    import lxml

    import watcher

    for package in (*Path(lxml.__file__).parents[1].iterdir(), Path(watcher.__file__).parent):
        (tmp_path / package.name).symlink_to(package)
    interpreter = getattr(sys, "_base_executable", sys.executable)
    command = [interpreter, "-I", "-c", RENDER, str(tmp_path), TEMPLATE.decode()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CRASHED" not in done.stdout.upper()
    assert "failure=None" in done.stdout
