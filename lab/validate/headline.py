"""Put what was measured about norms and activations, grade A, into lab/notes/measuring.md.

Usage: python -m lab.validate.headline

Every figure is of one network or block, one change, one laboratory and one sitting. Columns of one runtime differ in the chip alone;
OpenVINO's two columns of one chip in the precision alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from dsim.device import find_profile
from dsim.device.folders import bundled_names
from dsim.device.profile import Contrast, DeviceProfile
from dsim.device.variants import read_variants
from dsim.latency.families import DESIGN
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.latency.networks import own_graphs, stored
from dsim.op import OpKind
from dsim.report.contrasts import CHOICES, shape_of
from dsim.report.table import TableData, table
from dsim.report.variants import choice_words, variant_table
from lab.marked import replace_block
from lab.places import NOTES

PROFILES = (
    "xeon-amx-onnxruntime",
    "epyc-zen4-onnxruntime",
    "epyc-zen3-onnxruntime",
    "xeon-amx-openvino",
    "epyc-zen4-openvino",
    "epyc-zen3-openvino",
    "xeon-amx-openvino-bf16",
    "epyc-zen4-openvino-bf16",
)
NORMS = (OpKind.BATCH_NORM, OpKind.LAYER_NORM, OpKind.GROUP_NORM)
SHAPE = "28x28x96"
NONE = "-"


def percent(one: Contrast) -> tuple[float, float, float]:
    """Return what a contrast adds to its block in percent, and the ends of its 90% interval."""
    low, high = one.low_ms or 0.0, one.high_ms or 0.0
    return tuple(100.0 * value / one.a_ms for value in (one.b_ms - one.a_ms, low, high))  # type: ignore[return-value]


def contrasts_table(profiles: Sequence[DeviceProfile]) -> TableData:
    """Return what each change adds to a block, stack beside stack."""
    found = [{(one.choice, shape_of(one)): one for one in timed_blocks(profile)} for profile in profiles]
    shapes = sorted({shape for own in found for _, shape in own}, key=lambda shape: -int(shape.split("x")[0]))
    rows = []
    for choice in CHOICES[::-1]:
        for shape in shapes:
            cells = []
            for own in found:
                one = own.get((choice, shape))
                cells.append(NONE if one is None else "{:+.0f}% ({:.0f} to {:.0f})".format(*percent(one)))
            rows.append((choice_words(choice), shape, *cells))
    names = tuple(profile.name for profile in profiles)
    return table(
        "What a change adds to the time of one pooling block",
        ("change", "block", *names),
        rows,
        names,
        "Grade A: one change of one block, one laboratory, one sitting. In brackets the 90% interval.",
    )


def outside_products(profile: DeviceProfile) -> dict[str, float]:
    """Return the median share (percent) of designs' time outside products of matrices, by the norm that most of their norms are.

    From the operators that were timed inside the designs; convolutions count as products, with what is fused into them.
    """
    products: dict[str, float] = defaultdict(float)
    total: dict[str, float] = defaultdict(float)
    for row in profile.ops:
        if row.network.startswith(DESIGN):
            total[row.network] += row.latency_ms
            products[row.network] += row.latency_ms if row.op.macs else 0.0
    graphs = stored(set(total), own_graphs((profile,)))
    shares: dict[str, list[float]] = defaultdict(list)
    for key, ms in total.items():
        norms = Counter(str(node.op.kind) for node in graphs[key].nodes if node.op.kind in NORMS)
        shares[norms.most_common(1)[0][0]].append(100.0 * (1.0 - products[key] / ms))
    return {kind: float(np.median(own)) for kind, own in shares.items()}


def explanation_table(profiles: Sequence[DeviceProfile]) -> TableData:
    """Return what a norm adds in milliseconds beside what its block takes, and what share of designs is no product."""
    rows = []
    for profile in profiles:
        one = next(
            (c for c in timed_blocks(profile) if (c.choice, shape_of(c)) == ("norm:batch>layer", SHAPE)), None
        )
        share = outside_products(profile)
        rows.append(
            (
                profile.name,
                NONE if one is None else f"{one.a_ms:.2f}",
                NONE if one is None else f"{one.b_ms - one.a_ms:+.2f}",
                *(f"{share[str(kind)]:.0f}" if str(kind) in share else NONE for kind in NORMS),
            )
        )
    columns = (
        "profile",
        f"block {SHAPE}, ms",
        "layer norm adds, ms",
        "outside products, batch norm %",
        "layer norm %",
        "group norm %",
    )
    return table(
        "Why: what is not a product of matrices",
        columns,
        rows,
        columns[1:],
        "Outside products: median share of the timed operators of designs that multiplies no matrices and is no convolution, by "
        "the norm of their blocks.",
    )


def main() -> None:
    """Rewrite the block ``headline``."""
    profiles = [find_profile(name) for name in PROFILES]
    variants = {name: own for name in bundled_names() if (own := read_variants(find_profile(name).folder))}
    tables = [contrasts_table(profiles), explanation_table(profiles), variant_table(variants)]
    replace_block(NOTES / "measuring.md", "headline", "\n".join(one.markdown() for one in tables))


if __name__ == "__main__":
    main()
