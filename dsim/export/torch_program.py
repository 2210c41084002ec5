"""A torch.export program (.pt2): one traced graph with its weights, for torch's own ahead-of-time tools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.export.findings import Findings, compare, listed
from dsim.export.kernels import compare_kernels

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.export import ExportedProgram

    from dsim.export.subject import Exportable, Subject

RELATIVE = 1e-6  # the same operators run in the same order


@dataclass(frozen=True)
class TorchProgram:
    """`torch.export.save` of the module at the design's resolution, batch 1."""

    name: str = "torchexport"
    file: str = "model.pt2"
    about: str = "A vision backbone as a torch.export program (`model.pt2`)."

    def require(self) -> None:
        """Import nothing: torch is always installed."""

    def write(self, subject: Subject, path: Path) -> None:
        """Trace and save."""
        import torch

        torch.export.save(trace(subject), path)

    def check(self, subject: Subject, path: Path) -> Findings:
        """Reload the program that was just written, run it, and read its graph.

        Only ever a file that `write` made a moment ago: loading a stranger's .pt2 may run what is in it.
        """
        import torch

        from dsim.graph.torch_reader import read_exported

        program = torch.export.load(path)
        with torch.no_grad():
            scores = program.module()(subject.image)
        return Findings(
            compare(scores, subject, RELATIVE, f"torch {torch.__version__}"),
            (
                listed(str(node.target).split(".")[1] for node in program.graph.nodes if _computes(node)),
                compare_kernels(read_exported(program), subject.arch.to_graph()),
            ),
        )

    def use(self, arch: Exportable) -> str:
        """Show how to load and run it."""
        size = arch.resolution
        return (
            "```python\n"
            "import torch\n\n"
            'program = torch.export.load("model.pt2")  # only ever load a file that you trust\n'
            "model = program.module()\n"
            f"scores = model(torch.zeros(1, 3, {size}, {size}))  # (1, {arch.num_classes})\n"
            "```\n\n"
            "The shape is fixed: one image. `model.py` (`dsim export --to torch`) takes any."
        )


def _computes(node: Any) -> bool:
    """Return whether a node computes something, rather than being an input or picking one of several results."""
    return node.op == "call_function" and str(node.target).startswith("aten.")


def trace(subject: Subject) -> ExportedProgram:
    """Trace a subject's module with torch.export, as converters read it."""
    return trace_module(subject.module, (subject.image,))


def trace_module(module: nn.Module, images: tuple[Tensor, ...]) -> ExportedProgram:
    """Trace a module on its inputs."""
    import torch
    import torch.fx.config as fx_config

    before = getattr(fx_config, "do_not_emit_stack_traces", False)
    # stack traces name folders of this machine, and cost a quarter of the time
    fx_config.do_not_emit_stack_traces = True
    try:
        with torch.no_grad():
            return torch.export.export(module, images, strict=False)
    finally:
        fx_config.do_not_emit_stack_traces = before
