"""A kernel's vector, against arithmetic done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.arch import PRESETS
from dsim.attrs import ConstantAttrs, ConvAttrs, UnknownAttrs
from dsim.graph import GraphBuilder
from dsim.latency.features import COLUMNS, INDEX, featurise, kernel_vector
from dsim.op import Op, OpKind, TensorSpec

PASSES = ("drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation")


def _conv(channels: int, out: int, side: int, kernel: int, groups: int = 1) -> Op:
    attrs = ConvAttrs(out, (kernel, kernel), padding=(kernel // 2, kernel // 2), groups=groups, bias=False)
    return Op(
        OpKind.CONV2D, attrs, (TensorSpec((1, channels, side, side)),), (TensorSpec((1, out, side, side)),)
    )


def _nonzero(op: Op) -> dict[str, float]:
    return {name: value for name, value in zip(COLUMNS, kernel_vector(op), strict=True) if value}


def test_a_pointwise_convolution_by_hand() -> None:
    # 64 * 128 * 14 * 14 = 1605632 MACs at 3e9 a ms; 8192 weights of 2 bytes at 4e7 bytes a ms;
    # (64 + 128) * 196 = 37632 elements of 2 bytes at 6e7 bytes a ms
    found = _nonzero(_conv(64, 128, 14, 1))
    compute, weights = 1605632 / 3e9, 16384 / 4e7
    assert found["bound_pointwise"] == pytest.approx(max(compute, weights))
    assert found["hidden"] == pytest.approx(0.3 * min(compute, weights))
    assert found["bytes_conv"] == pytest.approx(75264 / 6e7)
    assert found["start_conv"] == 0.004
    assert set(found) == {"bound_pointwise", "hidden", "bytes_conv", "start_conv", "n_kernels"}


def test_working_set_spills_beyond_each_size() -> None:
    found = _nonzero(_conv(64, 64, 112, 3, groups=64))
    moved = 2 * 2 * 64 * 112 * 112  # 3211264 bytes
    assert found["spill_1000k"] == pytest.approx((moved - 1_000_000) / 6e7)
    assert found["spill_2000k"] == pytest.approx((moved - 2_000_000) / 6e7)
    assert "spill_4000k" not in found
    assert found["macs_depthwise"] == pytest.approx(64 * 9 * 112 * 112 / 1e9)


def test_a_fused_activation_costs_beside_its_kernel_and_relu_does_not() -> None:
    plain = _conv(8, 8, 7, 1)
    gelu, relu = (
        Op(plain.kind, plain.attrs, plain.inputs, plain.outputs, a) for a in (OpKind.GELU, OpKind.RELU)
    )
    assert kernel_vector(gelu)[INDEX["act_gelu"]] == pytest.approx(2 * 8 * 49 / 1e8)
    assert np.array_equal(kernel_vector(relu), kernel_vector(plain))


def test_a_scale_per_channel_is_attached_and_a_full_product_is_not() -> None:
    spec = TensorSpec((1, 8, 7, 7))
    scale = Op(OpKind.MUL, ConstantAttrs((8, 1, 1)), (spec,), (spec,))
    product = Op(OpKind.MUL, ConstantAttrs(), (spec, spec), (spec,))
    assert "start_affine" in _nonzero(scale)
    assert "start_elementwise" in _nonzero(product)


@pytest.mark.parametrize("label", ["conv_transpose2d", "never_heard_of"])
def test_what_nobody_knows_is_never_free(label: str) -> None:
    spec = TensorSpec((1, 8, 7, 7))
    found = _nonzero(Op(OpKind.UNKNOWN, UnknownAttrs(label, (spec.shape,)), (spec,), (spec,)))
    assert found["bytes_unknown"] > 0
    assert found["start_unknown"] > 0


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_pieces_add_up_to_the_whole(name: str) -> None:
    arch = PRESETS[name]
    whole = featurise(arch.to_graph(), PASSES)
    parts = np.sum([featurise(piece.graph, PASSES) for piece in arch.pieces()], axis=0)
    np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-15)


def test_every_kind_of_op_has_a_price() -> None:
    b = GraphBuilder()
    x = b.input((1, 8, 14, 14))
    for kind in (OpKind.RELU, OpKind.GELU, OpKind.SIGMOID, OpKind.TANH, OpKind.HARDSIGMOID):
        x = b.add(kind, x)
    assert all(kernel_vector(op)[INDEX["n_kernels"]] == 1 for op in b.build(x).ops)
