"""dsim's own exports of every preset, read back as a stranger's files are, against the design's graph: op by op after passes.

A few things converters write otherwise, and none of them changes a multiply-accumulate:
- the weight and bias of a norm go into the layer behind it; a division by a number is a product with its inverse;
- a bias that is looked up in a table is written out; a batch norm without a layer before it is a product and a sum;
- axes of one element come and go; LiteRT's converter keeps the maximum that a softmax subtracts by itself already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import PRESETS, get_preset
from dsim.attrs import ConstantAttrs, ConvAttrs, NormAttrs
from dsim.errors import MissingPackageError
from dsim.export.coreml_package import CoreMlPackage
from dsim.export.litert_file import LiteRtFile
from dsim.export.subject import prepare
from dsim.export.torch_program import TorchProgram
from dsim.graph import Graph
from dsim.graph.files import read_file
from dsim.graph.passes import run_passes
from dsim.op import Op, OpKind
from dsim.quiet import quiet

PASSES = ("drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation")
MAXIMUM = {"amax", "max", "sub", "transpose"}  # what is left of a maximum before a softmax

Kernel = tuple[str, str, tuple[tuple[int, ...], ...], str]


def kernels(graph: Graph) -> Counter[Kernel]:
    """What runs on a device, written alike whichever way a converter writes it; views are left out."""
    return Counter(one for op in run_passes(graph, PASSES).ops for one in _alike(op))


def _alike(op: Op) -> Iterator[Kernel]:
    attrs, label, fused = op.attrs, op.label, str(op.activation)
    if op.kind is OpKind.RESHAPE:
        return
    shapes = tuple(tuple(size for size in spec.shape if size != 1) for spec in (*op.inputs, *op.outputs))
    if op.kind is OpKind.BATCH_NORM:
        channels = str((op.inputs[0].shape[1],))
        yield "mul", channels, shapes, "None"
        yield "add", channels, shapes, fused
    elif isinstance(attrs, ConstantAttrs) and attrs.constant is not None:
        label = "mul" if op.kind is OpKind.DIV and not attrs.reverse else label
        yield label, str(tuple(size for size in attrs.constant if size != 1)), shapes, fused
    elif isinstance(attrs, NormAttrs):
        yield label, str(replace(attrs, affine=True, axes=1)), shapes, fused
    elif isinstance(attrs, ConvAttrs) or op.kind in (OpKind.LINEAR, OpKind.AVG_POOL, OpKind.MAX_POOL):
        yield label, str(attrs), shapes, fused
    else:
        yield label, "", shapes, fused  # what it does shows in its shapes


def check(found: Graph, name: str) -> None:
    """Hold a file's graph against a preset's."""
    wanted = get_preset(name).to_graph()
    after, design = kernels(found), kernels(wanted)
    assert found.macs == wanted.macs
    assert design - after == Counter()
    assert {label for label, *_ in after - design} <= MAXIMUM


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_torch_program(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    with quiet():  # as dsim.export does: converters warn about versions
        TorchProgram().write(prepare(get_preset(name)), path)
    found, wanted = read_file(path), get_preset(name).to_graph()
    assert (found.macs, found.params) == (wanted.macs, wanted.params)
    check(found, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_core_ml_package(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.mlpackage"
    with quiet():
        CoreMlPackage().write(prepare(get_preset(name)), path)
    check(read_file(path), name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_litert_file(name: str, tmp_path: Path) -> None:
    form, path = LiteRtFile(), tmp_path / "model.tflite"
    try:
        form.require()
    except MissingPackageError as error:
        pytest.skip(str(error))  # a gigabyte that no job installs
    with quiet():
        form.write(prepare(get_preset(name)), path)
    check(read_file(path), name)
