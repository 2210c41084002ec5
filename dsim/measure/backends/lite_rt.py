"""LiteRT on the CPU (XNNPACK), with XNNPACK's own time of each operator.

The Python package offers no profiler (looked at: ai-edge-litert 2.3.0, `Interpreter` and `CompiledModel`), but its
library does, in LiteRT's C interface (`litert_library`). Plain runs go through the public `Interpreter`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsim.measure.backends.litert_align import TfliteOp, align
from dsim.measure.records import FOLDED, Ready, RuntimeOp, Session, Stack
from dsim.measure.timing import steady_ms
from dsim.packages import need

if TYPE_CHECKING:
    import numpy as np

WARM_UP = 2


@dataclass(frozen=True)
class LiteRt:
    """The interpreter with XNNPACK, as it comes; one thread."""

    name: str = "litert"
    reads: str = "tflite"
    about: str = "LiteRT with XNNPACK on the processor"
    passes: tuple[str, ...] = FOLDED
    ahead: str = ""
    packages: tuple[str, ...] = ("ai_edge_litert", "litert_torch")
    extra: str = "litert"

    def stack(self) -> Stack:
        """Say which version; conversion needs litert-torch."""
        from importlib.metadata import version

        need("ai_edge_litert.interpreter", f"backend {self.name}", "litert")
        need("litert_torch", f"backend {self.name}", "litert")  # converts, in `dsim.measure.ready`
        return Stack(
            f"LiteRT {version('ai-edge-litert')}, XNNPACK, CPU",
            "float32",
            "NHWC, by litert-torch's conversion",
        )

    def open(self, ready: Ready) -> Session:
        """Load a network."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        from dsim.measure.backends.litert_library import find_library

        content = ready.file(self.reads).read_bytes()
        image = ready.image.permute(0, 2, 3, 1).contiguous().numpy()
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
        output = interpreter.get_output_details()[0]["index"]

        def run() -> Any:
            interpreter.invoke()
            return interpreter.get_tensor(output)

        library = find_library()
        if library is None:
            return Session(run, None)

        def ops(runs: int) -> tuple[RuntimeOp, ...]:
            plain = Interpreter(
                model_content=content,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            return _ops(library, content, image, _graph(plain), runs)

        return Session(run, ops)


def _graph(plain: Any) -> list[TfliteOp]:
    """List the file's operators with the shapes that they read and write."""
    shapes = {one["index"]: tuple(int(n) for n in one["shape"]) for one in plain.get_tensor_details()}
    return [
        TfliteOp(
            one["op_name"],
            tuple(shapes.get(int(n), ()) for n in one["inputs"] if n >= 0),
            tuple(shapes.get(int(n), ()) for n in one["outputs"]),
        )
        for one in plain._get_ops_details()
    ]


def _ops(
    profiled: Callable[[bytes, np.ndarray[Any, Any], int], list[list[tuple[str, float]]]],
    content: bytes,
    image: np.ndarray[Any, Any],
    graph: list[TfliteOp],
    runs: int,
) -> tuple[RuntimeOp, ...]:
    """Run with the profiler on, in a model of its own, and look up what each event computes."""
    events = profiled(content, image, WARM_UP + runs)[WARM_UP:]
    if len({tuple(tag for tag, _ in run) for run in events}) != 1:
        return ()
    steady = steady_ms({at: [run[at][1] for run in events] for at in range(len(events[0]))})
    return align([tag for tag, _ in events[0]], list(steady.values()), graph)
