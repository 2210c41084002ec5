"""Write the rewrites of an ONNX file, after both files were run and gave the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dsim.advice.equal import compare, need_runtime
from dsim.advice.records import Rewrite, Written, count
from dsim.errors import InvalidValueError, UnavailableError
from dsim.files import check_folder, first_line, write_atomic
from dsim.graph.inputs import Given, as_inputs
from dsim.graph.onnx.facts import opset_of
from dsim.graph.onnx.load import load_model
from dsim.graph.onnx.rewriting import merge_file_branches, raised, read_source, understand, write_form

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


def constant_nodes(path: Path) -> int:
    """Count the nodes of a file that compute from constants alone."""
    graph = load_model(path).graph
    known = {tensor.name for tensor in graph.initializer}
    count = 0
    for node in graph.node:
        if not node.input or (node.op_type == "Constant"):
            known.update(node.output)
        elif all(name in known for name in node.input if name):
            known.update(node.output)
            count += 1
    return count


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
    for one in asked:
        try:
            if one.operator_set:
                model, places = raised(now.model, one.operator_set), one.places
            elif one.before and one.after:
                model, places = write_form(now, one.before, one.after)
            else:
                model, places = merge_file_branches(now)
            now = understand(model, now.asked)
        except Exception as error:  # onnx's converter of operator sets raises types of its own
            raise UnavailableError(
                f"{one.what} cannot be written into {path}: {first_line(error)}; report this file, nothing was written"
            ) from error
        if places:
            where = count(places, "branch", "branches") if one.merges else count(places, "place")
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
