"""A LiteRT file (.tflite) for Android phones and small boards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.errors import MissingPackageError
from dsim.export.findings import Findings, compare, listed
from dsim.op import OpKind
from dsim.packages import need

if TYPE_CHECKING:
    from dsim.export.subject import Exportable, Subject
    from dsim.graph import Graph

RELATIVE = 1e-4  # XNNPACK sums in another order
# kind of op: the ops of LiteRT that compute it
PRODUCTS: dict[OpKind, tuple[str, ...]] = {
    OpKind.CONV2D: ("conv_2d", "depthwise_conv_2d"),
    OpKind.LINEAR: ("fully_connected",),
    OpKind.MATMUL: ("batch_matmul",),
}
SIGNATURE = "serving_default"  # litert-torch's own name for the one function


@dataclass(frozen=True)
class LiteRtFile:
    """litert-torch's conversion at the design's resolution, batch 1, float32; the image is channels-last."""

    name: str = "litert"
    file: str = "model.tflite"
    about: str = "A vision backbone as a LiteRT file (`model.tflite`, float32)."

    def require(self) -> None:
        """Import litert-torch, which converts, and the LiteRT interpreter, which runs the file."""
        try:
            for package in ("litert_torch", "ai_edge_litert.interpreter"):
                need(package, f"export to {self.name}", "litert")
        except MissingPackageError as error:
            raise MissingPackageError(
                f"{error}, which brings a gigabyte, or write --to onnx: Qualcomm AI Hub compiles that for LiteRT"
            ) from error

    def write(self, subject: Subject, path: Path) -> None:
        """Convert; the runtime's images are (N, H, W, 3), so the file's first op needs no transpose by the caller."""
        import litert_torch

        module = litert_torch.to_channel_last_io(subject.module, args=[0]).eval()
        model = litert_torch.convert(module, (subject.image.permute(0, 2, 3, 1).contiguous(),))
        model.export(str(path))

    def check(self, subject: Subject, path: Path) -> Findings:
        """Run the file with LiteRT's interpreter, once with XNNPACK and once for the list of its ops without it."""
        import ai_edge_litert
        import torch
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        interpreter = Interpreter(str(path), num_threads=1)
        run = interpreter.get_signature_runner(SIGNATURE)
        (given,) = run.get_input_details()
        (made,) = run.get_output_details()
        image = subject.image.permute(0, 2, 3, 1).contiguous().numpy()
        scores = torch.from_numpy(run(**{given: image})[made])
        version = getattr(ai_edge_litert, "__version__", "")
        plain = Interpreter(
            str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        )
        ops = [op["op_name"].lower() for op in plain._get_ops_details()]
        return Findings(
            compare(scores, subject, RELATIVE, f"LiteRT {version}".strip()),
            (
                _products(Counter(ops), subject.arch.to_graph()),
                f"before XNNPACK takes its share {listed(ops)}",
            ),
        )

    def use(self, arch: Exportable) -> str:
        """Show how to run it."""
        size = arch.resolution
        return (
            "```python\n"
            "import numpy as np\n"
            "from ai_edge_litert.interpreter import Interpreter\n\n"
            f'run = Interpreter("model.tflite").get_signature_runner("{SIGNATURE}")\n'
            f"image = np.zeros((1, {size}, {size}, 3), np.float32)  # channels last\n"
            f"(scores,) = run(args_0=image).values()  # (1, {arch.num_classes})\n"
            "```"
        )


def _products(ops: Counter[str], wanted: Graph) -> str:
    """Say whether the file does as many multiplications as the design."""
    kinds = Counter(op.kind for op in wanted.ops)
    parts, same = [], True
    for kind, names in PRODUCTS.items():
        found = sum(ops[name] for name in names)
        same &= found == kinds[kind]
        parts.append(f"{found} {kind}" + ("" if found == kinds[kind] else f" (the design has {kinds[kind]})"))
    return ", ".join(parts) + (", as in the design" if same else "")
