"""The forms in which a design can leave dsim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.errors import InvalidValueError, unknown_name
from dsim.export.coreml_package import CoreMlPackage
from dsim.export.findings import Exported
from dsim.export.form import Form, write_form
from dsim.export.gelu import Gelu, formula_line
from dsim.export.litert_file import LiteRtFile
from dsim.export.onnx_file import OnnxFile
from dsim.export.torch_export import write_torch
from dsim.export.torch_program import TorchProgram

if TYPE_CHECKING:
    from torch import nn

SOURCE = "torch"  # PyTorch code, which has no weights
FORMS: dict[str, Form] = {
    form.name: form for form in (OnnxFile(), TorchProgram(), CoreMlPackage(), LiteRtFile())
}
TARGETS: tuple[str, ...] = (SOURCE, *FORMS)


def export(
    arch: Arch | str | Path,
    folder: str | Path,
    to: str = SOURCE,
    *,
    name: str | None = None,
    notes: Sequence[str] = (),
    module: nn.Module | None = None,
    gelu: str = Gelu.AUTO,
) -> Exported:
    """Write a design in a form that other programs read, and verify what was written.

    Parameters
    ----------
    arch
        The design: a preset's name, the path of an arch.json or of a study's folder, or the design itself.
    folder
        Where the files go; it is made if need be.
    to
        ``"torch"`` gives ``model.py``; ``"onnx"``, ``"torchexport"``, ``"coreml"`` and ``"litert"`` give a model file.
        ``arch.json`` and ``README.md`` lie beside each.
    name
        What the files call it; by default the preset's name or the start of the design's hash.
    notes
        Lines for the README, such as an estimated latency.
    module
        The design's module with trained weights (from `build_module` or ``model.py``); without it, the weights of a
        model file are drawn at random, which is enough for timing.
    gelu
        ``"erf"`` or ``"tanh"``: the formula by which GELUs are written; ``"auto"`` leaves them as they are. What it changes
        is among the checks.

    Returns
    -------
    Exported
        The files, and what was verified about them.

    Raises
    ------
    UnknownNameError
        There is no such form.
    InvalidValueError
        A module was given for PyTorch code, or does not give the design's scores; or a formula for a design without GELU.
    MissingPackageError
        A package that the form needs is not installed.
    ExportError
        The converter failed, or the file does not give the module's scores.
    FileAccessError
        The folder cannot be written, or holds somebody else's files of these names.
    """
    design = read_design(arch)
    if to not in TARGETS:
        raise unknown_name("export form", to, TARGETS)
    if gelu not in tuple(Gelu):
        raise unknown_name("formula of GELU", gelu, tuple(Gelu))
    formula = Gelu(gelu)
    if to != SOURCE:
        return write_form(FORMS[to], design, folder, name=name, notes=notes, module=module, gelu=formula)
    if module is not None:
        raise InvalidValueError(
            "PyTorch code holds no weights, got a module; save module.state_dict() beside it, or choose another form"
        )
    said = () if formula is Gelu.AUTO else (formula_line(formula),)
    files = write_torch(design, folder, name=name, notes=(*notes, *said), gelu=formula)
    return Exported(files, None, said)
