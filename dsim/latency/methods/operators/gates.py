"""Spell hardswish and hardsigmoid as one op where a network writes them out, as exporters and runtimes do.

before:  add(constant) -> relu6 -> div(constant) -> mul(by what went into the add)
after:   hardswish

The order of div and mul is free; without the mul it is hardsigmoid. Values of constants are not on record, so the
shape of the chain has to do.
"""

from __future__ import annotations

from dsim.attrs import ConstantAttrs, NoAttrs
from dsim.graph.graph import Graph, Ref
from dsim.graph.rewrite import rewrite
from dsim.op import Op, OpKind

_SCALES = (OpKind.DIV, OpKind.MUL)


def spell_gates(graph: Graph) -> Graph:
    """Rewrite every written-out hardswish and hardsigmoid."""
    ops: dict[int, Op] = {}
    gone: dict[int, Ref] = {}
    for index, node in enumerate(graph.nodes):
        if node.op.kind is not OpKind.ADD or not _by_scalar(node.op):
            continue
        chain = [index]
        after = _only_reader(graph, index)
        if after is None or graph.nodes[after].op.kind is not OpKind.RELU6:
            continue
        chain.append(after)
        scaled = gated = False
        while (after := _only_reader(graph, chain[-1])) is not None:
            step = graph.nodes[after]
            if not scaled and step.op.kind in _SCALES and _by_scalar(step.op):
                scaled = True
            elif not gated and step.op.kind is OpKind.MUL and node.inputs[0] in step.inputs:
                gated = True
            else:
                break
            chain.append(after)
        if not scaled:
            continue
        kind = OpKind.HARDSWISH if gated else OpKind.HARDSIGMOID
        ops[index] = Op(kind, NoAttrs(), node.op.inputs, node.op.outputs)
        gone |= {at: Ref(index) for at in chain[1:]}
    return rewrite(graph, ops, gone)


def _by_scalar(op: Op) -> bool:
    return isinstance(op.attrs, ConstantAttrs) and op.attrs.constant == ()


def _only_reader(graph: Graph, index: int) -> int | None:
    readers = graph.consumers.get(Ref(index), ())
    return readers[0] if len(readers) == 1 and readers[0] < len(graph.nodes) else None
