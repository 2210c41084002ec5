"""Quicker convolutions of a supernet on small maps compute what torch's own do."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dsim.supernet.pieces import FEW_POSITIONS, SmallMaps


@pytest.mark.parametrize("channels", [1, 6], ids=["dense", "one-for-each-channel"])
@pytest.mark.parametrize(("size", "step"), [(1, 1), (2, 1), (2, 2), (3, 2), (4, 2)])
@pytest.mark.parametrize(("kernel", "bias"), [(3, True), (5, False)])
def test_a_small_map_and_its_gradients_are_those_of_torch(
    channels: int, size: int, step: int, kernel: int, bias: bool
) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(6, 12, kernel, step, kernel // 2, groups=channels, bias=bias)
    quick = nn.Conv2d(6, 12, kernel, step, kernel // 2, groups=channels, bias=bias)
    quick.load_state_dict(plain.state_dict())
    quick.__class__ = SmallMaps
    results = []
    for layer in (plain, quick):
        x = torch.linspace(-1, 1, 3 * 6 * size * size).reshape(3, 6, size, size).requires_grad_()
        y = layer(x)
        y.sin().sum().backward()
        results.append([y, x.grad, *(weight.grad for weight in layer.parameters())])
    assert results[0][0].shape[2] ** 2 <= FEW_POSITIONS  # the quick road, not torch's
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)


def test_in_bfloat16_a_small_map_keeps_its_type() -> None:
    layer = nn.Conv2d(4, 4, 3, padding=1, groups=4)
    layer.__class__ = SmallMaps
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(torch.ones(1, 4, 2, 2, dtype=torch.bfloat16))
    assert found.dtype is torch.bfloat16
