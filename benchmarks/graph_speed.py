"""How long graphs take: to build, check, fold, hash, store, price, and to read from a torch module or an ONNX file.

    python benchmarks/graph_speed.py

Times are the best of several runs, in milliseconds; where it makes sense, per 500 ops, so that networks compare.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

from dsim.arch import get_preset
from dsim.export.torch_export import build_module
from dsim.graph import Graph, graph_from_dict, graph_to_dict, load_graphs, save_graphs
from dsim.graph.onnx import read_onnx
from dsim.graph.passes import PASSES, run_passes
from dsim.graph.torch_reader import read_module
from dsim.latency.fit import load_model

DEVICE = "iphone12"
PRESETS = ("efficientformer_l1", "efficientformer_l7", "efficientformerv2_l", "poolformer_m48")


def best_ms(run: Callable[[], object], repeats: int = 7) -> float:
    """Return the shortest of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def row(what: str, graph: Graph, took_ms: float) -> None:
    """Print one line: the whole, and what 500 ops would take."""
    print(f"  {what:<24}{took_ms:10.2f} ms {took_ms * 500 / len(graph.nodes):10.2f} ms / 500 ops")


def export(module: torch.nn.Module, path: Path) -> None:
    """Write an ONNX file with the exporter that needs no further package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (torch.zeros(1, 3, 224, 224),), path, dynamo=False)


def main() -> None:
    """Time every step on a few presets."""
    start = time.perf_counter()
    model = load_model(DEVICE)
    print(f"the model of {DEVICE} is loaded in {time.perf_counter() - start:.2f} s\n")
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
        row(f"price on {DEVICE}", graph, best_ms(lambda g=graph: model.estimate(g)))
        module = build_module(arch)
        read = best_ms(lambda m=module: read_module(m), repeats=2)
        row("torch module -> Graph", graph, read)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "m.onnx"
            export(module, file)
            row("ONNX file -> Graph", graph, best_ms(lambda f=file: read_onnx(f), repeats=2))
        print(f"  reading a module takes {read / build:.0f} times as long as lowering the design; "
              f"20 copies in parquet take {size / 1024:.1f} KiB, one in JSON {len(text) / 1024:.1f} KiB\n")  # fmt: skip


if __name__ == "__main__":
    main()
