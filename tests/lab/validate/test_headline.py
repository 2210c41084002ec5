"""What changes cost in blocks, in percent of them, and how turns of a table are read: by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsim.device.profile import Contrast
from lab.curate.measured import read_turns
from lab.validate.headline import percent


def test_a_contrast_is_a_share_of_its_block() -> None:
    one = Contrast("norm:batch>layer", "", "a", "b", 0.5, 0.6, 0.01, "m", "p", "l", "s", "", 0.05, 0.15)
    assert percent(one) == pytest.approx((20.0, 10.0, 30.0))


def test_turns_of_a_table_are_named_by_what_they_change(tmp_path: Path) -> None:
    path = tmp_path / "turns.csv"
    path.write_text(
        "variant,runtime,turn,ms\ngelu-batch,ort,1,10\nrelu-layer,ort,1,12\nsilu-batch,ort,0,9\ngelu-layer,ov,0,8\n"
    )
    assert read_turns(path, "efficientformer_l1") == [
        {"ort": {"activation:gelu>silu": 9.0}, "ov": {"norm:batch>layer": 8.0}},
        {"ort": {"": 10.0, "activation:gelu>relu+norm:batch>layer": 12.0}},
    ]
