"""Forests against scikit-learn's own predictions, rooflines and whole networks against known rates."""

from dataclasses import replace

import numpy as np
import pytest

from dsim.attrs import ConvAttrs, LinearAttrs, NoAttrs
from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.describe import ACTIVATION_ORDER, LANES, NAMES, describe
from dsim.latency.methods.operators.kernel_groups import GROUPS
from dsim.latency.methods.operators.known import FOREST_ROWS, know
from dsim.latency.methods.operators.roofline import fit_roofline
from dsim.latency.methods.operators.rows import MOST_OFF, OpRows, settled
from dsim.latency.methods.operators.trees import DIGITS, grow
from dsim.latency.methods.operators.whole import ALONE, NETWORKS_FOR_GROUPS, fit_whole
from dsim.op import Op, OpKind, TensorSpec


def conv(channels: int, side: int, kernel: int) -> Kernel:
    attrs = ConvAttrs(channels, (kernel, kernel), padding=(kernel // 2, kernel // 2))
    spec = TensorSpec((1, channels, side, side))
    return Kernel(Op(OpKind.CONV2D, attrs, (spec,), (spec,)))


def test_a_forest_says_what_scikit_learn_says() -> None:
    from sklearn.ensemble import ExtraTreesRegressor

    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 5)).astype(np.float32).astype(np.float64)
    y = np.round(x[:, 0] * x[:, 1] + np.abs(x[:, 2]), DIGITS)
    ours = grow(x, y, np.ones(300), trees=10, leaf=2, share=0.5, seed=7)
    theirs = ExtraTreesRegressor(10, min_samples_leaf=2, max_features=0.5, random_state=7).fit(x, y)
    new = rng.normal(size=(100, 5)).astype(np.float32).astype(np.float64)
    assert ours.predict(new).mean(1) == pytest.approx(theirs.predict(new), abs=1e-4)


def test_a_forest_hangs_on_no_rounding() -> None:
    rng = np.random.default_rng(4)
    x = rng.integers(0, 2, (200, 8)).astype(np.float64)  # splits on zeros and ones part the rows alike
    x[:, 4:] = 1.0 - x[:, :4]
    y, weight = np.round(rng.normal(size=200), 9), rng.uniform(0.1, 1.0, 200)
    new = rng.integers(0, 2, (50, 8)).astype(np.float64)  # where it matters which of them was split on
    one = grow(x, y, weight, trees=10, leaf=2, share=0.9, seed=7).predict(new)
    for _ in range(5):
        off = 1 + 1e-12 * rng.uniform(-1, 1, (2, 200))
        other = grow(x, y * off[0], weight * off[1], trees=10, leaf=2, share=0.9, seed=7)
        assert other.predict(new) == pytest.approx(one, abs=1e-6)


def test_a_roofline_finds_rates_and_the_launch() -> None:
    kernels = [conv(c, s, k) for c in (16, 32, 64, 128, 256) for s in (7, 14, 28, 56) for k in (1, 3, 5)]
    macs = np.array([kernel.op.macs for kernel in kernels])
    moved = np.array([k.op.elements_read + k.op.elements_written - k.op.attrs.out_channels for k in kernels])
    outside = np.arange(len(kernels)) % 2 == 0
    ms = 0.01 + macs / 1e9 + moved / 1e8 + 0.07 * outside
    found = fit_roofline(describe(kernels), ms, np.ones(len(ms)), outside)
    assert found.floor_ms == pytest.approx(0.07, rel=0.05)
    assert found.ms(describe(kernels)) == pytest.approx(ms - 0.07 * outside, rel=0.1)


def test_a_roofline_extrapolates() -> None:
    kernels = [conv(c, s, 3) for c in (16, 32, 64, 128) for s in (14, 28, 56)]
    ms = np.array([0.01 + kernel.op.macs / 1e9 for kernel in kernels])
    found = fit_roofline(describe(kernels), ms, np.ones(len(ms)))
    far = conv(1024, 112, 3)
    assert found.ms(describe([far]))[0] == pytest.approx(far.op.macs / 1e9, rel=0.1)


