"""A Core ML program as it lies in a package: its ops read back, and compared with a design's graph."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

from dsim.errors import ExportError
from dsim.graph import Graph
from dsim.graph.passes import run_passes
from dsim.op import OpKind

PASSES = ("drop_identities", "fold_batch_norm")  # activations stay ops of their own until Core ML compiles
SPECIFICATION = 7  # of Core ML files for iOS 16

# kind of op: the ops of MIL that coremltools writes for it
WRITTEN: dict[OpKind, tuple[str, ...]] = {
    OpKind.CONV2D: ("conv",),
    OpKind.LINEAR: ("linear",),
    OpKind.MATMUL: ("matmul",),
    OpKind.SOFTMAX: ("softmax",),
    OpKind.BATCH_NORM: ("batch_norm",),
    OpKind.LAYER_NORM: ("layer_norm",),
    # spelt out; the batch norm holds scale and shift
    OpKind.GROUP_NORM: (
        *("reshape", "reduce_mean", "sub", "square", "reduce_mean", "add", "sqrt", "real_div", "reshape"),
        "batch_norm",
    ),
    OpKind.RELU: ("relu",),
    OpKind.RELU6: ("clip",),
    OpKind.GELU: ("gelu",),
    OpKind.SILU: ("silu",),
    OpKind.HARDSWISH: ("thresholded_relu", "sigmoid_hard", "mul"),
    OpKind.AVG_POOL: ("avg_pool",),
    OpKind.GLOBAL_POOL: ("reduce_mean",),
    OpKind.MEAN: ("reduce_mean",),
    OpKind.ADD: ("add",),
    OpKind.SUB: ("sub",),
    OpKind.MUL: ("mul",),
    OpKind.DIV: ("mul",),  # by the reciprocal of a constant
    OpKind.SPLIT: ("split",),
    OpKind.RESHAPE: ("reshape",),
    OpKind.TRANSPOSE: ("transpose",),
    OpKind.UPSAMPLE: ("upsample_bilinear",),
}
# ops of which a program may have fewer, and why
FEWER: dict[str, str] = {
    "add": "a constant of zeros is dropped, such as attention biases before training",
    "transpose": "matmul reads its operands transposed",
    "mul": "layer scales behind a convolution are folded into it",
}
UNEXPECTED = "unexpected: another coremltools?"


def load_program(package: Path) -> Any:
    """Read the main function of a package back, weights included.

    Returns
    -------
    coremltools.converters.mil.mil.Function

    Raises
    ------
    ExportError
        It is no program for iOS 16.
    """
    import coremltools
    from coremltools.converters.mil.frontend.milproto.load import load

    model = coremltools.models.MLModel(str(package), skip_model_load=True)
    spec = model.get_spec()
    version = spec.specificationVersion
    if version != SPECIFICATION:
        raise ExportError(
            f"a package for iOS 16 must have specification {SPECIFICATION}, got {version}; report this"
        )
    program = load(spec, specification_version=version, file_weights_dir=model.weights_dir)
    return program.functions["main"]


def ops_of(function: Any) -> list[Any]:
    """Return the ops that run: all but constants."""
    return [op for op in function.operations if op.op_type != "const"]


def macs_of(function: Any) -> int:
    """Count multiply-accumulates of conv, linear and matmul, from the program's own shapes."""
    total = 0
    for op in ops_of(function):
        made = math.prod(op.outputs[0].shape)
        if op.op_type in ("conv", "linear"):  # weights (outputs, inputs of one group, kernel)
            total += made * math.prod(op.weight.shape[1:])
        elif op.op_type == "matmul":
            total += made * int(op.x.shape[-2 if op.transpose_x.val else -1])
    return total


def compare_ops(function: Any, wanted: Graph) -> str:
    """Say how a program's ops compare with a design's, after the passes that coremltools has too.

    Ops that are spelt out and ops that are fewer are listed with the reason; others are called unexpected.

    Raises
    ------
    ExportError
        Multiply-accumulates differ.
    """
    if macs_of(function) != wanted.macs:
        raise ExportError(
            f"the program must have the design's {wanted.macs:,} multiply-accumulates, got {macs_of(function):,}; "
            "nothing was kept; give the design's own module if you gave another, else report this design"
        )
    found = Counter(op.op_type for op in ops_of(function))
    ops = run_passes(wanted, PASSES).ops
    expected = Counter(name for op in ops for name in WRITTEN.get(op.kind, (op.label,)))
    odd = {name: found[name] - expected[name] for name in found | expected if found[name] != expected[name]}
    spelt = [
        f"{count} {kind} as {' + '.join(WRITTEN[kind])}"
        for kind, count in Counter(op.kind for op in ops).items()
        if len(WRITTEN.get(kind, ())) > 1
    ]
    why = {name: FEWER.get(name, UNEXPECTED) if count < 0 else UNEXPECTED for name, count in odd.items()}
    differ = [f"{odd[name]:+d} {name} ({why[name]})" for name in sorted(odd)]
    text = f"{wanted.macs:,} multiply-accumulates, the design's own; {found.total()} ops, "
    if not (spelt or differ):
        return f"{text}those of its graph after passes"
    return f"{text}against its graph after passes: {'; '.join([*spelt, *differ])}"
