"""Time what corrects fine rates, on profiles with a thousand networks: plainly, and as prices are made, in both precisions.

The plain way takes the kernel between designs and networks as it is defined. All ways price the same designs in turn, in one
process, so that the ratios hold on a machine that does other things too. Run:
``python benchmarks/pricing_speed.py [--device i9-10940x ...]``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import click
import numpy as np
from rich.console import Console
from rich.markdown import Markdown

from dsim.latency import load_model
from dsim.latency.features import FloatArray
from dsim.latency.maths.blocks import in_blocks
from dsim.latency.maths.matern import matern
from dsim.latency.methods.fine.correct import places
from dsim.latency.methods.fine.rates import FineRates
from dsim.report.table import TableData, table
from dsim.search.piece_vectors import PieceVectors
from dsim.search.random_designs import random_design
from dsim.search.space import Space
from dsim.threads import one_blas_thread

DRAWN, TIMES, TURNS = 200, 20, 7
DEVICES = ("i9-10940x", "rtx4090-compiled")
COLUMNS = ("device", "networks", "plain, us", "double, us", "single, us", "plain / single", "single off by")


@one_blas_thread()
def row(device: str) -> tuple[str, ...]:
    """Return what one device takes: microseconds a design by each way, and how far single precision is off."""
    model, rng = load_model(device), random.Random(0)
    pricing, vectors = model.pricing, PieceVectors(model)
    if not isinstance(pricing, FineRates):
        raise click.ClickException(f"{device} must be learned by fine rates, got {model.method}")
    drawn = np.array([vectors.whole(random_design(rng, Space())) for _ in range(DRAWN)])
    phi = np.concatenate([drawn * scale for scale in np.linspace(0.5, 1.5, TIMES)])
    left = pricing.correction

    def plain_block(some: FloatArray) -> tuple[FloatArray, FloatArray]:
        there = places(some, pricing.log_rate)
        return np.asarray(matern(there, left.places, left.length) @ left.weights), np.zeros(len(some))

    ways: tuple[Callable[[], tuple[FloatArray, FloatArray]], ...] = (
        lambda: in_blocks(plain_block, phi),
        lambda: pricing.log_ms(phi),
        lambda: pricing.quick_log_ms(phi),
    )
    found, seconds = [way() for way in ways], [[] for _ in ways]
    for _ in range(TURNS):
        for way, own in zip(ways, seconds, strict=True):
            start = time.process_time()
            way()
            own.append(time.process_time() - start)
    plain, double, single = (min(own) / len(phi) * 1e6 for own in seconds)
    off = float(np.abs(np.expm1(found[2][0] - found[1][0])).max())
    figures = (f"{one:.1f}" for one in (plain, double, single, plain / single))
    return (device, str(len(left.weights)), *figures, f"{off:.1e}")


def compare(devices: tuple[str, ...]) -> TableData:
    """Time all devices."""
    note = (
        f"Microseconds of processor time a design, best of {TURNS} turns, {DRAWN * TIMES:,} designs; 'plain' is the correction alone, "
        "the others whole prices. A search sorts in single precision, and is exact near the budget and in all that it shows."
    )
    return table("Pricing a design", COLUMNS, [row(device) for device in devices], COLUMNS[1:], note)


@click.command()
@click.option("--device", "devices", multiple=True, default=DEVICES, show_default=True)
def main(devices: tuple[str, ...]) -> None:
    """Measure, and print the table."""
    Console().print(Markdown(compare(devices).markdown()))


if __name__ == "__main__":
    main()
