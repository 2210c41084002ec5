"""Try whether the shape of an Apple Neural Engine's costs, timed op by op on Macs, helps to price networks on iPhones.

The profiles m5-ane and m6-ane time convolutions alone. From them this script takes, relative to a convolution of 512
channels, what a MAC costs at fewer channels, and beyond which working set bytes cost more. It then prices the iPhones'
networks, each family held out, with and without those multiples on the nominal rates, and prints both.

Usage: python -m lab.validate.ane_transfer [--write lab/notes/latency.md]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

from dsim.attrs import ConvAttrs
from dsim.device.find import find_profile
from dsim.latency import features, networks
from dsim.latency.hold_out import held_networks, hold_out
from dsim.latency.learners import learner_of
from dsim.latency.networks import read_networks
from dsim.latency.scoring import score
from dsim.op import Op, OpKind
from dsim.report.table import TableData, table
from lab.marked import replace_block

ENGINES = ("m5-ane", "m6-ane")
FULL = 512  # channels at which the engine is taken to be full
KNEE_BYTES = 4_000_000


def narrow_cost() -> Callable[[int], float]:
    """Return what a MAC costs at a number of channels, relative to FULL, from convolutions timed on the Macs' engines."""
    widths: dict[int, list[float]] = {}
    for name in ENGINES:
        rates = []
        for row in find_profile(name).ops:
            op = row.op
            plain = isinstance(op.attrs, ConvAttrs) and op.attrs.groups == 1 and op.macs > 2e7
            if plain and op.inputs[0].shape[1] == op.outputs[0].shape[1]:
                rates.append((op.inputs[0].shape[1], row.latency_ms / op.macs))
        full = [cost for width, cost in rates if FULL * 0.75 <= width <= FULL * 1.5]
        for width, cost in rates:
            widths.setdefault(width, []).append(float(np.log(cost / np.median(full))))
    known = sorted((width, float(np.median(costs))) for width, costs in widths.items())
    x, y = np.log([w for w, _ in known]), np.maximum.accumulate([c for _, c in known][::-1])[::-1]
    return lambda channels: float(np.exp(np.interp(np.log(channels), x, y)))


@contextmanager
def costs(narrow: bool, knee: bool) -> Iterator[None]:
    """Price convolutions of few channels, or working sets beyond the knee, as the Macs' engines do."""
    cost, plain = narrow_cost(), features._compute

    def compute(op: Op, moved: int, out: list[tuple[str, float]]) -> str:
        before = len(out)
        start = plain(op, moved, out)
        if narrow and start in ("conv", "linear"):
            inp = op.inputs[0].shape[1 if op.kind is OpKind.CONV2D else -1]
            written = op.outputs[0].shape[1 if op.kind is OpKind.CONV2D else -1]
            factor = cost(min(inp, written))
            out[before:] = [(n, a * factor if n.startswith("bound_") else a) for n, a in out[before:]]
        return start

    spills = (KNEE_BYTES,) * len(features.SPILL_BYTES) if knee else features.SPILL_BYTES
    features.work.cache_clear()
    read_networks.cache_clear()
    names = {f"spill_{size // 1000}k": f"spill_{KNEE_BYTES // 1000}k" for size in features.SPILL_BYTES}
    index = {name: features.INDEX[names.get(name, name) if knee else name] for name in features.INDEX}
    with (
        patch.object(features, "_compute", compute),
        patch.object(features, "SPILL_BYTES", spills[:1] if knee else spills),
        patch.dict(features.INDEX, index),
        patch.object(networks, "shipped", lambda *_: {}),  # vectors that come with dsim hold the usual costs
    ):
        yield
    features.work.cache_clear()
    read_networks.cache_clear()


def figures(narrow: bool, knee: bool) -> tuple[str, ...]:
    """Return the pool's held-out figures under one account of costs."""
    with costs(narrow, knee):
        profile = find_profile("iphone12")
        learner = learner_of(profile)
        evidence = learner.gather(profile)
        every = {one.name for one in evidence.profiles}
        held = held_networks(learner, evidence, hold_out(learner, evidence), every)
    clean = [one for one in held if one.band == "inside" and not one.cliff and one.complete]
    found = score(clean)
    return (
        str(found.networks),
        f"{found.median:.1f}",
        f"{found.within_10:.0f}",
        f"{found.within_20:.0f}",
        f"{found.spearman:.3f}",
    )


def main() -> None:
    """Print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", type=Path)
    wanted = parser.parse_args().write
    cost = narrow_cost()
    rows = [
        ("as they are", *figures(False, False)),
        ("MACs of few channels cost as on M5 and M6", *figures(True, False)),
        (f"one working-set knee at {KNEE_BYTES // 10**6} MB, as on M5 and M6", *figures(False, True)),
        ("both", *figures(True, True)),
    ]
    if len({row[1:] for row in rows}) == 1:
        sys.exit("other costs changed nothing: they no longer reach the learner")
    shape = ", ".join(f"{channels}: {cost(channels):.1f}" for channels in (32, 64, 128, 256, 512))
    data: TableData = table(
        "The Macs' Neural Engines and the iPhones: three iPhones, each family held out",
        ("costs", "networks", "median %", "within 10%", "within 20%", "Spearman"),
        rows,
        ("networks", "median %", "within 10%", "within 20%", "Spearman"),
        f"What a MAC costs at so many channels, {FULL} being 1, in the Macs' timings: {shape}.",
    )
    print(data.markdown())
    if wanted:
        replace_block(wanted, "ane-transfer", data.markdown())


if __name__ == "__main__":
    main()
