"""ONNX Runtime on the CPU, with its own profiler for the time of each operator."""

from __future__ import annotations

import json
import math
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsim.measure.records import FOLDED, Ready, RuntimeOp, Session, Stack
from dsim.measure.timing import steady_ms
from dsim.packages import need

# ONNX Runtime's operators, its own fused ones included, and what they compute
KINDS: dict[str, str] = {
    "Conv": "conv", "FusedConv": "conv", "Gemm": "linear", "FusedGemm": "linear", "MatMul": "linear",
    "FusedMatMul": "matmul", "Gelu": "gelu", "BiasGelu": "gelu", "FastGelu": "gelu", "QuickGelu": "silu",
    "Relu": "relu", "Sigmoid": "sigmoid", "HardSigmoid": "hardsigmoid", "HardSwish": "hardswish", "Tanh": "tanh",
    "Clip": "relu6", "Softmax": "softmax", "LayerNormalization": "norm", "SkipLayerNormalization": "norm",
    "SimplifiedLayerNormalization": "norm", "InstanceNormalization": "norm", "GroupNorm": "norm",
    "BatchNormalization": "batch_norm", "AveragePool": "avg_pool", "MaxPool": "max_pool",
    "GlobalAveragePool": "mean", "ReduceMean": "mean", "ReduceSum": "sum", "Add": "add", "Sub": "sub", "Mul": "mul",
    "Div": "div", "Concat": "concat", "Split": "split", "Slice": "slice", "Gather": "index", "Reshape": "reshape",
    "Transpose": "transpose", "Pad": "pad", "Resize": "upsample", "Upsample": "upsample",
}  # fmt: skip
_SUFFIX = "_kernel_time"
WARM_UP = 2


@dataclass(frozen=True)
class OnnxRuntime:
    """The CPU execution provider at its default graph optimisations."""

    name: str = "onnxruntime"
    reads: str = "onnx"
    about: str = "ONNX Runtime on the processor"
    passes: tuple[str, ...] = FOLDED
    ahead: str = ""
    packages: tuple[str, ...] = ("onnxruntime", "onnx")
    extra: str = "onnx"

    def stack(self) -> Stack:
        """Say which version."""
        runtime = need("onnxruntime", f"backend {self.name}", "onnx")
        return Stack(
            f"ONNX Runtime {runtime.__version__}, CPU",
            "float32",
            "NCHW in the file; blocks of channels inside, by the runtime",
        )

    def open(self, ready: Ready) -> Session:
        """Load a network."""
        path, image = ready.file(self.reads), ready.image.numpy()
        session = _session(path, None)
        name = session.get_inputs()[0].name
        return Session(lambda: session.run(None, {name: image}), lambda runs: _ops(path, {name: image}, runs))


def _session(path: Path, profile: Path | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _ops(path: Path, feed: dict[str, Any], runs: int) -> tuple[RuntimeOp, ...]:
    """Run with the profiler on, in a session of its own: it takes time that the plain one must not take."""
    with tempfile.TemporaryDirectory() as folder:
        session = _session(path, Path(folder) / "profile")
        for _ in range(WARM_UP + runs):
            session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return read_profile(events, WARM_UP)


def read_profile(events: list[dict[str, Any]], skip: int) -> tuple[RuntimeOp, ...]:
    """Read the profiler's events: one a node and run, in microseconds.

    Parameters
    ----------
    events
        The profiler's JSON.
    skip
        Runs at the start that do not count.
    """
    times: dict[str, list[float]] = defaultdict(list)
    about: dict[str, dict[str, Any]] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(_SUFFIX):
            times[event["name"]].append(event["dur"] / 1e3)
            about[event["name"]] = event["args"]
    steady = steady_ms({name: found[skip:] for name, found in times.items()})
    return tuple(_op(about[name], latency_ms) for name, latency_ms in steady.items())


def _op(args: dict[str, Any], latency_ms: float) -> RuntimeOp:
    label = args["op_name"]
    inputs = [_shape(entry) for entry in args["input_type_shape"]]
    outputs = [_shape(entry) for entry in args["output_type_shape"]]
    return runtime_op(label, KINDS.get(label, ""), inputs, outputs, latency_ms)


def _shape(entry: dict[str, list[int]]) -> list[int]:
    return next(iter(entry.values()), [])


def runtime_op(
    label: str, kind: str, inputs: list[list[int]], outputs: list[list[int]], latency_ms: float
) -> RuntimeOp:
    """Make a record of an operator from the shapes that it reads and writes, weights included."""
    elements = math.prod(outputs[0]) if outputs else 0
    macs = 0
    if kind == "conv":
        macs = elements * math.prod(inputs[1][1:])
    elif kind in ("linear", "matmul"):
        macs = elements * inputs[0][-1]
    return RuntimeOp(label, kind, macs, elements, latency_ms)
