"""Ops that published networks have and designs have not, in a Core ML program: run op by op they give torch's scores."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dsim.export.network import export_network


class Other(nn.Module):
    """A gate over squeezed channels, a pool by maximum, two branches side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.gate = nn.Conv2d(3, 8, 3, 2, 1), nn.Linear(8, 8)
        self.pool, self.head = nn.MaxPool2d(3, 2, 1), nn.Linear(16, 5)

    def forward(self, image: Tensor) -> Tensor:
        maps = self.pool(nn.functional.relu6(self.stem(image)))
        gate = self.gate(maps.mean((2, 3), keepdim=True).squeeze(-1).squeeze(-1)).sigmoid()
        gated = maps * gate.unsqueeze(-1).unsqueeze(-1)
        joined = torch.cat([gated, maps.tanh()], 1)
        return self.head(joined.mean((2, 3)))


@pytest.mark.slow
def test_they_give_the_scores_of_torch(tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
    torch.manual_seed(0)
    written = export_network(Other(), 64, tmp_path, "coreml", name="other")
    assert written.difference is not None
    assert written.difference.max_abs <= written.difference.allowed
    assert any("max_pool" in line and "concat" in line for line in written.checks)
