"""Write a network that is no design of dsim's as a file for a runtime, verified like an exported design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.errors import unknown_name
from dsim.export.files import staging
from dsim.export.findings import Exported
from dsim.export.form import converted
from dsim.export.readme import network_readme
from dsim.export.subject import prepare_network
from dsim.export.targets import FORMS
from dsim.files import check_folder
from dsim.graph.graph import Graph
from dsim.graph.read import as_graph

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class GivenNetwork:
    """What forms ask of a network: its graph, the side of its image and its classes."""

    graph: Graph
    resolution: int
    num_classes: int

    def to_graph(self) -> Graph:
        """Return its graph."""
        return self.graph


def check_target(folder: str | Path, to: str) -> None:
    """Refuse a folder that cannot be written, and a form that is unknown or whose packages are missing, before anything slow.

    Raises
    ------
    FileAccessError
        The folder cannot be written.
    UnknownNameError
        There is no such form.
    MissingPackageError
        A package that the form needs is not installed.
    """
    if to not in FORMS:
        raise unknown_name("form of a model file", to, FORMS)
    check_folder(Path(folder))
    FORMS[to].require()


def export_network(
    module: nn.Module, px: int, folder: str | Path, to: str, *, name: str, notes: Sequence[str] = ()
) -> Exported:
    """Write a classifier with the weights that it has, and a README; nothing is kept that failed its check.

    Parameters
    ----------
    module
        A classifier of images (N, 3, px, px), with its branches merged.
    px
        Side of its image.
    to
        ``"onnx"``, ``"torchexport"``, ``"coreml"`` or ``"litert"``.
    name, notes
        What the README calls it, and lines for it.

    Raises
    ------
    DsimError
        See `check_target`; or the converter failed, or the file does not give the module's scores.
    """
    check_target(folder, to)
    form, graph = FORMS[to], as_graph(module.eval(), (1, 3, px, px))
    names = (form.file, "README.md")
    with staging(Path(folder), names) as place:
        subject = prepare_network(GivenNetwork(graph, px, graph.spec(graph.outputs[0]).shape[-1]), module)
        findings = converted(form, subject, place / form.file)
        checks = (str(findings.difference), *findings.lines)
        lines = (
            f"parameters: {graph.params:,}",
            f"multiply-accumulates at {px}x{px}: {graph.macs:,}",
            *notes,
        )
        text = network_readme(name, form.about, form.use(subject.arch), checks, lines)
        (place / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return Exported(tuple(Path(folder) / file for file in names), findings.difference, checks)
