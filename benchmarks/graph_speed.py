"""How long graphs take: to build, check, fold, hash, store, and to read from a torch module.

    python benchmarks/graph_speed.py

Times are the best of several runs, in milliseconds; where it makes sense, per 500 ops, so that networks compare.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dsim.arch import get_preset
from dsim.export.torch_export import build_module
from dsim.graph import Graph, graph_from_dict, graph_to_dict, load_graphs, save_graphs
from dsim.graph.passes import PASSES, run_passes
from dsim.graph.torch_reader import read_module

PRESETS = ("efficientformer_l1", "efficientformer_l7", "efficientformerv2_l", "poolformer_m48")


def best_ms(run: Callable[[], object], repeats: int = 7) -> float:
    """Give the shortest of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def row(what: str, graph: Graph, took_ms: float) -> None:
    """Print one line: the whole, and what 500 ops would take."""
    print(f"  {what:<24}{took_ms:10.2f} ms {took_ms * 500 / len(graph.nodes):10.2f} ms / 500 ops")


def main() -> None:
    """Time every step on a few presets."""
    for name in PRESETS:
        arch = get_preset(name)
        graph = arch.to_graph()
        text = json.dumps(graph_to_dict(graph))
        print(
            f"{name}: {len(graph.nodes)} ops, {len(run_passes(graph, PASSES).nodes)} kernels after every pass"
        )
        build = best_ms(arch.to_graph)
        row("Arch -> Graph", graph, build)
        row("check a whole Graph", graph, best_ms(lambda g=graph: Graph(g.inputs, g.nodes, g.outputs)))
        for pass_ in PASSES.values():
            row(f"pass {pass_.name}", graph, best_ms(lambda p=pass_, g=graph: p(g)))
        row("hash", graph, best_ms(graph.hash))
        row("read JSON", graph, best_ms(lambda t=text: graph_from_dict(json.loads(t))))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "graphs.parquet"
            save_graphs(path, {f"{name}{i}": graph for i in range(20)})
            row("read parquet, each of 20", graph, best_ms(lambda p=path: load_graphs(p)) / 20)
            size = path.stat().st_size
        module = build_module(arch)
        read = best_ms(lambda m=module: read_module(m), repeats=2)
        row("torch module -> Graph", graph, read)
        print(f"  reading a module takes {read / build:.0f} times as long as lowering the design; "
              f"20 copies in parquet take {size / 1024:.1f} KiB, one in JSON {len(text) / 1024:.1f} KiB\n")  # fmt: skip


if __name__ == "__main__":
    main()
