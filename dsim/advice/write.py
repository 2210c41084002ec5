"""Write the rewrites of an ONNX file, after both files were run and gave the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.advice.equal import compare
from dsim.advice.records import Rewrite, Way, Written, count
from dsim.advice.runtime import constants_of, need_runtime
from dsim.errors import InvalidValueError, UnavailableError
from dsim.files import check_folder, first_line, write_atomic
from dsim.graph.inputs import Given, as_inputs
from dsim.graph.onnx.facts import opset_of
from dsim.graph.onnx.rewriting import (
    Source,
    add_rows,
    fold_constants,
    merge_file_branches,
    raised,
    read_source,
    understand,
    write_form,
)

if TYPE_CHECKING:
    from onnx import ModelProto

ONNX = ".onnx"


def check_target(source: Path | None, target: Path, label: str) -> Path:
    """Return where to write; all that can be refused is refused before any work.

    Raises
    ------
    InvalidValueError
        The network is not read from an .onnx file, or the target is none, or it is the file that is read.
    FileAccessError
        The folder cannot be written.
    MissingPackageError
        ONNX Runtime is not installed.
    """
    if source is None:
        raise InvalidValueError(
            f"--write needs a network from an {ONNX} file, got {label}; export it to ONNX first, or leave --write out"
        )
    if target.suffix.lower() != ONNX:
        raise InvalidValueError(f"--write must name an {ONNX} file, got {target}; write {target.stem}{ONNX}")
    if target.exists() and source.exists() and target.samefile(source):
        raise InvalidValueError(
            f"--write must not name the file that is read, got {target}; choose another name"
        )
    if target.is_dir():
        raise InvalidValueError(f"--write must name a file, and {target} is a folder; choose another name")
    if not target.parent.is_dir():
        raise InvalidValueError(f"--write needs a folder that exists, got {target.parent}; make it first")
    check_folder(target.parent)
    need_runtime()
    return target


def _form(source: Source, one: Rewrite) -> Changed:
    assert one.before is not None and one.after is not None  # noqa: PT018 - what makes it a rewrite of forms
    return write_form(source, one.before, one.after)


def _rows(source: Source, one: Rewrite) -> Changed:
    """Add rows where no node computes shapes any more: it would count them."""
    folded, nodes = fold_constants(source, constants_of)
    return add_rows(understand(folded, source.asked) if nodes else source, one.tokens, one.longer)


Changed = tuple["ModelProto", int]  # a model, and at how many places it was changed
WAYS: dict[Way, Callable[[Source, Rewrite], Changed]] = {
    Way.FORMS: _form,
    Way.BRANCHES: lambda source, _: merge_file_branches(source),
    Way.OPSET: lambda source, one: (raised(source.model, one.operator_set), one.places),
    Way.CONSTANTS: lambda source, _: fold_constants(source, constants_of),
    Way.LENGTHS: _rows,
}
NOUNS = {
    Way.BRANCHES: ("branch", "branches"),
    Way.CONSTANTS: ("node",),
    Way.LENGTHS: ("softmax", "softmaxes"),
}


def write_rewrites(
    path: Path, target: Path, asked: Sequence[Rewrite], inputs: Given = None
) -> Written | None:
    """Write a file with some rewrites; None where none of them finds its place in the file.

    Raises
    ------
    UnavailableError
        The rewritten network does not compute the same, cannot be made, or cannot be run.
    DsimError
        The file cannot be read or written.
    """
    source = now = read_source(path, as_inputs(inputs))
    done = []
    # rows need folded constants, and fold what is left
    for one in sorted(asked, key=lambda one: one.way is not Way.CONSTANTS):
        try:
            model, places = WAYS[one.way](now, one)
            now = understand(model, now.asked)
        except Exception as error:  # onnx's converter of operator sets raises types of its own
            raise UnavailableError(
                f"{one.what} cannot be written into {path}: {first_line(error)}; report this file, nothing was written"
            ) from error
        if places:
            where = count(places, *NOUNS.get(one.way, ("place",)))
            done.append(f"{one.what}, {where}")
    if not done:
        return None
    shapes = {name: source.network.shapes[name] for name in source.network.inputs}
    found = compare(source.model, now.model, shapes)
    if not found.equal:
        raise UnavailableError(
            f"rewrites must keep what {path} computes, got outputs up to {found.difference:.1e} apart where rounding "
            f"explains {found.allowed:.1e}; nothing was written, report this file"
        )
    write_atomic(target, now.model.SerializeToString())
    return Written(
        str(target),
        tuple(done),
        found.difference,
        found.largest,
        found.allowed,
        found.runs,
        opset_of(source.model),
        opset_of(now.model),
        found.by,
    )
