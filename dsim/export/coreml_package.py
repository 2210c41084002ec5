"""A Core ML package (.mlpackage) for iPhones and Macs: float16, iOS 16 and later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.export.findings import Findings, compare, listed
from dsim.export.mil_program import compare_ops, load_program, ops_of
from dsim.export.mil_run import run_program
from dsim.export.precision import FLOAT16
from dsim.export.torch_program import trace_module
from dsim.packages import need

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dsim.export.subject import Exportable, Subject

RELATIVE = 3e-2  # float16 has 11 bits; rounding adds up over a hundred layers
INPUT, OUTPUT = "image", "scores"


@dataclass(frozen=True)
class CoreMlPackage:
    """coremltools' ML program at the design's resolution, batch 1; input and output are float16 arrays."""

    name: str = "coreml"
    file: str = "model.mlpackage"
    about: str = (
        "A vision backbone as a Core ML package (`model.mlpackage`, ML program, float16, iOS 16 and later)."
    )

    def require(self) -> None:
        """Import coremltools, which converts on any system."""
        need("coremltools", f"export to {self.name}", "coreml")

    def write(self, subject: Subject, path: Path) -> None:
        """Convert the design's module."""
        write_package(subject.module, (subject.image,), path, self.about.replace("`", ""))

    def check(self, subject: Subject, path: Path) -> Findings:
        """Read the program back: its ops against the design's graph, its scores as its ops define them."""
        function = load_program(path)
        line = compare_ops(function, subject.arch.to_graph())
        scores = run_program(function, subject.image)
        return Findings(
            compare(scores, subject, RELATIVE, "dsim op by op, never by Core ML", FLOAT16),
            (
                "iOS 16 (specification 7), float16 throughout",
                line,
                listed(op.op_type for op in ops_of(function)),
            ),
        )

    def use(self, arch: Exportable) -> str:
        """Show how to run and to time it."""
        size = arch.resolution
        return (
            "On a Mac:\n\n"
            "```python\n"
            "import coremltools as ct\n"
            "import numpy as np\n\n"
            'model = ct.models.MLModel("model.mlpackage", compute_units=ct.ComputeUnit.ALL)\n'
            f"image = np.zeros((1, 3, {size}, {size}), np.float16)\n"
            f'scores = model.predict({{"{INPUT}": image}})["{OUTPUT}"]  # (1, {arch.num_classes})\n'
            "```\n\n"
            "To time it on an iPhone, open the package in Xcode, connect the phone, and choose Performance. Neither\n"
            "has been done with this file."
        )


def write_package(module: nn.Module, images: tuple[Tensor, ...], path: Path, about: str) -> None:
    """Convert a module with one output; the program comes from torch.export, since torch.jit.trace leaves shape arithmetic in it.

    Parameters
    ----------
    images
        What the module is called with. Inputs are named image, image_1, and so on.
    path
        Of the package.
    about
        What Xcode shows.
    """
    import coremltools as ct
    import numpy as np

    program = trace_module(module, images).run_decompositions({})
    model = ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=ct.target.iOS16,
        compute_precision=ct.precision.FLOAT16,
        inputs=[
            ct.TensorType(name=f"{INPUT}_{n}" if n else INPUT, shape=tuple(image.shape), dtype=np.float16)
            for n, image in enumerate(images)
        ],
        outputs=[ct.TensorType(name=OUTPUT, dtype=np.float16)],
        skip_model_load=True,  # loading compiles it, on a Mac
    )
    model.short_description = about
    model.save(str(path))
