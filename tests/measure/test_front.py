"""``dsim.measure`` and the command are one: the same journal makes the same profile and the same scores."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dsim
from dsim.cli.main import dsim as command
from dsim.device import find_profile
from dsim.device.profile import CHECK, LEARN
from dsim.errors import InvalidValueError, UnknownNameError
from dsim.measure.journal import Entry
from dsim.measure.measurement import WITHOUT, Request, begin
from dsim.measure.observe import Observed
from dsim.places import bundled_profiles_dir
from tests.measure.test_batches import designs, timed

NAME = "made-up"


def run(*words: str) -> Result:
    return CliRunner().invoke(command, ["measure", *words])


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of profiles, with a journal of eleven designs that torch is said to have run on this machine."""
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    begun = begin(Request(("torch",), NAME, "A machine", 60.0, 0, 100, False, False, WITHOUT))
    for planned in (*designs(6, LEARN, "learn"), *designs(5, CHECK, "check")):
        entry = timed(planned)
        begun.journal.append(Entry(planned, Observed({"torch": entry.observed.seen["onnxruntime"]}, {}), 0.5))
    yield tmp_path
    if cores:
        os.sched_setaffinity(0, cores)  # measuring holds the process to one core


@pytest.mark.slow
def test_python_and_the_command_make_the_same_profile(root: Path) -> None:
    made = dsim.measure("torch", NAME, title="A machine", networks=0, contrasts=False)
    files = {path.name: path.read_bytes() for path in (root / NAME).iterdir()}
    done = run(
        "--backend",
        "torch",
        "--name",
        NAME,
        "--title",
        "A machine",
        "--networks",
        "0",
        "--no-contrasts",
        "--json",
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told.pop("schema_version") == 1
    assert told == json.loads(json.dumps(made.to_dict()))
    assert {path.name: path.read_bytes() for path in (root / NAME).iterdir()} == files

    assert made.made[NAME].networks == 6
    assert len(find_profile(NAME).networks) == 11
    assert made.scores()[NAME]["designs never learned from"].networks == 5
    assert "6 networks to learn from, 5 held out" in repr(made)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--name", "x"], "--backend is needed"),
        (["--backend", "torch"], "--name is needed"),
        (["--backend", "nonsense", "--name", "x"], "'nonsense' is not one of onnxruntime, openvino"),
        (["--backend", "coreml", "--name", "x"], "`dsim measure bundle DIR`"),
        (["--backend", "coreml", "--bundle", "x"], "`dsim measure bundle DIR` does that now"),
        (["--compared", "studies/x"], "`dsim measure compared DIR` does that now"),
        (["--contrasts", "only"], "`dsim measure contrasts`"),
        (["--name", "x", "contrasts", "--backend", "torch"], "dsim measure contrasts --name"),
        (["contrasts", "--name", "x"], "--backend is needed"),
        (["compared", "nowhere", "--backend", "torch"], "--name is needed"),
        (["--backend", "torch", "--name", "x", "--batch", "0"], "from 1 to 1024"),
    ],
)
def test_wrong_usage_is_one_line_with_the_remedy(words: list[str], message: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_help_names_the_verbs_and_every_backend() -> None:
    text = run("--help").stdout
    for word in ("contrasts", "compared", "bundle", "onnxruntime", "openvino-bf16", "cuda-compile-64"):
        assert word in text


def test_wrong_values_are_refused_in_python() -> None:
    with pytest.raises(UnknownNameError, match="unknown backend 'nonsense'; known: cuda"):
        dsim.measure("nonsense", "x")
    for wrong in ({"seconds": 0.0}, {"batches": (0,)}, {"checks": -1}):
        with pytest.raises(InvalidValueError):
            dsim.measure("torch", "x", **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="got none"):
        dsim.measure((), "x")


@pytest.mark.parametrize("words", [[], ["--design", "efficientformer_l1"]])
def test_contrasts_that_no_profile_can_take_are_refused_before_anything_is_timed(
    root: Path, words: list[str]
) -> None:
    before = set(root.rglob("*"))
    done = run("contrasts", "--backend", "torch", "--name", "other", *words)
    assert done.exit_code == 1
    assert "other: there is no such profile in" in " ".join(done.stderr.split())
    assert set(root.rglob("*")) == before


def test_a_profile_that_was_made_otherwise_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    folder = Path(shutil.copytree(bundled_profiles_dir() / "iphone13", tmp_path / NAME))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InvalidValueError, match="replaces only profiles that it made itself, and 'made-up'"):
        dsim.measure("torch", NAME, seconds=1.0)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
