"""A storage that cannot be opened is one line that names it; a password is shown nowhere."""

from __future__ import annotations

import io
import traceback
from pathlib import Path

import optuna
import pytest

from dsim.errors import DsimError, FileFormatError, InvalidValueError, MissingPackageError
from dsim.search.journal import JournalOfWholeLines
from dsim.search.spec import StudySpec
from dsim.search.storage import open_storage, without_password
from dsim.search.study import search_mixes
from tests.search.test_study import scorer, spec

PASSWORD = "hunter2+secret"
URLS = [
    f"postgresql://worker:{PASSWORD}@localhost:1/db",
    f"mysql+nosuchdriver://worker:{PASSWORD}@localhost/db",
    f"nosuch://worker:{PASSWORD}@localhost/db",
    f"postgresql://worker:{PASSWORD}@localhost:port/db",
    f"postgresql://worker:a/{PASSWORD}@localhost/db",
    f"postgresql://worker:a@{PASSWORD}@localhost/db",
    f"postgresql://localhost:1/db?user=worker&password={PASSWORD}",
    f"{PASSWORD}:{PASSWORD}://worker:{PASSWORD}@localhost/db",
    f"worker:{PASSWORD}@localhost/db",
]


@pytest.mark.parametrize("url", URLS)
def test_no_password_in_any_error(url: str) -> None:
    with pytest.raises(DsimError) as caught:
        open_storage(url, "name")
    told = io.StringIO()
    traceback.print_exception(caught.value, file=told)  # what --debug shows
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in told.getvalue().replace(repr(url), "")
    assert "\n" not in str(caught.value)


def test_a_missing_driver_is_named() -> None:
    with pytest.raises(
        MissingPackageError,
        match=r"postgresql\+pg8000://\*\*\*@localhost/db needs a database driver that is not installed; run: pip install pg8000",
    ):
        open_storage(f"postgresql+pg8000://worker:{PASSWORD}@localhost/db", "name")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@host:5/db", "postgresql://***@host:5/db"),
        ("postgresql://u@host/db", "postgresql://***@host/db"),
        ("postgresql://u:p@ss@host/db", "postgresql://***@host/db"),
        ("postgresql://host/db?password=p&x=1", "postgresql://host/db?password=***&x=1"),
        ("sqlite:////tmp/study.db", "sqlite:////tmp/study.db"),
        ("u:p@host/db", "***@host/db"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_no_password_in_the_inputs_of_a_study() -> None:
    asked = StudySpec("iphone12", 2.0, storage=URLS[0])
    assert PASSWORD not in repr(asked) + str(asked.inputs())


def test_a_study_of_another_program_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    optuna.create_study(storage=url, study_name="test").optimize(lambda trial: 0.0, n_trials=1)
    with pytest.raises(InvalidValueError, match="of another program; choose another --name"):
        search_mixes(spec(trials=1), scorer(), "a", url)


def half_a_line(journal: Path) -> bytes:
    """Return the beginning of its last line, as a kill in the middle of writing leaves one."""
    return journal.read_bytes().splitlines()[-1][:20]


def test_a_journal_whose_last_line_was_cut_off_goes_on(tmp_path: Path) -> None:
    journal, other = tmp_path / "torn.log", tmp_path / "whole.log"
    for path in (journal, other):
        search_mixes(spec(trials=2), scorer(), "a", f"journal://{path}")
    with journal.open("ab") as file:
        file.write(half_a_line(journal))
    torn, whole = (
        search_mixes(spec(trials=4), scorer(), "a", f"journal://{path}") for path in (journal, other)
    )
    assert torn.front == whole.front
    assert torn.cost.mixes == whole.cost.mixes
    assert b"}\n{" in journal.read_bytes()


def test_a_line_that_was_cut_off_before_others_is_named_with_what_to_do(tmp_path: Path) -> None:
    journal = tmp_path / "torn.log"
    url = f"journal://{journal}"
    whole = search_mixes(spec(trials=3), scorer(), "a", url)
    lines = journal.read_bytes().splitlines(keepends=True)
    at = len(lines) // 2
    journal.write_bytes(b"".join([*lines[:at], half_a_line(journal) + lines[at], *lines[at + 1 :]]))
    with pytest.raises(
        FileFormatError,
        match=rf"torn\.log, line {at + 1}, must be .*; stop all workers and remove it and the lines behind it",
    ) as caught:
        search_mixes(spec(trials=3), scorer(), "a", url)
    assert "Expecting" not in str(caught.value)
    journal.write_bytes(b"".join(lines[:at]))  # what the message says
    again = search_mixes(spec(trials=3), scorer(), "a", url)
    assert again.front == whole.front


def test_lines_that_are_written_together_are_read_together(tmp_path: Path) -> None:
    writer, reader = (JournalOfWholeLines(str(tmp_path / "trials.log")) for _ in range(2))
    writer.append_logs([{"n": 0}])
    with (tmp_path / "trials.log").open("ab") as file:
        file.write(b'{"n": ')  # as a kill leaves it: it is cut before
    with writer.together():
        writer.append_logs([{"n": 1}])
        writer.append_logs([{"n": 2}])
        assert list(reader.read_logs(0)) == [{"n": 0}]
    assert list(reader.read_logs(1)) == [{"n": 1}, {"n": 2}]
    assert (tmp_path / "trials.log").read_bytes().count(b"\n") == 3


def test_lines_of_something_else_are_no_journal(tmp_path: Path) -> None:
    (tmp_path / "notes.log").write_text('{"a": 1}\n{"b": 2}\n')
    with pytest.raises(
        FileFormatError,
        match=r"notes\.log must be the journal of studies, and is damaged: .*; give another --storage",
    ):
        search_mixes(spec(trials=1), scorer(), "a", f"journal://{tmp_path / 'notes.log'}")
