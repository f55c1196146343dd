from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.config_reading import ReadText
from watcher.config.load import Reading
from watcher.model.secret import Secret

USED = "receivers: [{{name: desk, email: {{to: [desk@example.org]}}}}]\n"
SMTP = "smtp: {{host: mail.example.org, from: watcher@example.org, username: watcher, password: {password}}}\n" + USED


def password_of(reading: Reading) -> Secret:
    assert reading.problems == ()
    assert reading.settings is not None
    assert reading.settings.smtp is not None
    assert isinstance(reading.settings.smtp.password, Secret)
    return reading.settings.smtp.password


def test_from_the_environment(read_text: ReadText) -> None:
    reading = read_text(SMTP.format(password="{env: PW}"), env={"PW": "hunter2\n"})
    assert password_of(reading).reveal() == "hunter2"
    assert "hunter2" not in repr(reading)


def test_from_a_file_beside_the_configuration(read_text: ReadText, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(" pass word \r\n")
    (tmp_path / "pw").chmod(0o600)
    reading = read_text(SMTP.format(password="{file: pw}"))
    assert password_of(reading).reveal() == " pass word "
    assert reading.warnings == ()


def test_a_file_that_everybody_can_read_is_warned_of(read_text: ReadText, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("hunter2")
    (tmp_path / "pw").chmod(0o644)
    reading = read_text(SMTP.format(password="{file: pw}"))
    assert password_of(reading).reveal() == "hunter2"
    [warning] = reading.warnings
    assert "chmod 600" in warning.message


def test_from_a_credential_of_systemd(read_text: ReadText, tmp_path: Path) -> None:
    (tmp_path / "smtp-password").write_text("hunter2")
    (tmp_path / "smtp-password").chmod(0o400)
    text = SMTP.format(password="{credential: smtp-password}")
    reading = read_text(text, env={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert password_of(reading).reveal() == "hunter2"


@pytest.mark.parametrize("password", ["{env: PW}", "{file: none}", "{credential: none}", "{env: EMPTY}"])
def test_a_missing_one_is_a_problem_for_run_and_a_warning_for_the_rest(read_text: ReadText, password: str) -> None:
    text = SMTP.format(password=password)

    [problem] = read_text(text, env={"EMPTY": "\n"}, secrets="require").problems
    deferred = read_text(text, env={"EMPTY": "\n"}, secrets="defer")

    assert (problem.path, problem.position and problem.position.line) == ("smtp.password", 1)
    assert deferred.warnings == (problem,)
    with pytest.raises(LookupError):
        password_of(deferred).reveal()


def test_a_missing_one_that_nothing_uses_is_a_warning(read_text: ReadText) -> None:
    reading = read_text(SMTP.format(password="{env: PW}").partition("receivers")[0], secrets="require")
    assert [warning.path for warning in reading.warnings] == ["smtp.password"]
    assert password_of(reading).value is None


def test_what_is_deferred_is_not_kept_even_where_it_could_be_had(read_text: ReadText) -> None:
    reading = read_text(SMTP.format(password="{env: PW}"), env={"PW": "hunter2"}, secrets="defer")
    assert reading.warnings == ()
    assert password_of(reading).value is None


def test_a_header_cannot_smuggle_a_second_one(read_text: ReadText) -> None:
    text = 'feeds: [{url: "https://a.example/f", headers: {Authorization: {env: TOKEN}, "X Y": z}}]'
    reading = read_text(text, env={"TOKEN": "a\r\nX-Evil: 1"})
    assert [problem.path for problem in reading.problems] == ["feeds.0.headers.Authorization", "feeds.0.headers.X Y"]
    assert "X-Evil" not in str(reading.problems)
