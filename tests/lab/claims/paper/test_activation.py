"""What an activation costs, on hand-made devices that differ or do not."""

from __future__ import annotations

import pytest

from lab.claims.paper import ACROSS, Ruling
from lab.claims.paper.activation import BEST, COST, costs, fastest
from tests.lab.claims.paper.made import contrast, profile


def device(name: str, change: float, graphs: tuple[str, str] = ("g", "s"), **stack: str):  # type: ignore[no-untyped-def]
    """Make a device where SiLU takes ``change`` percent longer than GELU, give or take one percent."""
    low, high = (10.0 * (change + off) / 100 for off in (-1, 1))
    made = contrast("activation:gelu>silu", *graphs, 10.0, 10.0 * (1 + change / 100), low, high)
    return profile(name, contrasts=[made], **stack)


def verdicts(key: str, *devices) -> list[Ruling]:  # type: ignore[no-untyped-def]
    return [check.verdict for check in ACROSS[key].judge(devices)]


def test_opposite_orders_count_between_any_networks() -> None:
    devices = device("x", 20), device("y", -10, ("other g", "other s"))
    assert verdicts(COST, *devices) == [Ruling.HOLDS, Ruling.HOLDS]
    assert verdicts(BEST, *devices) == [Ruling.HOLDS, Ruling.HOLDS]


def test_amounts_count_between_the_same_networks_alone() -> None:
    same = device("x", 20), device("y", 8)
    other = device("x", 20), device("y", 8, ("other g", "other s"))
    close = device("x", 12), device("y", 8)
    assert verdicts(COST, *same) == [Ruling.HOLDS] * 2
    assert verdicts(COST, *other) == [Ruling.OPEN] * 2
    assert verdicts(COST, *close) == [Ruling.OPEN] * 2
    assert verdicts(BEST, *same) == [Ruling.OPEN] * 2  # GELU is the faster one on both


def test_latency_and_throughput_are_not_compared() -> None:
    assert verdicts(COST, device("x", 20), device("y", -10, measures="throughput")) == [Ruling.OPEN] * 2


def test_reason_names_the_shift() -> None:
    first, _ = ACROSS[COST].judge([device("x", 20), device("y", -10, chip="B")])
    assert "hardware shift" in first.why
    first, _ = ACROSS[COST].judge([device("x", 20), device("y", -10, chip="B", runtime="Q")])
    assert "stack shift" in first.why


def test_devices_without_contrasts_are_left_out() -> None:
    assert verdicts(COST, profile("empty"), device("x", 20)) == [Ruling.OPEN]


def test_two_contrasts_from_one_network_tell_a_third() -> None:
    made = profile(
        contrasts=[
            contrast("activation:relu>gelu", "r", "g", 1.53, 1.63),
            contrast("activation:relu>silu", "r", "s", 1.53, 2.54),
        ]
    )
    found = costs(made)
    assert found["gelu>silu"][0].value == pytest.approx(100 * (2.54 / 1.63 - 1))
    assert found["silu>gelu"][0].value == pytest.approx(100 * (1.63 / 2.54 - 1))
    assert fastest(found, ["gelu", "relu", "silu"]) == {
        "relu"
    }  # 6.5%, of which 3% are noise and 0.7% rounding
    assert fastest(found, ["gelu", "silu"]) == {"gelu"}
