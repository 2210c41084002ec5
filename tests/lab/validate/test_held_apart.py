"""Held-out predictions for nearer questions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dsim.latency.apart import apart_to_bytes, read_apart
from lab.validate.held_apart import BETWEEN, other


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = {
        "b": (np.array([1.5, np.nan]), np.array([0.25, np.nan])),
        "a": (np.array([2.0]), np.array([0.5])),
    }
    (tmp_path / "apart.npz").write_bytes(apart_to_bytes(found))
    again = read_apart(tmp_path / "apart.npz")
    assert set(again) == {"a", "b"}
    for name, logs in found.items():
        for one, two in zip(logs, again[name], strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-6)


def test_a_missing_file_is_no_error(tmp_path: Path) -> None:
    assert read_apart(tmp_path / "none.npz") == {}


def test_a_figure_is_left_by_its_family_or_its_laboratory() -> None:
    cases = {
        f"lab{BETWEEN}ResNet": False,
        f"lab{BETWEEN}ViT": False,
        f"elsewhere{BETWEEN}ResNet": False,
        f"elsewhere{BETWEEN}ViT": True,
        "ResNet": False,  # a contrast's side or a donor's figure has no laboratory here
        "ViT": True,
    }
    assert {name: other(name, "lab", "ResNet") for name in cases} == cases
