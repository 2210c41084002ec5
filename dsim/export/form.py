"""How every model file is written: prepare, convert, read back, compare, and keep only what agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dsim.errors import DsimError, ExportError
from dsim.export.files import staging
from dsim.export.findings import Exported, Findings
from dsim.export.gelu import Gelu, check_gelu, scores_line, with_formula
from dsim.export.readme import form_readme, title_of
from dsim.export.subject import Exportable, Subject, prepare
from dsim.quiet import quiet

if TYPE_CHECKING:
    from torch import nn

    from dsim.arch import Arch


class Form(Protocol):
    """A file that some runtime reads: how it is written, and how what was written is verified."""

    @property
    def name(self) -> str:
        """What ``--to`` calls it."""

    @property
    def file(self) -> str:
        """The file's name, or the folder's."""

    @property
    def about(self) -> str:
        """What it is, for the README: a sentence."""

    def require(self) -> None:
        """Import the optional packages that it needs; MissingPackageError where one is missing."""

    def write(self, subject: Subject, path: Path) -> None:
        """Convert and write."""

    def check(self, subject: Subject, path: Path) -> Findings:
        """Read the written file back and verify it; ExportError if it is not what the design computes."""

    def use(self, arch: Exportable) -> str:
        """Return the README's section on how to run it, in Markdown."""


def write_form(
    form: Form,
    arch: Arch,
    folder: str | Path,
    *,
    name: str | None = None,
    notes: Sequence[str] = (),
    module: nn.Module | None = None,
    gelu: Gelu = Gelu.AUTO,
) -> Exported:
    """Write a design in a form, its ``arch.json`` and a README; nothing is kept that failed its check.

    Parameters
    ----------
    name, notes
        For the README, as in `export`.
    module
        The design's module with trained weights; None draws weights.
    gelu
        The formula of its GELUs.

    Raises
    ------
    InvalidValueError
        A formula is asked for, and the design has no GELU.
    MissingPackageError
        A package that the form needs is not installed.
    ExportError
        The converter failed, or the file does not give the design's scores.
    FileAccessError
        The folder cannot be written, or holds somebody else's files of these names.
    """
    form.require()
    check_gelu(arch, gelu)
    names = (form.file, "arch.json", "README.md")
    with staging(Path(folder), names) as place:
        subject = with_formula(prepare(arch, module), gelu)
        arch = replace(arch, num_classes=subject.arch.num_classes)  # those that the module has
        findings = converted(form, subject, place / form.file)
        said = () if gelu is Gelu.AUTO else (scores_line(subject, gelu),)
        checks = (str(findings.difference), *findings.lines, *said, _weights(subject))
        (place / "arch.json").write_text(arch.to_json() + "\n", encoding="utf-8", newline="\n")
        readme = form_readme(arch, title_of(arch, name), form.about, form.use(arch), checks, notes)
        (place / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    return Exported(tuple(Path(folder) / file for file in names), findings.difference, checks)


def converted(form: Form, subject: Subject, path: Path) -> Findings:
    """Write a file and read it back.

    Raises
    ------
    ExportError
        The converter failed, or the file does not give the module's scores.
    """
    try:
        with quiet():
            form.write(subject, path)
            return form.check(subject, path)
    except (DsimError, OSError):
        raise
    except Exception as error:  # converters raise types of their own
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ExportError(
            f"{form.name} must be convertible from this network, got {type(error).__name__}: "
            f"{lines[0] if lines else 'no message'}; run it again as `dsim --debug ...` and report it"
        ) from error


def _weights(subject: Subject) -> str:
    if subject.trained:
        return "weights: those of the module that was given"
    return (
        "weights: drawn at random, for timing; a trained module goes in with dsim.export(..., module=trained)"
    )
