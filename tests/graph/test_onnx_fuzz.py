"""Corrupt ONNX files end in a DsimError: no traceback, no hang, no half graph.

    DSIM_FUZZ=10000 pytest tests/graph/test_onnx_fuzz.py

runs more of them than the suite has time for.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from dsim.graph.onnx import read_onnx
from tests.graph.corrupt import corrupt_bytes, corrupt_fields, how_many_read
from tests.graph.modules import Attention, Residual
from tests.graph.onnx_files import exported

FILES = int(os.environ.get("DSIM_FUZZ", "300"))


class Mixed(nn.Module):
    """A bit of everything that readers fold, recognise and write."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.tokens = Residual(), Attention(True, 16, 16)
        self.conv, self.norm = nn.Conv2d(3, 16, 4, 4), nn.LayerNorm(16)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = F.gelu(self.conv(x))
        b, c, h, w = y.shape
        y = self.norm(y.reshape(b, c, h * w).transpose(1, 2))
        return self.stem(x), F.silu(self.tokens(y)).mean(1)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Whole files to start from: fixed shapes, and open ones with their shape arithmetic."""
    folder = tmp_path_factory.mktemp("seeds")
    open_axes = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
    shape = (1, 3, 16, 16)
    return [
        exported(Mixed(), shape, folder / f"{i}.onnx", opset, **options).read_bytes()
        for i, (opset, options) in enumerate([(14, {}), (17, open_axes)])
    ]


@pytest.mark.parametrize("way", [corrupt_bytes, corrupt_fields])
def test_corrupt_files_end_in_one_line(way, seeds: list[bytes], tmp_path: Path) -> None:
    def broken(rng: random.Random) -> bytes:
        return way(rng.choice(seeds), rng)

    assert how_many_read(read_onnx, tmp_path / "m.onnx", broken, FILES // 2) < FILES // 2
