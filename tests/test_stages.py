"""A kill at any moment leaves each file old or new, and the next writer leaves nothing of it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsim.device.folders import profile_folders
from dsim.export.files import staging, write_folder
from dsim.files import LIVES_S, write_atomic
from dsim.stages import clear_dead, staged, stages_in

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked, and killed by a signal")
NAMES = ("model.py", "package", "README.md")
WHOLE = {"model.py", "package/weights", "README.md"}
OLD, NEW, LATER = "old", "new", "later"
STEPS = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.chmod", "open"}


def write_export(folder: Path, content: str) -> None:
    with staging(folder, NAMES) as place:
        (place / "package").mkdir()
        for name in WHOLE:
            (place / name).write_text(content)


def write_one(root: Path, content: str) -> None:
    """Write a folder as a profile is written."""
    clear_dead(root)
    with staged(root) as stage:
        (stage.new / "mine").mkdir()
        (stage.new / "mine" / "profile.toml").write_text(content)
        stage.move_in(("mine",))


WRITERS = {"export": write_export, "one": write_one}


def kill_at_each_step(writer: str, before: str, root: str) -> None:
    """Write into one folder after another, each time in a process that kills itself one step on the disk later."""
    for moment in range(1000):
        folder = Path(root) / f"{moment:03}"
        folder.mkdir()
        if before:
            WRITERS[writer](folder, before)
        if not os.fork():
            left = moment

            def step(event: str, _: object) -> None:
                nonlocal left
                if event in STEPS:
                    left -= 1
                    if left < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(step)  # Python tells of each step before it takes it
            WRITERS[writer](folder, NEW)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.wait()[1]) != -signal.SIGKILL:
            return


def killed(root: Path, writer: str, before: str) -> Iterator[Path]:
    """Yield a folder for each moment at which its writer was killed; the last writer was let live."""
    call = f"from tests.test_stages import *; kill_at_each_step({writer!r}, {before!r}, {str(root)!r})"
    subprocess.run([sys.executable, "-c", call], check=True)  # no fork of the process that runs the tests
    *found, last = sorted(root.iterdir())
    assert len(found) > 20
    assert not stages_in(last)
    return iter(found)


def contents(folder: Path) -> dict[str, str]:
    """Return the first line of each file by its path, but for stages."""
    paths = [
        path for one in folder.iterdir() if one not in stages_in(folder) for path in (one, *one.rglob("*"))
    ]
    return {
        str(path.relative_to(folder)): path.read_text().splitlines()[0] for path in paths if path.is_file()
    }


def begin_in_vain(folder: Path) -> None:
    """Begin an export that fails, so that only what a dead writer left is dealt with."""
    with pytest.raises(ZeroDivisionError), staging(folder, NAMES):
        raise ZeroDivisionError


@forks
@pytest.mark.slow
@pytest.mark.parametrize("before", ["", OLD])
def test_a_kill_while_an_export_is_written(tmp_path: Path, before: str) -> None:
    seen: set[str] = set()
    for folder in killed(tmp_path, "export", before):
        there = contents(folder)
        assert set(there.values()) <= {before, NEW}
        if before:  # a folder is away for an instant, a file never is
            assert set(there) >= {"model.py", "README.md"}
        begin_in_vain(folder)
        whole = contents(folder) if folder.exists() else {}
        assert whole in (dict.fromkeys(WHOLE, NEW), dict.fromkeys(WHOLE, OLD) if before else {})
        seen |= set(whole.values())
        write_export(folder, LATER)
        assert contents(folder) == dict.fromkeys(WHOLE, LATER)
        assert {path.name for path in folder.iterdir()} == set(NAMES)
    assert seen == {before, NEW} - {""}


@forks
@pytest.mark.slow
def test_a_kill_while_a_profile_is_replaced(tmp_path: Path) -> None:
    for folder in killed(tmp_path, "one", OLD):
        assert list(profile_folders(folder)) == ["mine"]  # whoever reads next finds it
        assert contents(folder) in ({"mine/profile.toml": OLD}, {"mine/profile.toml": NEW})
        assert [path.name for path in folder.iterdir()] == ["mine"]


@forks
@pytest.mark.slow
def test_what_was_changed_after_the_kill_stays(tmp_path: Path) -> None:
    for folder in killed(tmp_path, "export", OLD):
        (folder / "model.py").write_text("mine")
        with pytest.raises(OSError, match=r"model\.py, which was changed or made by somebody else"):
            write_export(folder, LATER)
        assert contents(folder)["model.py"] == "mine"


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    """The other one is in the middle of its export, and ends it when it is told to."""
    call = (
        "from tests.test_stages import *\n"
        f"with staging(Path({str(tmp_path)!r}), ('README.md',)) as place:\n"
        "    (place / 'README.md').write_text(NEW)\n"
        "    print('begun', flush=True)\n"
        "    input()\n"
    )
    words = [sys.executable, "-c", call]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "begun\n"
        write_folder(tmp_path, {"README.md": OLD})
        assert contents(tmp_path) == {"README.md": OLD}
        assert len(stages_in(tmp_path)) == 1
        other.communicate("\n")
        assert other.returncode == 0
    assert contents(tmp_path) == {"README.md": NEW}
    assert not stages_in(tmp_path)


def test_an_old_neighbour_of_a_file_goes_and_others_stay(tmp_path: Path) -> None:
    dead, alive, own = (
        tmp_path / name for name in (".a.json.dsim-12345678", ".a.json.dsim-abcdefgh", ".a.json.backup01")
    )
    for path in (dead, alive, own):
        path.write_text("half")
    for path in (dead, own):
        long_ago = path.stat().st_mtime - 2 * LIVES_S
        os.utime(path, (long_ago, long_ago))
    write_atomic(tmp_path / "a.json", "{}")
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", alive.name, own.name}
