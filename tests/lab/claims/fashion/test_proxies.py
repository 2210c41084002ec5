"""Training-free estimates and the reader of idx files, against what is worked out by hand."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="needs pip install 'dsim[supernet]'")

import torch
from torch import nn

from lab.claims.fashion.pictures import read_idx
from lab.claims.fashion.proxies import naswot, synflow, zico


def linear(*rows: list[float]) -> nn.Linear:
    weight = torch.tensor(rows)
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight.data = weight
    return layer


def test_synflow_sums_paths() -> None:
    # with an image of ones at 1 px, three channels: both layers see |w|; every weight's |w * gradient| sums up to the output
    module = nn.Sequential(nn.Flatten(), linear([1.0, -2.0, 3.0]), linear([-4.0]))
    # output 4 * (1 + 2 + 3) = 24; the three first weights give 4, 8, 12, the last one 24
    assert synflow(module, 1) == pytest.approx(math.log(48))


def test_naswot_is_the_log_determinant_of_agreements() -> None:
    module = nn.Sequential(linear([1.0], [-1.0]), nn.ReLU())
    # images 1 and -1: codes (1, 0) and (0, 1), which agree with themselves in two places and with each other in none
    assert naswot(module, torch.tensor([[1.0], [-1.0]])) == pytest.approx(math.log(4))


def test_zico_divides_means_by_deviations() -> None:
    module = linear(
        [0.0], [0.0]
    )  # two classes, both scored 0, so that the gradient of class k is (1/2 - [k]) * input
    batches = [(torch.tensor([[1.0]]), torch.tensor([0])), (torch.tensor([[3.0]]), torch.tensor([0]))]
    # gradients -0.5, -1.5 and 0.5, 1.5: mean of sizes 1, deviation 0.5, so 2 for each of the two weights
    assert zico(nn.Sequential(module), batches) == pytest.approx(math.log(4), abs=1e-6)


def test_idx_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "two.gz"
    head = bytes([0, 0, 8, 3]) + b"".join(size.to_bytes(4, "big") for size in (2, 1, 3))
    path.write_bytes(gzip.compress(head + bytes(range(6))))
    assert read_idx(path).tolist() == [[[0, 1, 2]], [[3, 4, 5]]]
