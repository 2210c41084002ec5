"""Merge the parallel linear branches of an ONNX file: the weights of the largest take in what the others do.

Which branches can be merged is decided on the graph (`dsim.graph.merging`); here the weights follow, in float64.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.attrs import ConvAttrs, PoolAttrs
from dsim.graph.graph import Ref
from dsim.graph.merging.merge import Group, groups_of
from dsim.graph.merging.sums import Sum, sums
from dsim.graph.merging.terms import MAP_CHANNELS, Term
from dsim.graph.onnx.network import Item
from dsim.graph.onnx.rewriting import kernels
from dsim.graph.onnx.rewriting.edit import Names, put_nodes
from dsim.graph.onnx.rewriting.kernels import Kernel
from dsim.graph.onnx.rewriting.source import Source, understand
from dsim.op import Op, OpKind

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Array = np.ndarray[Any, Any]
MOST_ROUNDS = 8  # sums within sums
MAP_RANK = 4


def merge_file_branches(source: Source) -> tuple[ModelProto, int]:
    """Return the model with its branches merged into convolutions, and how many branches were merged.

    A group of branches stays as it is where one of its weights is not in the file.
    """
    merged = 0
    for _ in range(MOST_ROUNDS):
        model, found = _once(source)
        if not found:
            break
        merged += found
        source = understand(model, source.asked)
    return source.model, merged


def _once(source: Source) -> tuple[ModelProto, int]:
    graph, tensors = source.graph, {ref: name for name, ref in source.refs.items()}
    roots = {each.root: each for each in sums(graph)}
    groups: dict[int, list[Group]] = defaultdict(list)
    for group in groups_of(graph):
        groups[group.root].append(group)
    names = Names(source.model)
    places: dict[str, list[NodeProto]] = {}
    constants: dict[str, Array] = {}
    merged = 0
    for root, found in groups.items():
        target = tensors.get(Ref(root))
        made = [(group, _kernel(source, tensors, group)) for group in found]
        usable = [(group, kernel) for group, kernel in made if kernel is not None]
        if target is None or not usable or not _writes(source, target, roots[root], tensors):
            continue
        nodes: list[NodeProto] = []
        taken = {ref for group, _ in usable for ref, _ in group.terms}
        operands = [tensors[ref] for ref in roots[root].operands if ref not in taken]
        for group, kernel in usable:
            alone = len(usable) == 1 and not operands
            out = target if alone else names.fresh("merged")
            dtype = _dtype(source, tensors, group)
            weight, shift = names.fresh("weight"), names.fresh("bias")
            constants |= {weight: kernel.weight.astype(dtype), shift: kernel.shift.astype(dtype)}
            nodes.append(
                _conv(graph.nodes[group.host].op, [tensors[group.source], weight, shift], out, kernel)
            )
            if not alone:
                operands.append(out)
            merged += len(group.terms)
        nodes += _additions(names, operands, target)
        places[target] = nodes
    return (put_nodes(source.model, places, constants), merged) if places else (source.model, 0)


def _writes(source: Source, target: str, found: Sum, tensors: dict[Ref, str]) -> bool:
    """Tell whether the file adds up a sum itself, without taking anything away, in tensors that have names."""
    writers, written = source.writers, {name for node in source.model.graph.node for name in node.output}
    adds = all(source.graph.nodes[index].op.kind is OpKind.ADD for index in found.inner)
    known = written | {value.name for value in source.model.graph.input}
    return (
        adds
        and target in written
        and writers[target].op in ("Add", "Sum")
        and all(tensors.get(ref) in known for ref in found.operands)
    )


def _kernel(source: Source, tensors: dict[Ref, str], group: Group) -> Kernel | None:
    """Return the weights of a merged layer; None where they are not to be known."""
    if source.graph.nodes[group.host].op.kind is not OpKind.CONV2D or group.source not in tensors:
        return None
    made = [_branch(source, tensors, group.source, term) for _, term in group.terms]
    host, *others = made
    if host is None:
        return None
    rest = [one for one in others if one is not None]
    return kernels.summed(host, rest) if len(rest) == len(others) else None


def _branch(source: Source, tensors: dict[Ref, str], start: Ref, term: Term) -> Kernel | None:
    """Follow a branch from where it starts, op by op."""
    kernel = kernels.identity(source.graph.spec(start).shape[MAP_CHANNELS])
    for index in reversed(term.nodes):
        name = tensors.get(Ref(index))
        item = source.writers.get(name) if name else None
        found = _after(source, kernel, source.graph.nodes[index].op, item) if item else None
        if found is None:
            return None
        kernel = found
    return kernel


def _after(source: Source, kernel: Kernel, op: Op, item: Item) -> Kernel | None:
    channels = op.outputs[0].shape[MAP_CHANNELS]
    if isinstance(op.attrs, ConvAttrs) and item.op == "Conv" and not item.attrs.get("integer"):
        weight = source.array(item.inputs[1])
        has_bias = len(item.inputs) > 2 and bool(item.inputs[2])
        bias = source.array(item.inputs[2]) if has_bias else None
        if weight is None or weight.ndim != MAP_RANK or (has_bias and bias is None):
            return None
        return kernels.chained(kernel, kernels.of_conv(op.attrs, weight, bias))
    if isinstance(op.attrs, PoolAttrs) and item.op == "AveragePool":
        return kernels.chained(kernel, kernels.of_pool(op.attrs, channels))
    if item.op == "BatchNormalization":
        scale, shift, mean, variance = (source.array(name) for name in item.inputs[1:5])
        if scale is None or shift is None or mean is None or variance is None:
            return None
        by = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + item.attrs.get("epsilon", 1e-5))
        return kernels.scaled(kernel, by, shift - mean * by)
    return _number(source, kernel, item, channels)


def _number(source: Source, kernel: Kernel, item: Item, channels: int) -> Kernel | None:
    """Follow a constant that is added or multiplied, one for each channel."""
    if item.op not in ("Add", "Sub", "Mul", "Div") or len(item.inputs) != 2:
        return None
    place = next((k for k, name in enumerate(item.inputs) if name in source.network.constants), None)
    array = None if place is None else source.array(item.inputs[place])
    if array is None or (item.op in ("Sub", "Div") and place == 0):
        return None
    try:
        each = np.broadcast_to(array.astype(np.float64), (1, channels, 1, 1)).reshape(-1)
    except ValueError:
        return None
    one, zero = np.ones(channels), np.zeros(channels)
    if item.op in ("Add", "Sub"):
        return kernels.scaled(kernel, one, each if item.op == "Add" else -each)
    if item.op == "Div" and not each.all():
        return None
    return kernels.scaled(kernel, each if item.op == "Mul" else 1.0 / each, zero)


def _dtype(source: Source, tensors: dict[Ref, str], group: Group) -> Any:
    """Return the type of the host's weights."""
    weight = source.array(source.writers[tensors[Ref(group.host)]].inputs[1])
    assert weight is not None  # its kernel was made of them
    return weight.dtype


def _conv(op: Op, inputs: Sequence[str], out: str, kernel: Kernel) -> NodeProto:
    from onnx import helper

    attrs = op.attrs
    assert isinstance(attrs, ConvAttrs)
    return helper.make_node(
        "Conv",
        list(inputs),
        [out],
        name=f"{out}_merged",
        kernel_shape=list(attrs.kernel),
        pads=[*attrs.padding, *attrs.padding],
        strides=list(attrs.stride),
        dilations=list(attrs.dilation),
        group=kernel.groups,
    )


def _additions(names: Names, operands: Sequence[str], target: str) -> list[NodeProto]:
    """Return the additions of what is left of a sum."""
    from onnx import helper

    nodes, total = [], operands[0] if operands else ""
    for place, operand in enumerate(operands[1:], 1):
        out = target if place == len(operands) - 1 else names.fresh("sum")
        nodes.append(helper.make_node("Add", [total, operand], [out], name=f"{out}_sum"))
        total = out
    return nodes
