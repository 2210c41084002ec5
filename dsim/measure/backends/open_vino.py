"""OpenVINO's CPU plugin, with its performance counters for the time of each layer."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dsim.errors import UnavailableError
from dsim.measure.records import FOLDED, Ready, RuntimeOp, Session, Stack
from dsim.measure.timing import steady_ms
from dsim.packages import need

# types of layers of the CPU plugin, and what they compute; a Subgraph holds element-wise ops that were compiled into one
KINDS: dict[str, str] = {
    "Convolution": "conv", "GroupConvolution": "conv", "FullyConnected": "linear", "MatMul": "matmul", "Gelu": "gelu",
    "AvgPool": "avg_pool", "MaxPool": "max_pool", "ReduceMean": "mean", "ReduceSum": "sum", "MVN": "norm",
    "RMS": "norm", "GroupNormalization": "norm", "Softmax": "softmax", "Transpose": "transpose",
    "Reshape": "reshape", "VariadicSplit": "split", "Split": "split", "Interpolate": "upsample", "Add": "add",
    "Multiply": "mul", "Subtract": "sub", "Divide": "div", "Concatenation": "concat", "StridedSlice": "slice",
    "Pad": "pad", "Swish": "silu", "HardSwish": "hardswish", "HSwish": "hardswish", "Relu": "relu",
    "Sigmoid": "sigmoid", "Clamp": "relu6", "Tanh": "tanh",
}  # fmt: skip
PRECISIONS: dict[str, str] = {"f32": "float32", "bf16": "bfloat16, images and scores in float32"}
WARM_UP = 2


@dataclass(frozen=True)
class OpenVino:
    """One stream and one thread, at a precision that the processor has instructions for."""

    precision: str
    passes: tuple[str, ...] = FOLDED
    ahead: str = ""
    packages: tuple[str, ...] = ("openvino", "onnx")
    extra: str = "openvino,onnx"

    @property
    def about(self) -> str:
        """What it is, in a few words."""
        return "OpenVINO on the processor" + ("" if self.precision == "f32" else ", in bfloat16")

    @property
    def name(self) -> str:
        """``openvino``, or ``openvino-bf16``."""
        return "openvino" if self.precision == "f32" else f"openvino-{self.precision}"

    @property
    def reads(self) -> str:
        """It reads the ONNX file."""
        return "onnx"

    def stack(self) -> Stack:
        """Say which version, and whether the processor computes at this precision."""
        openvino = need("openvino", f"backend {self.name}", "openvino")
        able = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        wanted = {"f32": "FP32"}.get(self.precision, self.precision.upper())
        if wanted not in able:
            raise UnavailableError(
                f"{self.name} needs a processor with {wanted} instructions, this one has {', '.join(sorted(able))}; "
                "choose another backend"
            )
        return Stack(
            f"OpenVINO {openvino.__version__.split('-')[0]}, CPU plugin",
            PRECISIONS[self.precision],
            "NCHW in the file; channels last inside, by the runtime",
        )

    def open(self, ready: Ready) -> Session:
        """Load a network."""
        image = ready.image.numpy()
        model = _core().read_model(ready.file(self.reads))
        request = self._compile(model, counters=False).create_infer_request()
        return Session(lambda: request.infer({0: image}), lambda runs: self._ops(model, image, runs))

    def _compile(self, model: Any, counters: bool) -> Any:
        return _core().compile_model(
            model,
            "CPU",
            {
                "INFERENCE_NUM_THREADS": 1,
                "NUM_STREAMS": 1,
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": self.precision,
                "PERF_COUNT": counters,
            },
        )

    def _ops(self, model: Any, image: Any, runs: int) -> tuple[RuntimeOp, ...]:
        """Run with counters on, in a model of its own: they take time that the plain one must not take."""
        compiled = self._compile(model, counters=True)
        request = compiled.create_infer_request()
        times: dict[tuple[str, str, int], list[float]] = defaultdict(lambda: [0.0] * runs)
        for run in range(WARM_UP + runs):
            request.infer({0: image})
            met: Counter[tuple[str, str]] = (
                Counter()
            )  # names repeat: reorders are called like what they reorder
            for layer in request.get_profiling_info() if run >= WARM_UP else ():
                if layer.status == layer.status.EXECUTED:
                    name = layer.node_name, layer.node_type
                    # a layer that took less than the counter's tick counts as not run
                    times[*name, met[name]][run - WARM_UP] = layer.real_time.total_seconds() * 1e3
                    met[name] += 1
        shapes = {
            node.get_friendly_name(): (_inputs(node), _shape(node.output(0)))
            for node in compiled.get_runtime_model().get_ordered_ops()
            if node.get_output_size()
        }
        return tuple(
            layer_op(kind, *shapes.get(name, ([], [])), latency_ms)
            for (name, kind, _), latency_ms in steady_ms(times).items()
        )


def layer_op(label: str, inputs: list[list[int]], output: list[int], latency_ms: float) -> RuntimeOp:
    """Make a record of a layer; a grouped convolution's weights have the groups as an axis of their own."""
    kind = KINDS.get(label, "")
    elements = math.prod(output) if output else 0
    macs = 0
    if kind == "conv" and len(inputs) > 1:
        macs = elements * math.prod(inputs[1][2 if label == "GroupConvolution" else 1 :])
    elif kind in ("linear", "matmul") and inputs:
        macs = elements * inputs[0][-1]
    return RuntimeOp(label, kind, macs, elements, latency_ms)


def _inputs(node: Any) -> list[list[int]]:
    return [_shape(port) for port in node.inputs()]


def _shape(port: Any) -> list[int]:
    shape = port.get_partial_shape()
    return list(shape.to_shape()) if shape.is_static else []


@lru_cache(maxsize=1)
def _core() -> Any:
    import openvino

    return openvino.Core()
