"""What every model must say of a network in which some operator has no price."""

from __future__ import annotations

import math

from dsim.attrs import ConstantAttrs, ConvAttrs, UnknownAttrs
from dsim.graph import Graph, GraphBuilder
from dsim.latency import Basis
from dsim.latency.model import DeviceModel
from dsim.op import OpKind

SIDES = (1, 7, 56)


def network(side: int, unknown: bool) -> Graph:
    """Make convolutions with a residual connection, and a transposed convolution that nobody timed between them."""
    b = GraphBuilder()
    x = b.add(OpKind.CONV2D, b.input((1, 64, side, side)), attrs=ConvAttrs(64, (1, 1)))
    y = b.add(OpKind.RELU, b.add(OpKind.CONV2D, x, attrs=ConvAttrs(64, (3, 3), padding=(1, 1))))
    if unknown:
        shape = (1, 64, side, side)
        y = b.add(OpKind.UNKNOWN, y, attrs=UnknownAttrs("conv_transpose2d", (shape,), 64 * 64 * 9, 10**8))
    z = b.add(OpKind.ADD, x, y, attrs=ConstantAttrs())
    return b.build(b.add(OpKind.CONV2D, z, attrs=ConvAttrs(128, (1, 1))))


def assert_incomplete(model: DeviceModel) -> None:
    """Hold a model to what an incomplete estimate is: open above, and not below what has a price by its own estimate."""
    for side in SIDES:
        found, priced = model.estimate(network(side, True)), model.estimate(network(side, False))
        assert not found.complete
        assert found.high_ms == math.inf
        assert found.needs_ms == math.inf
        assert found.fits.startswith("no budget")
        assert found.low_ms <= found.latency_ms
        assert priced.complete
        assert priced.high_ms < math.inf
        (kernel,) = [k for k in found.kernels if k.evidence is Basis.UNSUPPORTED]
        assert (kernel.kind, kernel.macs, kernel.counted) == ("conv_transpose2d", 10**8, True)
        assert kernel.latency_ms >= 0
        have = sum(k.latency_ms for k in found.kernels if k is not kernel) + found.fixed_ms
        assert found.latency_ms >= have * (1 - 1e-9)
