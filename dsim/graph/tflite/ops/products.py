"""Matrix products, and operators on two tensors element by element."""

from __future__ import annotations

from dsim.graph.tflite.ops.activations import finish
from dsim.graph.tflite.tables import Operator
from dsim.graph.tflite.walk import EXTRA, FIRST, Order, Translate, Walk

BATCHED_ROWS: Order = (EXTRA, 0, 1)


def fully_connected(walk: Walk, op: Operator) -> None:
    """FULLY_CONNECTED(x, w (outputs, inputs), bias); over a map it is a convolution of 1x1."""
    image, weight = op.inputs[0], op.inputs[1]
    bias = [walk.plain(op.inputs[2])] if len(op.inputs) > 2 and op.inputs[2] >= 0 else []
    outputs, inputs = walk.shape(weight)
    if len(walk.shape(op.outputs[0])) == len(FIRST) and walk.is_first(image):
        kernel = walk.made.add("Reshape", [walk.plain(weight), walk.made.ints((outputs, inputs, 1, 1))])
        finish(walk, op, walk.made.add("Conv", [walk.first(image), kernel, *bias], walk.scope), FIRST)
        return
    name, order = _rows(walk, op, inputs)
    turned = walk.made.add("Transpose", [walk.plain(weight)], perm=(1, 0))
    made = walk.made.add("MatMul", [name, turned], walk.scope)
    finish(walk, op, walk.made.add("Add", [made, *bias], walk.scope) if bias else made, order)


def _rows(walk: Walk, op: Operator, inputs: int) -> tuple[str, Order | None]:
    """Return the rows that a matrix is multiplied with, and the order of axes that the product then has."""
    held, shape = walk.get_batched(op.inputs[0]), walk.shape(op.inputs[0])
    outputs = walk.shape(op.outputs[0])
    if len(outputs) == len(shape):
        return (held.name, held.order) if held.order == BATCHED_ROWS else (walk.plain(op.inputs[0]), None)
    if len(shape) == len(BATCHED_ROWS) and shape[0] == 1 and shape[2] == inputs:
        return walk.plain(op.inputs[0]), BATCHED_ROWS
    rows = walk.made.ints((-1, inputs))
    ahead = [axis for axis in held.order if axis >= 0 and shape[axis] != 1]
    source = held.name if ahead == sorted(ahead) else walk.plain(op.inputs[0])
    return walk.made.add("Reshape", [source, rows], walk.scope), None


def batch_matmul(walk: Walk, op: Operator) -> None:
    """BATCH_MATMUL(a, b), each transposed where the file says so."""
    helds = [walk.get_batched(place) for place in op.inputs]
    batched = all(held.batched for held in helds)
    names = []
    for place, turned in zip(op.inputs, (op.option("AdjX", False), op.option("AdjY", False)), strict=True):
        name = walk.get_batched(place).name if batched else walk.plain(place)
        rank = len(walk.shape(place)) + batched
        if turned:
            order = [*range(rank - 2), rank - 1, rank - 2]
            name = walk.made.add("Transpose", [name], walk.scope, perm=order)
        names.append(name)
    walk.put(op.outputs[0], walk.made.add("MatMul", names, walk.scope), helds[0].order if batched else None)


def _operands(walk: Walk, op: Operator) -> tuple[list[str], Order | None]:
    """Return operands that are broadcast, and the order of axes in which they meet."""
    helds = [walk.get_batched(place) for place in op.inputs]
    batched = [held for held in helds if held.batched]
    if not batched:
        order = walk.common(op.inputs)
        return [walk.like(place, FIRST) if order else _lean(walk, place, op) for place in op.inputs], order
    # an extra axis in front changes nothing where operands are broadcast
    names = [
        held.name if held.batched else _lean(walk, place, op)
        for held, place in zip(helds, op.inputs, strict=True)
    ]
    same = len(batched[0].order) == len(walk.shape(op.outputs[0]))
    return names, None if same else batched[0].order


def _lean(walk: Walk, place: int, op: Operator) -> str:
    """Return an operand; a constant without the axes of one element in front, as networks hold it: (C, 1, 1)."""
    name, shape = walk.plain(place), walk.shape(place)
    others = [other for other in op.inputs if not walk.tensor(other).constant]
    whole = any(len(walk.get_batched(other).order) >= len(shape) for other in others)
    ahead = next((axis for axis, size in enumerate(shape) if size != 1), 0)
    if not ahead or not whole or not walk.tensor(place).constant:
        return name
    return walk.made.add("Reshape", [name, walk.made.ints(shape[ahead:])])


def binary(name: str) -> Translate:
    """Make the translation of an operator on two tensors that are broadcast."""

    def translate(walk: Walk, op: Operator) -> None:
        names, order = _operands(walk, op)
        finish(walk, op, walk.made.add(name, names, walk.scope), order)

    return translate


def squared_difference(walk: Walk, op: Operator) -> None:
    """SQUARED_DIFFERENCE(a, b)."""
    names, order = _operands(walk, op)
    less = walk.made.add("Sub", names, walk.scope)
    walk.put(op.outputs[0], walk.made.add("Mul", [less, less], walk.scope), order)


def total(walk: Walk, op: Operator) -> None:
    """ADD_N(parts)."""
    names, order = _operands(walk, op)
    walk.put(op.outputs[0], walk.made.add("Sum", names, walk.scope), order)
