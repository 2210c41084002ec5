"""Sizes of image: a backbone is priced without its head, and a list is searched size by size."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsim.arch import Mixer, backbone_graph
from dsim.cli import main
from dsim.errors import InvalidValueError, NothingFitsError
from dsim.search import StudySpec, search_sizes
from dsim.search.grid import Grid
from dsim.search.mix import all_mixes
from dsim.search.space_file import space_toml
from dsim.search.table import CostTable
from tests.search.fakes import FakeAccuracy, FakeLatency
from tests.search.test_study import SMALL

IMAGE = (64, 96)


def test_prices_of_a_backbone_add_up_to_its_whole_graph_and_top1_is_the_classifiers() -> None:
    latency, accuracy = FakeLatency(), FakeAccuracy()
    table, rng = CostTable(latency, accuracy, image=IMAGE), np.random.default_rng(0)
    mixes = [mix for mix in all_mixes(SMALL) if mix.attention_blocks == (0, 2)]
    assert {mix.attention for mix in mixes} == {Mixer.ATTENTION, Mixer.ATTENTION_V2}
    for mix in mixes[:: len(mixes) // 4]:
        grid = Grid(SMALL, mix, table)
        points = rng.integers(0, np.array(grid.sizes), (2, 12))
        cut = table.cut(grid.rows(points))
        for n, point in enumerate(points.tolist()):
            arch = grid.arch(point)
            np.testing.assert_allclose(cut.phi[n], latency.featurise(backbone_graph(arch, IMAGE)))
            np.testing.assert_allclose(cut.summary[n], accuracy.summarise(arch.to_graph()))


def test_a_backbone_is_a_study_of_its_own() -> None:
    plain, backbone = (StudySpec("iphone12", 2.0, backbone=size) for size in ("", "640"))
    assert (plain.image, backbone.image) == (None, (640, 640))
    assert backbone.name == "iphone12-2ms-backbone-640x640"
    assert "backbone" not in plain.inputs()
    assert backbone.inputs()["backbone"] == "640x640"
    # a backbone's image has nothing to do with the side of a classifier's
    large = replace(SMALL, resolution=256)
    assert StudySpec("iphone12", 2.0, backbone="640", space=large).name == backbone.name


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"backbone": True}, "one size, for its top-1 does not depend on it, got none"),
        ({"backbone": True, "px": "512,640"}, "got 512,640"),
        ({"px": "512x640"}, "needs --task backbone"),
        ({"px": "224,224"}, "different ones"),
        ({"px": "200"}, "resolution must be a multiple of 32"),
        ({"px": "224,225", "trials": 10**9}, "resolution must be a multiple of 32"),  # before 224 is searched
        ({"px": "224,100000", "trials": 10**9}, "resolution must be .*, got 100000"),
    ],
)
def test_a_size_that_cannot_be_searched_is_refused(asked: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        search_sizes("iphone12", "2ms", **asked)


def test_ctrl_c_in_any_size_is_told_of_all() -> None:
    calls = []

    def stop(done: int, total: int, best: float | None) -> None:
        calls.append(best)
        if len(calls) == 4:  # the first of the second size
            raise KeyboardInterrupt

    found = search_sizes("iphone12", "2ms", px="128,96,64", trials=3, space=SMALL, progress=stop)
    assert found.spec.space.resolution == 128
    assert any(note.startswith("128 px is the best of 128, 96; 96 px reaches") for note in found.notes)
    assert (found.cost.interrupted, found.cost.swept) == (True, False)


@pytest.mark.slow
def test_a_size_at_which_nothing_keeps_to_the_limits_is_named_and_the_others_count() -> None:
    # in 16-bit numbers the activations of the stem's 64 channels alone take 4 times as much at twice the side
    asked: dict[str, object] = {"trials": 3, "space": SMALL, "memory": "0.2MB"}
    found = search_sizes("iphone12", "2ms", px="64,512,96", **asked)
    assert found.chosen is not None
    said = [note for note in found.notes if " is the best of 64, 96, 512; " in note]
    assert len(said) == 1
    assert said[0].endswith("512 px has no design within the limits")
    with pytest.raises(NothingFitsError, match="--memory must leave at least one design"):
        search_sizes("iphone12", "2ms", px="512,448", **asked)


def test_ctrl_c_ends_a_study_without_what_takes_a_while() -> None:
    def stop(done: int, total: int, best: float | None) -> None:
        raise KeyboardInterrupt

    found = search_sizes("iphone12", "2ms", trials=3, space=SMALL, progress=stop)
    assert (found.cost.interrupted, found.cost.mixes, found.shelf) == (True, 1, ())
    assert found.chosen is not None


@pytest.mark.slow
def test_where_no_size_fits_each_says_what_it_needs() -> None:
    found = search_sizes("iphone12", "1us", px="64,96", trials=2, space=SMALL)
    assert found.chosen is None
    assert found.spec.space.resolution == 64
    (said,) = (note for note in found.notes if note.startswith("64 px needs the smallest budget of 64, 96; "))
    assert re.search(r"; 96 px needs 0\.\d+ ms$", said)


@pytest.mark.slow
def test_of_several_sizes_the_best_is_shown_with_the_others(tmp_path: Path) -> None:
    found = search_sizes("iphone12", "1.5ms", px="128,224", trials=3, space=SMALL, out=tmp_path)
    assert found.spec.space.resolution == 224
    assert any(note.startswith("224 px is the best of 128, 224; 128 px reaches") for note in found.notes)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "iphone12-1.5ms-128px",
        "iphone12-1.5ms-224px",
    ]


@pytest.mark.slow
def test_a_study_of_a_backbone_says_what_is_priced_and_what_top1_is_worth(tmp_path: Path) -> None:
    asked: Callable[..., object] = search_sizes
    one, again = (
        asked("iphone12", "8ms", px="512x640", backbone=True, trials=2, space=SMALL, out=tmp_path)
        for _ in range(2)
    )
    assert one == again  # read from its files
    assert one.shelf == one.published == ()  # type: ignore[attr-defined]  # these are classifiers
    said = " ".join(one.notes)  # type: ignore[attr-defined]
    assert "four maps of an image of 512x640 px, without a head" in said
    assert "orders published backbones' box AP by" in said


@pytest.mark.slow
def test_sizes_in_a_space_file_are_searched_as_those_of_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study", "--device", "iphone12", "--budget", "1.5ms", "--trials", "3", "--json"]
    said = []
    for sides, option in (("[128, 224]", []), ("224", ["--px", "128,224"])):
        file, out = tmp_path / "space.toml", tmp_path / sides
        file.write_text(space_toml(SMALL).replace("resolution = 224", f"resolution = {sides}"))
        with pytest.raises(SystemExit):
            main([*words, "--space", str(file), "--out", str(out), *option])
        said.append(json.loads(capsys.readouterr().out))
    assert said[0]["chosen"] == said[1]["chosen"]
    assert said[0]["notes"] == said[1]["notes"]
