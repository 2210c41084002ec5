"""The designs that are ranked: random ones whose latency on the first device differs little."""

from __future__ import annotations

from collections.abc import Iterator

from dsim.supernet.draws import draws
from dsim.supernet.prices import Price, Prices
from dsim.supernet.subnet import Subnet
from lab.claims.fashion.alone import Bench

MOST_DRAWS = 100_000


def price_lists(bench: Bench) -> dict[str, Prices]:
    """Return the prices of both devices."""
    return {
        name: Prices.of(name, budget, bench.inputs.confidence)
        for name, budget in bench.inputs.budgets.items()
    }


def price(bench: Bench, prices: Prices, subnet: Subnet) -> Price:
    """Price a design at the size that is deployed."""
    return prices(bench.arch(subnet, deployed=True))


def in_band(bench: Bench, prices: Prices, seed: int) -> Iterator[Subnet]:
    """Yield random designs, none twice, that use the budget but for a small band below it."""
    seen = set()
    for number in range(MOST_DRAWS):
        subnet = bench.choices.draw(draws(seed, "anchors", number))
        found = price(bench, prices, subnet)
        within = (1 - bench.inputs.band) * prices.budget_ms <= found.needs_ms and prices.fits(found)
        if within and subnet.text() not in seen:
            seen.add(subnet.text())
            yield subnet


def ranked_designs(bench: Bench) -> tuple[str, ...]:
    """Return the designs of the ranking."""
    inputs = bench.inputs
    prices = Prices.of(inputs.devices[0], inputs.budgets_ms[0], inputs.confidence)
    found = in_band(bench, prices, inputs.design_seed)
    return tuple(next(found).text() for _ in range(inputs.ranked_designs))
