"""Workers in processes of their own share one budget of trials, outlive one that is killed, and all end alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from optuna.trial import TrialState

from dsim.search.storage import disconnect, open_storage
from tests.search.worker import run, told

pytestmark = pytest.mark.slow
NAME, TRIALS, SILENT_S = "test", 30, 4
ROOT = Path(__file__).parents[2]


def start(url: str, dies: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.search.worker", url, str(TRIALS), str(SILENT_S), str(dies)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env)


def begin(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Let workers begin once all are ready: starting a process takes longer than the whole study."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return what one worker finds, on a journal of its own."""
    return told(run(f"journal://{tmp_path_factory.mktemp('alone') / 'trials.log'}", TRIALS, SILENT_S))


def share(url: str, workers: int, alone: dict[str, object], killed: int = 0) -> None:
    """Start workers at once on an empty storage, some of which die, and see that the others end as one alone."""
    processes = [start(url, dies=2 if number < killed else 0) for number in range(workers)]
    begin(processes)
    found = []
    for number, process in enumerate(processes):
        said, error = process.communicate(timeout=300)
        if number < killed:
            assert process.returncode == -9, error
        else:
            assert process.returncode == 0, error
            found.append(json.loads(said))
    assert all(one == found[0] for one in found)  # the same result, the time that it took included
    assert {key: value for key, value in found[0].items() if key != "seconds"} == alone
    study, storage = open_storage(url, NAME)
    trials = study.get_trials(deepcopy=False)
    disconnect(storage)
    done = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    mixes = Counter(json.dumps(trial.user_attrs["combination"], sort_keys=True) for trial in done)
    assert len(done) == TRIALS  # one budget
    assert set(mixes.values()) == {1}  # and no mix twice
    assert not [trial for trial in trials if trial.state is TrialState.RUNNING]
    assert len({trial.user_attrs["worker"]["name"] for trial in done}) > 1


@pytest.mark.parametrize(("workers", "killed"), [(2, 0), (4, 1)])
def test_workers_on_a_journal(tmp_path: Path, alone: dict[str, object], workers: int, killed: int) -> None:
    share(f"journal://{tmp_path / 'trials.log'}", workers, alone, killed)


@pytest.mark.parametrize(("workers", "killed"), [(2, 0), (4, 1)])
def test_workers_on_postgresql(postgres: str, alone: dict[str, object], workers: int, killed: int) -> None:
    share(postgres, workers, alone, killed)


@pytest.mark.parametrize(("workers", "killed"), [(2, 0), (4, 1)])
def test_workers_through_the_proxy(proxy: str, alone: dict[str, object], workers: int, killed: int) -> None:
    share(proxy, workers, alone, killed)


def test_ctrl_c_in_one_leaves_the_other_running(tmp_path: Path, alone: dict[str, object]) -> None:
    url = f"journal://{tmp_path / 'trials.log'}"
    told_off, other = start(url), start(url)
    begin((told_off, other))
    study = open_storage(url, NAME)[0]
    while not any(trial.state is TrialState.COMPLETE for trial in study.get_trials(deepcopy=False)):
        assert told_off.poll() is None
    told_off.send_signal(2)
    told_off.communicate(timeout=300)
    said, error = other.communicate(timeout=300)
    assert other.returncode == 0, error
    assert {key: value for key, value in json.loads(said).items() if key != "seconds"} == alone
