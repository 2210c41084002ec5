"""Put its time back to attention in profiles whose journal is gone.

Usage: python scripts/mend_compiled_attention.py epyc-zen4-openvino epyc-zen4-openvino-bf16

OpenVINO compiles a whole attention into one Subgraph. Until dsim.measure.attribute learned that, its time went to the first
element-wise op anywhere in the network that wrote as many elements, or to what stood before: 1.2 ms of attention were
learned as a SiLU at 28x28. Journals are attributed anew; of Zen 4 only the attributed times are left. There, products of
matrices without time take, the largest first, the longest of the times that the old rule could have put theirs to, but for
what an element-wise op usually takes in that network. A second run changes nothing.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dsim.device.add.write import write_ops
from dsim.device.find import find_profile
from dsim.device.profile import MeasuredOp
from dsim.graph import Graph
from dsim.latency.networks import own_graphs, stored
from dsim.latency.operators.evidence import run_graph
from dsim.op import ACTIVATIONS, BINARY, OpKind


def attentions(run: Graph, ms: Mapping[int, float]) -> list[tuple[int, ...]]:
    """Return the products of matrices that no time was put to, those between two timed nodes together; the largest first."""
    found: list[list[int]] = [[]]
    for n, node in enumerate(run.nodes):
        if n in ms:
            found.append([])
        elif node.op.kind is OpKind.MATMUL:
            found[-1].append(n)
    cores = [tuple(core) for core in found if core]
    return sorted(cores, key=lambda core: (-sum(run.nodes[n].op.macs for n in core), core))


def mended(run: Graph, ms: Mapping[int, float]) -> dict[int, float]:
    """Return milliseconds by node, with each attention's own at its products, by their multiply-accumulates."""
    out = dict(ms)
    sizes = {n: node.op.outputs[0].numel for n, node in enumerate(run.nodes) if node.op.outputs}
    plain = [n for n in ms if run.nodes[n].op.kind in BINARY | ACTIVATIONS]
    rate = float(np.median([ms[n] / sizes[n] for n in plain])) if plain else 0.0
    taken: set[int] = set()
    for core in attentions(run, ms):
        # a Subgraph before the attention scales its queries, and what follows it was put to where that one was
        written = (sizes[core[-1]], run.nodes[core[0]].op.inputs[0].numel)
        before = max((n for n in range(core[0]) if run.nodes[n].op.macs), default=0)
        could = {n for n in plain if sizes[n] in written} | {n for n in range(before + 1, core[0]) if n in ms}
        if not could - taken:
            continue
        at = max(could - taken, key=lambda n: (out[n] - rate * sizes[n], -n))
        taken.add(at)
        own = min(rate * sizes[at], 0.5 * out[at])
        total = sum(run.nodes[n].op.macs for n in core)
        out |= {n: (out[at] - own) * run.nodes[n].op.macs / total for n in core}
        out[at] = own
    return out


def main() -> None:
    """Mend the profiles named."""
    for name in sys.argv[1:]:
        profile = find_profile(name)
        by_network: dict[str, dict[int, MeasuredOp]] = defaultdict(dict)
        for row in profile.ops:
            by_network[row.network][row.position] = row
        graphs = stored(set(by_network), own_graphs((profile,)))
        rows: list[MeasuredOp] = []
        moved = whole = 0.0
        for network, own in by_network.items():
            run = run_graph(graphs[network], profile.passes)
            ms = {at: row.latency_ms for at, row in own.items()}
            for at, value in sorted(mended(run, ms).items()):
                like = own.get(at) or replace(
                    next(iter(own.values())), op=run.nodes[at].op, position=at, how="attributed"
                )
                rows.append(replace(like, latency_ms=value))
                moved += value if at not in own else 0.0
                whole += value
        write_ops(profile.folder / "ops.parquet", tuple(rows))
        print(f"{name}: {len(rows) - len(profile.ops)} products, {moved / whole:.2%} of the operators' time")


if __name__ == "__main__":
    main()
