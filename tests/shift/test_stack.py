"""Hardware shift, stack shift, shared model: on made profiles, and on bundled ones whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsim.device import DeviceProfile, bundled_names, find_profile
from dsim.shift.own import own_and_all
from dsim.shift.stack import Shift, pair_of, shared_prices


@pytest.fixture
def base() -> DeviceProfile:
    return replace(find_profile("epyc-zen4-onnxruntime"), name="a", threads="1")


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("compute_unit", "GPU"),
        ("runtime", "another"),
        ("layout", "another"),
        ("batch_stated", "64"),
        ("precision", "float16"),
        ("threads", "4"),
        ("reference_stated", "mean of ten"),
    ],
)
def test_anything_but_the_chip_makes_a_stack_shift(base: DeviceProfile, changed: str, value: str) -> None:
    other = replace(base, name="b", chip="another", **{changed: value})
    pair = pair_of(base, other)
    assert pair.shift is Shift.STACK
    assert "chip" in pair.differs_in
    assert len(pair.differs_in) == 2
    assert pair.words.startswith("stack shift: chip, ")


def test_the_chip_alone_makes_a_hardware_shift(base: DeviceProfile) -> None:
    pair = pair_of(base, replace(base, name="b", chip="another"))
    assert pair.shift is Shift.HARDWARE
    assert pair.differs_in == ("chip",)


def test_what_nobody_states_is_not_known_to_be_equal(base: DeviceProfile) -> None:
    silent = replace(base, threads="unstated")
    pair = pair_of(silent, replace(silent, name="b", chip="another"))
    assert pair.shift is Shift.STACK
    assert pair.unstated == ("threads",)
    # how many threads of the host feed an accelerator is let pass, its runtime is not
    npu = replace(silent, compute_unit="NPU")
    assert pair_of(npu, replace(npu, name="b", chip="another")).shift is Shift.HARDWARE
    dark = replace(npu, runtime="unstated")
    assert pair_of(dark, replace(dark, name="b", chip="another")).shift is Shift.STACK


def test_a_profile_beside_itself(base: DeviceProfile) -> None:
    assert pair_of(base, base).shift is Shift.SAME
    assert pair_of(base, base).shared == ""


@pytest.mark.parametrize(
    ("a", "b", "shared"),
    [
        ("iphone12", "iphone13", True),  # one pool
        ("iphone12", "galaxy-s24-qnn-float", True),  # a donor and what is adapted from it
        ("iphone14", "galaxy-s24-qnn-float", True),  # the donor's pool
        ("pixel6-cpu", "galaxy-s23-cpu", True),  # two adapted from one donor
        ("iphone12", "pixel6-cpu", False),
        ("epyc-zen4-onnxruntime", "epyc-zen4-openvino", False),  # each from its own operators
        ("iphone12", "epyc-zen4-openvino", False),
    ],
)
def test_profiles_that_share_their_prices(a: str, b: str, shared: bool) -> None:
    for x, y in ((a, b), (b, a)):
        why = shared_prices(find_profile(x), find_profile(y))
        assert bool(why) == shared, why


def test_few_shot_profiles_share_with_all(base: DeviceProfile) -> None:
    few = replace(find_profile("iphone12"), name="mine", method="few-shot", donor="iphone13")
    assert shared_prices(few, base)
    assert shared_prices(base, few)


@pytest.mark.parametrize("name", bundled_names()[::9])
def test_own_figures_are_a_part_of_all(name: str) -> None:
    profile = find_profile(name)
    own, every = own_and_all(profile)
    assert 0 < own <= every
    if profile.method == "operators" and not profile.donor:
        assert own == every
    if profile.method in ("roofline", "adapted"):
        assert own < every
