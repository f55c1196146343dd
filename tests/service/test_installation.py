"""The files of the service: which, where, with what in them; and that systemd accepts the units."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from tests.harness.harness import Harness
from watcher.cli.init import starter_text
from watcher.service.installation import (
    CONFIG,
    PACKAGE_PROGRAM,
    PACKAGE_UNITS,
    UNITS,
    FileAction,
    ServiceFile,
    credentials_text,
    service_files,
)

PROGRAM = Path("/usr/lib/other place/bin/watcher")
PACKAGED = {name: (files("watcher.service") / "units" / name).read_text("utf-8") for name in UNITS}
SYSTEM = Path("/etc/systemd/system")


def planned(program: Path = PROGRAM, config: Path = CONFIG, **existing: str) -> dict[str, ServiceFile]:
    """The files by name; `existing` has contents by name, with _ for every other character."""

    def read(path: Path) -> str | None:
        return existing.get(path.name.replace(".", "_").replace("-", "_"))

    return {one.path.name: one for one in service_files(PACKAGED, "topics: []\n", program, config, read)}


def test_on_a_machine_that_has_nothing_every_file_is_created() -> None:
    found = planned()
    assert {one.action for one in found.values()} == {FileAction.CREATE}
    assert [str(one.path) for one in found.values()] == [
        *(str(SYSTEM / name) for name in UNITS),
        "/etc/watcher/config.yaml",
        "/etc/systemd/system/watcher.service.d/credentials.conf",
    ]


def test_units_name_the_program_and_the_configuration() -> None:
    found = planned(config=Path("/srv/news/watcher.yaml"))
    assert "ExecStart='/usr/lib/other place/bin/watcher' run --config /srv/news/watcher.yaml" in (
        found["watcher.service"].content
    )
    assert "/opt/watcher" not in "".join(one.content for one in found.values())
    assert "/etc/watcher" not in "".join(one.content for one in found.values())


def test_a_configuration_and_hints_that_exist_are_kept_and_an_old_unit_is_replaced() -> None:
    current = planned()["watcher.service"].content
    found = planned(config_yaml="mine", credentials_conf="mine", watcher_service=current, watcher_backup_timer="old")
    assert {name: one.action for name, one in found.items()} == {
        "watcher.service": FileAction.KEEP,
        "watcher-web.service": FileAction.CREATE,
        "watcher-backup.service": FileAction.CREATE,
        "watcher-backup.timer": FileAction.REPLACE,
        "config.yaml": FileAction.KEEP,
        "credentials.conf": FileAction.KEEP,
    }


def test_the_units_of_a_package_are_used_as_they_are() -> None:
    there = {str(PACKAGE_UNITS / name) for name in UNITS}
    found = service_files(PACKAGED, "", PACKAGE_PROGRAM, CONFIG, lambda path: "" if str(path) in there else None)
    assert {str(one.path) for one in found if one.action is FileAction.KEEP} == there
    assert not any(one.path.parent == SYSTEM for one in found)


def test_the_starter_names_no_credential() -> None:
    assert "\nLoadCredential=" not in credentials_text(starter_text(CONFIG), CONFIG)


def test_credentials_are_those_that_the_configuration_names() -> None:
    text = 'smtp: {password: {credential: smtp-password}}\n# {credential: not-this}\na: {credential: "b.c"} # or {credential: c}\n'
    assert credentials_text(text, CONFIG).splitlines()[-2:] == [
        "LoadCredential=smtp-password:/etc/watcher/smtp-password",
        "LoadCredential=b.c:/etc/watcher/b.c",
    ]
    assert credentials_text("topics: []", CONFIG).splitlines()[-1].startswith("#LoadCredential=")


@pytest.mark.parametrize("program", ["/home/me/.local/bin/watcher", "/root/venv/bin/watcher"])
def test_a_program_that_the_service_cannot_see_is_refused(program: str) -> None:
    with pytest.raises(ValueError, match="/opt/watcher"):
        planned(Path(program))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units_and_rates_them(tmp_path: Path) -> None:
    for one in planned(Path("/usr/bin/true")).values():
        if one.path.parent == SYSTEM:
            (tmp_path / one.path.name).write_text(one.content.replace("man:watcher(1)", "https://example.org/"))
    units = [str(tmp_path / name) for name in UNITS]
    verified = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if "watcher" in line]) == (0, [])
    for unit in (unit for unit in units if unit.endswith(".service")):
        rated = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=15", unit], capture_output=True, check=False
        )
        assert rated.returncode == 0, rated.stdout.decode()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "bin" / "watcher"
    file.parent.mkdir()
    file.touch(0o755)
    monkeypatch.setattr("sys.argv", [str(file)])
    return file


def test_the_command_shows_first_and_writes_when_asked(harness: Harness, program: Path) -> None:
    image = harness.folder / "image"
    shown = harness.command("service", "install", "--root", str(image))
    assert shown.returncode == 0, shown.stderr
    assert f"ExecStart={program} run" in shown.stdout
    assert not image.exists()
    done = harness.command("service", "install", "--root", str(image), "--yes")
    assert done.returncode == 0, done.stderr
    config = image / "etc/watcher/config.yaml"
    assert "systemctl enable --now" in done.stdout
    assert harness.command("check", "-c", str(config)).returncode == 0
    config.write_text("mine")
    again = harness.command("service", "install", "--root", str(image), "--yes")
    assert again.stdout.count("keep") == len(UNITS) + 2
    assert config.read_text() == "mine"
