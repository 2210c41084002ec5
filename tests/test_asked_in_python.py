"""What people write in a notebook where the command line would have read a text: understood, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dsim
from dsim.errors import FileFormatError, InvalidValueError
from dsim.search import Space, StudySpec
from dsim.search.space_file import as_space, space_toml
from dsim.shift.spec import ComparisonSpec
from dsim.units import milliseconds

ask: Any = dsim  # what the type checker would refuse is asked on purpose


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ask.predict("efficientformer_l1", ["iphone12", "pixel6-cpu"]), "the name of one profile"),
        (lambda: ask.predict("efficientformer_l1", None), "the name of one profile"),
        (lambda: ask.search("iphone12", None), "one number of milliseconds"),
        (lambda: ask.shortlist("iphone12", [1.0, 2.0]), "one number of milliseconds"),
        (lambda: ask.search("iphone12", 2.0, trials=2.5), "trials must be a whole number, got 2.5"),
        (lambda: ask.search("iphone12", 2.0, trials="12"), "trials must be a whole number, got '12'"),
        (lambda: ask.search("iphone12", 2.0, seed=None), "seed must be a whole number"),
        (lambda: ask.search("iphone12", 2.0, space={"resolution": 256}), "a space must be a dsim.Space or the path"),
        (lambda: ComparisonSpec(("iphone12", "i9-10940x"), refits=2.5), "refits must be a whole number"),
        (lambda: ask.Space(stems=("conv9",)), "stems must be chosen from two_convs, conv7, patchify, got 'conv9'"),
        (lambda: ask.Space(norms="batch"), "every row of norms must be a tuple of choices, got 'batch'"),
        (lambda: ask.Space(widths=(32, 64, 128, 256)), "every row of widths must be a tuple of choices, got 32"),
        (lambda: ask.Space(depths=((2,),) * 5), "depths must have 4 rows, one for each stage, got 5; take some out"),
        (lambda: ask.Space(attention_blocks=((0,),)), "attention_blocks must have 2 rows, for stages 3 and 4, got 1; add"),
        (lambda: ask.Stage(32, ("conv3",)), "the blocks of a stage must be a tuple of dsim.Block, got 'conv3'"),
        (lambda: ask.Stage(32, "conv3"), "the blocks of a stage must be a tuple of dsim.Block, got 'conv3'"),
        (lambda: ask.Stage(32, ask.Block("conv3")), "the blocks of a stage must be a tuple of dsim.Block, got Block("),
        (lambda: ask.Arch([1, 2, 3, 4]), "the stages of a design must be a tuple of dsim.Stage, got 1"),
        (lambda: ask.top1(None), "a network must be a dsim.Arch, a Graph, a torch.nn.Module or a file"),
        (lambda: ask.export(7, "folder"), "a design must be a dsim.Arch, a preset's name or a path, got int"),
        (lambda: ask.search("iphone12", 2.0, confidence="0.9"), "confidence must lie between 0 and 1, got '0.9'"),
        (lambda: ask.search("iphone12", 2.0, confidence=90), "confidence must lie between 0 and 1, got 90"),
        (lambda: ask.predict("efficientformer_l1", "iphone12", confidence="high"), "confidence must lie between 0 and 1"),
        (lambda: ask.shortlist("iphone12", 2.0, confidence=None), "confidence must lie between 0 and 1, got None"),
        (lambda: ask.top1("efficientformer_l1", confidence="0.9"), "confidence must lie between 0 and 1, got '0.9'"),
        (lambda: ask.confirm("studies/none", []), "times must be in one file at least"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line(call: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidValueError) as error:
        call()
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_numbers_of_numpy_are_numbers() -> None:
    assert milliseconds(np.float32(2.0)) == pytest.approx(2.0)
    spec = StudySpec("iphone12", 2.0, trials=np.int64(12), seed=np.int64(3))  # type: ignore[arg-type]
    assert (spec.trials, spec.seed) == (12, 3)
    assert type(spec.trials) is int  # study.toml cannot hold another


def test_a_space_of_lists_and_names_is_the_space_of_its_members() -> None:
    written = ask.Space(stems=["two_convs"], mixers=[["conv3"]] * 4, widths=[[32], [64], [128], [256]])
    assert written == Space(
        stems=Space().stems[:1],
        mixers=((Space().mixers[0][1],),) * 4,
        widths=((32,), (64,), (128,), (256,)),
    )
    assert hash(written) == hash(written.fixed())


def test_a_space_may_be_the_path_of_its_file(tmp_path: Path) -> None:
    small = Space(depths=((1,), (1,), (4,), (2,)))
    path = tmp_path / "space.toml"
    path.write_text(space_toml(small), encoding="utf-8")
    assert as_space(path) == as_space(str(path)) == as_space(small) == small
    path.write_text("stems = 5\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"space\.toml"):
        dsim.search("iphone12", 2.0, space=str(path))


def test_devices_to_compare_may_stand_in_one_text() -> None:
    with pytest.raises(InvalidValueError, match="each device once, got iphone12 twice"):
        dsim.compare("iphone12, iphone12")
