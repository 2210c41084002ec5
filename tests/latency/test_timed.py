"""What was timed on a device: where grouped convolutions are a guess."""

from __future__ import annotations

from dsim.attrs import ConvAttrs
from dsim.latency.timed import GROUPED, Timed
from dsim.op import Op, OpKind, TensorSpec


def _conv(groups: int) -> Op:
    spec = TensorSpec((1, 32, 14, 14))
    return Op(OpKind.CONV2D, ConvAttrs(32, (3, 3), padding=(1, 1), groups=groups), (spec,), (spec,))


def test_grouped_convolutions_are_a_guess_where_networks_were_timed_and_none_holds_one() -> None:
    plain, known = Timed.of([frozenset({"conv|3"})]), Timed.of([frozenset({"conv|3", GROUPED})])
    assert plain.guesses_groups([_conv(1), _conv(4)])
    assert not known.guesses_groups([_conv(4)])
    assert not plain.guesses_groups([_conv(1), _conv(32)])  # plain, and depthwise
    assert not Timed.of(()).guesses_groups([_conv(4)])  # learned from operators