def test_a_roofline_prices_activations_by_the_element() -> None:
    kernels = [conv(c, s, 3) for c in (16, 32, 64, 128) for s in (14, 28, 56)]
    gelus = [Kernel(replace(kernel.op, activation=OpKind.GELU)) for kernel in kernels]
    ms = np.array([0.01 + kernel.op.macs / 1e9 for kernel in kernels])
    more = ms + np.array([kernel.op.outputs[0].numel for kernel in kernels]) / 1e7
    found = fit_roofline(describe([*kernels, *gelus]), np.hstack([ms, more]), np.ones(2 * len(ms)))
    price = found.activations[ACTIVATION_ORDER.index(OpKind.GELU)]
    assert price == pytest.approx(0.1, rel=0.1)
    never = found.activations[ACTIVATION_ORDER.index(OpKind.SILU)]
    assert never == pytest.approx(price, rel=0.1), "one that was never timed costs what the others do"


def test_an_activation_of_gates_alone_is_priced_like_the_others_on_maps() -> None:
    """A gate of 1x1 takes 0.02 ms more than none, whatever its channels: by the element hundreds of times what GELU takes."""
    kernels = [conv(c, s, 3) for c in (16, 32, 64, 128) for s in (14, 28, 56)]
    gelus = [Kernel(replace(kernel.op, activation=OpKind.GELU)) for kernel in kernels]
    vectors = [conv(c, 1, 1) for c in (64, 128, 256, 512)]
    gates = [Kernel(replace(kernel.op, activation=OpKind.SIGMOID)) for kernel in vectors]
    ms = np.array([0.01 + kernel.op.macs / 1e9 for kernel in kernels])
    more = ms + np.array([kernel.op.outputs[0].numel for kernel in kernels]) / 1e7
    every = np.hstack([ms, more, np.full(len(vectors), 0.01), np.full(len(gates), 0.03)])
    found = fit_roofline(describe([*kernels, *gelus, *vectors, *gates]), every, np.ones(len(every)))
    gelu, sigmoid = (found.activations[ACTIVATION_ORDER.index(k)] for k in (OpKind.GELU, OpKind.SIGMOID))
    assert 0.1 * gelu < sigmoid < 10.0 * gelu


def test_channels_are_found_where_they_come_last() -> None:
    wide, tall = TensorSpec((1, 14, 14, 192)), TensorSpec((1, 14, 14, 512))
    linear = Kernel(Op(OpKind.LINEAR, LinearAttrs(512), (wide,), (tall,)))
    one = dict(zip(NAMES, describe([linear])[0], strict=True))
    assert (one["channels_in"], one["channels_out"], one["side_out"]) == pytest.approx((192, 512, 14))
    gelu = Kernel(Op(OpKind.GELU, NoAttrs(), (tall,), (tall,)))
    one = dict(zip(NAMES, describe([gelu])[0], strict=True))
    assert (one["channels_out"], one["side_out"]) == pytest.approx((512, 14))
    assert one["activation"] == ACTIVATION_ORDER.index(OpKind.GELU)


def test_a_group_narrower_than_a_vector_leaves_lanes_empty() -> None:
    spec = TensorSpec((1, 64, 14, 14))
    narrow = Kernel(Op(OpKind.CONV2D, ConvAttrs(64, (3, 3), padding=(1, 1), groups=16), (spec,), (spec,)))
    one = dict(zip(NAMES, describe([narrow])[0], strict=True))
    assert one["group_out"] == 4.0
    assert np.expm1(one["log_padded_macs"]) == pytest.approx(narrow.op.macs * LANES / 4)


def test_operators_of_a_network_add_up_to_what_it_took() -> None:
    found = settled(rows_of({"a": (1.0, 2.0), "b": (4.0,), "alone": (7.0,)}), {"a": 3.3, "b": 4.0})
    assert found.ms == pytest.approx([1.1, 2.2, 4.0, 7.0])


