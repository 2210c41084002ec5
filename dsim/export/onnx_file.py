"""An ONNX file, for ONNX Runtime, OpenVINO, TensorRT and QNN."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.errors import InvalidValueError
from dsim.export.findings import Findings, compare, listed
from dsim.export.kernels import compare_kernels
from dsim.packages import need

if TYPE_CHECKING:
    from dsim.export.subject import Exportable, Subject

OPSET = 17  # of 2022: the first with LayerNormalization, and one that every current runtime reads
RELATIVE = 1e-4  # ONNX Runtime fuses and sums in another order
MAX_BYTES = 2**31 - 2**24  # protobuf's limit, less room for the graph
INPUT, OUTPUT = "image", "scores"


@dataclass(frozen=True)
class OnnxFile:
    """torch.onnx.export at the design's resolution, batch 1, float32; batch norms are folded into convolutions."""

    name: str = "onnx"
    file: str = "model.onnx"
    about: str = f"A vision backbone as an ONNX file (`model.onnx`, opset {OPSET}, float32)."

    def require(self) -> None:
        """Import onnx, which writes and reads the file, and ONNX Runtime, which runs it."""
        for package in ("onnx", "onnxruntime"):
            need(package, f"export to {self.name}", "onnx")

    def write(self, subject: Subject, path: Path) -> None:
        """Convert with torch's exporter that needs no further package.

        Raises
        ------
        InvalidValueError
            The weights do not fit into one file.
        """
        import torch

        size = 4 * sum(parameter.numel() for parameter in subject.module.parameters())
        if size > MAX_BYTES:
            raise InvalidValueError(
                f"an ONNX file holds at most {MAX_BYTES:,} bytes of weights, got {size:,}; choose a smaller design"
            )
        torch.onnx.export(
            subject.module,
            (subject.image,),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
        )

    def check(self, subject: Subject, path: Path) -> Findings:
        """Run the file with ONNX Runtime, and read it back with dsim's own reader."""
        import onnxruntime
        import torch

        from dsim.graph.onnx import read_onnx
        from dsim.graph.onnx.load import load_model

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # a failure is raised; notes on the machine are not for the user
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        (scores,) = session.run([OUTPUT], {INPUT: subject.image.numpy()})
        return Findings(
            compare(torch.from_numpy(scores), subject, RELATIVE, f"ONNX Runtime {onnxruntime.__version__}"),
            (
                f"opset {OPSET}; {listed(node.op_type for node in load_model(path).graph.node if node.input)}",
                compare_kernels(read_onnx(path), subject.arch.to_graph()),
            ),
        )

    def use(self, arch: Exportable) -> str:
        """Show how to run it."""
        size = arch.resolution
        return (
            "```python\n"
            "import numpy as np\n"
            "import onnxruntime\n\n"
            'session = onnxruntime.InferenceSession("model.onnx")\n'
            f"image = np.zeros((1, 3, {size}, {size}), np.float32)\n"
            f'(scores,) = session.run(["{OUTPUT}"], {{"{INPUT}": image}})  # (1, {arch.num_classes})\n'
            "```"
        )
