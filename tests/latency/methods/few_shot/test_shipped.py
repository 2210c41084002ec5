"""The donors' table that comes with dsim: it is made of what is here, agrees with what is learned afresh, and goes stale aloud."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_folders
from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.reference import measured_ms, read_fine, read_reference
from dsim.latency.methods.few_shot.shipped import (
    FILE,
    Shipped,
    evidence_key,
    key_of,
    read_shipped,
    shipped,
    write_shipped,
)
from dsim.latency.methods.few_shot.teachers import NO_DONORS, LeftOut, donors, lessons

REMAKE = "run `python -m lab.validate.donor_table` and commit dsim/data/donors.npz"


@pytest.fixture(scope="module")
def content() -> Shipped:
    found = shipped()
    assert found is not None, f"dsim/data/donors.npz was made of other data than is here; {REMAKE}"
    return found


def test_it_is_made_of_what_is_here(content: Shipped) -> None:
    assert [str(name) for name in content.names] == sorted(profile.name for profile in donors())
    assert content.said.shape == (len(content.keys), len(content.names))
    assert set(content.vectors) == {profile.passes for profile in donors()}
    assert np.isfinite(content.log_ms).all()
    assert np.isfinite(content.rates).all()


def test_what_was_measured_is_in_it(content: Shipped) -> None:
    for name in ("iphone12", "galaxy-s24-qnn-float", "i7-12700h", "iphonexs-gpu-torch"):
        column = content.log_ms[:, [str(one) for one in content.names].index(name)]
        figures = {k: v for k, v in measured_ms(bundled_profile(name)).items() if k in content.keys}
        at = [content.keys.index(key) for key in figures]
        assert np.allclose(column[at], np.log(list(figures.values())), atol=1e-9)


def test_vectors_agree_with_graphs_that_are_read_afresh(content: Shipped) -> None:
    some = list(range(0, len(content.keys), 60))
    for passes, vectors in content.vectors.items():
        fresh = read_fine([content.keys[n] for n in some], passes)
        assert np.allclose(vectors[some], fresh, rtol=1e-5, atol=1e-6), f"{passes}: {REMAKE}"


@pytest.mark.slow
def test_a_donor_that_is_learned_afresh_agrees(content: Shipped) -> None:
    names = [str(name) for name in content.names]
    for lesson in lessons(LeftOut(), learner_of):
        name = lesson.profile.name
        if name in ("iphonexs-cpu-1large-float", "i7-12700h"):
            assert np.allclose(lesson.learn(), content.said[:, names.index(name)], atol=1e-3), REMAKE


@pytest.mark.slow
def test_every_kind_of_donor_that_is_learned_afresh_agrees(content: Shipped) -> None:
    names, seen = [str(name) for name in content.names], set()
    for lesson in lessons(LeftOut(), learner_of):
        method, name = lesson.profile.method, lesson.profile.name
        if method not in seen:
            seen.add(method)
            assert np.allclose(lesson.learn(), content.said[:, names.index(name)], atol=1e-3), REMAKE
    assert seen == {"fine", "operators", "roofline", "adapted"}


@pytest.mark.slow
def test_the_reference_that_is_read_afresh_agrees(content: Shipped) -> None:
    fresh = read_reference()
    assert fresh.keys == content.keys
    assert np.allclose(fresh.macs, content.macs, rtol=1e-9)


def test_a_file_made_of_something_else_is_not_used(tmp_path: Path, content: Shipped) -> None:
    file = tmp_path / "donors.npz"
    write_shipped(file, "one key", content)
    again = read_shipped(file, "one key")
    assert again is not None
    assert np.array_equal(again.log_ms, content.log_ms)
    assert read_shipped(file, "another key") is None
    file.write_bytes(file.read_bytes()[:1000])
    assert read_shipped(file, "one key") is None
    assert read_shipped(tmp_path / "none.npz", "one key") is None


def test_the_shipped_key_is_todays() -> None:
    assert read_shipped(FILE, evidence_key()) is not None, REMAKE
    assert len(list(bundled_folders())) > len(donors())
    assert "measured" in NO_DONORS


def test_it_does_not_rest_on_boards(tmp_path: Path) -> None:
    before = evidence_key()
    board = tmp_path / "a-board"
    board.mkdir()
    (board / "profile.toml").write_text('group = "boards"\n')
    assert key_of((*bundled_folders(), board)) == before
    (board / "profile.toml").write_text('group = "desktop"\n')
    assert key_of((*bundled_folders(), board)) != before