def test_operators_timed_in_a_loud_moment_are_left_out() -> None:
    # a profiler that takes half of the time makes no network stand out
    quiet = {"a": (1.0, 2.0), "b": (4.0,), "c": (3.0,)}
    whole = {key: sum(ms) / 1.5 for key, ms in quiet.items()} | {"loud": 1.0}
    found = settled(rows_of(quiet | {"loud": (1.5 * MOST_OFF * 1.01,)}), whole)
    assert found.networks == ("a", "a", "b", "c")
    assert len(found.kernels) == len(found.weight) == len(found.dispatched) == len(found.ms)
    assert found.ms.sum() == pytest.approx(sum(whole.values()) - 1.0)


def rows_of(ms: dict[str, tuple[float, ...]]) -> OpRows:
    networks = tuple(name for name, own in ms.items() for _ in own)
    figures = np.array([one for own in ms.values() for one in own])
    count = len(networks)
    kernels = (conv(16, 14, 3),) * count
    return OpRows(
        kernels, figures, np.ones(count), networks, np.zeros(count, dtype=bool), 0, frozenset(), True
    )


def test_what_was_timed_outweighs_the_forest() -> None:
    often, once, never = conv(16, 14, 3), conv(24, 14, 3), conv(32, 14, 3)
    known = know([often, once, *[often] * 8], np.array([2.0, 5.0, *[2.0] * 8]))
    found = known.blend([never, often, once], np.array([[1.0, 3.0], [1.0, 3.0], [1.0, 3.0]]))
    assert found[0] == pytest.approx([1.0, 3.0]), "the forest's price stands where nothing was timed"
    rest = FOREST_ROWS / (9.0 + FOREST_ROWS)
    assert found[1] == pytest.approx([2.0 - rest, 2.0 + rest])
    rest = FOREST_ROWS / (1.0 + FOREST_ROWS)
    assert found[2] == pytest.approx([5.0 - 4.0 * rest, 5.0 - 2.0 * rest])


def test_a_description_holds_the_work() -> None:
    one = dict(zip(NAMES, describe([conv(10, 8, 3)])[0], strict=True))
    assert np.expm1(one["log_macs"]) == pytest.approx(10 * 10 * 9 * 64)
    # 10 channels fill three slices of four
    assert np.expm1(one["log_padded_macs"]) == pytest.approx(12 * 12 * 9 * 64)
    assert one["winograd"] == 1.0


def test_whole_networks_set_scale_and_fixed_time() -> None:
    parts = np.linspace(2.0, 60.0, 20)
    launches = np.tile([20.0, 90.0], 10)
    measured = 1.5 + 1.1 * parts + 0.004 * launches
    measured[3] *= 3.0  # one stray figure must not matter
    found = fit_whole(_in_group(parts, 0), _in_group(launches, 0), measured, np.ones(20))
    assert (found.fixed_ms, found.scales[0], found.starts_ms[0]) == pytest.approx((1.5, 1.1, 0.004), rel=0.1)
    assert (found.scales == found.scales[0]).all(), "20 networks do not tell groups apart"
    nothing = np.zeros((0, len(GROUPS)))
    assert fit_whole(nothing, nothing, np.zeros(0), np.zeros(0)) is ALONE


def test_many_networks_give_groups_scales_of_their_own() -> None:
    rng = np.random.default_rng(0)
    n = 2 * NETWORKS_FOR_GROUPS
    first, second = rng.uniform(1.0, 9.0, n), rng.uniform(1.0, 9.0, n)
    parts = _in_group(first, 0) + _in_group(second, 1)
    launches = _in_group(np.full(n, 10.0), 0) + _in_group(np.full(n, 10.0), 1)
    measured = (1.1 * first + 0.95 * second) * rng.lognormal(0.0, 0.01, n)
    found = fit_whole(parts, launches, measured, np.ones(n))
    assert found.scales[:2] == pytest.approx((1.1, 0.95), abs=0.02)
    unseen = found.scales[2:]
    assert np.ptp(unseen) == 0.0, "groups that no network holds keep the shared scale"


def _in_group(values: FloatArray, group: int) -> FloatArray:
    out = np.zeros((len(values), len(GROUPS)))
    out[:, group] = values
    return out
