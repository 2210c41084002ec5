"""A cache is a help and never a need: whatever lies there, and wherever it is, the result is the same."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsim.accuracy.cache import load_accuracy_model
from dsim.accuracy.evidence import load_evidence
from dsim.cache import arrays_from_bytes, arrays_to_bytes, cache_file, fit_format, kept
from dsim.device import find_profile
from dsim.latency import load_model
from dsim.latency.content import content_hash
from dsim.latency.learners import rests_on
from dsim.latency.siblings import siblings
from dsim.report.held import find_held

SMALL = "m5-ane"  # learned in a moment


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def price() -> list[float]:
    load_model.cache_clear()
    model = load_model(SMALL)
    return [float(value) for value in model.price(np.full((2, len(model.columns)), 0.1)).high_ms]


def top1() -> list[float]:
    load_accuracy_model.cache_clear()
    model = load_accuracy_model()
    return [float(value) for value in model.predict(load_evidence().summaries[:3]).top1]


CACHES: dict[str, Callable[[], Any]] = {
    "models": price,
    "accuracy": top1,
    "siblings": lambda: siblings(SMALL),
    "held": lambda: find_held(SMALL),
}


# a fit of accuracy takes two seconds, and all caches are read by the same function
FEW = ("empty", "half", "other arrays")


def damaged(whole: bytes) -> dict[str, bytes]:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    flipped = bytearray(whole)
    for at in range(len(flipped) // 3, len(flipped) // 3 + 40):
        flipped[at % len(flipped)] ^= 0xFF
    return {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "last byte lost": whole[:-1],
        "flipped": bytes(flipped),
        "zeros": bytes(len(whole)),
        "text": b"not what it should be",
        "another archive": empty.getvalue(),
        "another object": b"[1, 2]",
        "other arrays": arrays_to_bytes({"device": SMALL}, {"x": np.zeros(3)}),
    }


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("DSIM_CACHE", str(folder))
    return folder


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", CACHES)
def test_a_damaged_file_is_made_anew(kind: str, cache: Path) -> None:
    find = CACHES[kind]
    found = find()
    (path,) = (path for path in files(cache) if path.parent.name == kind)
    whole = path.read_bytes()
    for what, content in damaged(whole).items():
        if kind == "accuracy" and what not in FEW:
            continue
        path.write_bytes(content)
        assert find() == pytest.approx(found) if isinstance(found, list) else find() == found, what
        assert path.read_bytes() == whole, f"{what}: the file is whole again"
    assert all(path.name[0] != "." for path in files(cache)), "nothing is left beside"


@pytest.mark.parametrize("kind", CACHES)
def test_a_file_that_is_there_is_read(kind: str, cache: Path) -> None:
    find = CACHES[kind]
    find()
    (path,) = (path for path in files(cache) if path.parent.name == kind)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    find()
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before, "nothing was made and written again"


@pytest.mark.parametrize("kind", CACHES)
def test_a_cache_that_is_a_file_is_none(kind: str, cache: Path) -> None:
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file")
    CACHES[kind]()
    assert cache.read_text() == "a file"


def _make(tmp_path: Path, value: int = 7) -> int:
    def read(content: bytes) -> int:
        return int(json.loads(content))

    return kept("numbers", "one", "abc", lambda: value, as_json, read)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_cache_that_is_read_only_is_passed_over(cache: Path) -> None:
    cache.mkdir()
    cache.chmod(0o500)
    assert _make(cache) == 7
    assert files(cache) == []


def test_a_full_disk_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        assert _make(cache) == 7
    assert files(cache) == []
    assert _make(cache, 8) == 8, "the next run makes it again"
    assert _make(cache, 9) == 8, "and keeps it"


def test_a_result_that_is_none_is_kept(cache: Path) -> None:
    made = []
    for _ in range(2):
        kept("none", "one", "abc", lambda: made.append(1), as_json, json.loads)
    assert len(made) == 1


def _many(folder: str, number: int) -> int:
    os.environ["DSIM_CACHE"] = folder
    arrays = {"x": np.full(100_000, number % 2)}

    def read(content: bytes) -> int:
        return int(arrays_from_bytes(content)[1]["x"].sum())

    found = 0
    for round_ in range(30):
        kept("many", "one", str(round_ % 3), lambda: 0, lambda _: arrays_to_bytes({}, arrays), read)
        found = read(cache_file("many", "one", str(round_ % 3)).read_bytes())
        assert found in (0, 100_000), "whole, whoever wrote it"
    return found


@pytest.mark.slow
def test_two_processes_at_once(cache: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert len(pool.starmap(_many, [(str(cache), 0), (str(cache), 1)])) == 2
    assert len(files(cache)) == 3


def test_a_mark_changes_with_the_data_and_not_with_the_card(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for path in find_profile(SMALL).folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    first = content_hash((folder,))
    (folder / "card.toml").write_text("# another card\n")
    assert content_hash((folder,)) == first
    (folder / "profile.toml").write_text((folder / "profile.toml").read_text() + "\n# a change\n")
    assert content_hash((folder,)) != first


def test_a_model_rests_on_the_donors_of_its_donor() -> None:
    """A Snapdragon's CPU starts from a phone's, and that from a desktop's."""
    names = [folder.name for folder in rests_on(find_profile("7-gen4-onnx-w8a8"))]
    assert {"7-gen4-onnx-w8a8", "pixel4-cpu-1large-quant", "i7-12700h"} <= set(names)


def test_the_format_is_a_number() -> None:
    assert fit_format() >= 1
