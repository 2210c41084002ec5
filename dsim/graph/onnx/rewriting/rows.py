"""Add rows behind the tokens of an ONNX file, so that attention has a length that its engine works in; the results stay what they were.

The rows are added once. A number far below zero is added to their scores in front of each softmax, so that they count nothing; what does
not work row by row reads a slice without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.errors import UnsupportedOpError
from dsim.graph.onnx.rewriting.edit import Names, put_nodes
from dsim.graph.onnx.rewriting.row_plan import Plan, row_plan
from dsim.graph.onnx.rewriting.row_rules import Kept, Padding
from dsim.graph.onnx.rewriting.source import Source

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Array = np.ndarray[Any, Any]
MASK = -3e4  # within float16, and far below every score


def add_rows(source: Source, tokens: int, longer: int) -> tuple[ModelProto, int]:
    """Return the model with rows behind its tokens, and how many attentions see them.

    Parameters
    ----------
    source
        A file whose constants are folded: shapes that its nodes compute would count the rows.
    tokens, longer
        How many tokens there are, and how many rows there are to be.

    Raises
    ------
    UnsupportedOpError
        It cannot be done.
    """
    plan = row_plan(source, tokens, longer)
    if isinstance(plan, str):
        raise UnsupportedOpError(f"rows cannot be added behind {tokens} tokens: {plan}")
    return _Edit(source, plan, tokens, longer).run(), plan.masked


class _Edit:
    """An edit in progress. Tensors with added rows get new names, and slices without them the old ones, for whoever reads those."""

    def __init__(self, source: Source, plan: Plan, tokens: int, longer: int) -> None:
        self._source, self._plan, self._tokens, self._longer = source, plan, tokens, longer
        self._names = Names(source.model)
        self._new = {name: self._names.fresh("longer") for name in plan.paddings}
        self._constants: dict[str, Array] = {}

    def run(self) -> ModelProto:
        plan = self._plan
        places: dict[str, list[NodeProto]] = {}
        first = [self._padded()]
        for writer in self._source.model.graph.node:
            if plan.start in writer.output:
                places[writer.output[0]], first = [writer, *first], []
        for node, found in plan.steps:
            slices = [
                self._slice(name, one) for name, one in zip(node.output, found.outputs, strict=True) if one
            ]
            places[node.output[0]] = [*first, *self._node(node, found), *slices]
            first = []
        return put_nodes(self._source.model, places, self._constants)

    def _padded(self) -> NodeProto:
        plan = self._plan
        ends = np.zeros(2 * len(plan.shape), np.int64)
        ends[len(plan.shape) + plan.axis] = self._longer - self._tokens
        return self._made("Pad", (plan.start, self._constant(ends)), self._new[plan.start])

    def _node(self, node: NodeProto, found: Kept) -> list[NodeProto]:
        """Return a node that reads tensors with added rows; a softmax over them with its mask."""
        from onnx import NodeProto, helper

        out = NodeProto()
        out.CopyFrom(node)
        out.output[:] = [
            self._new[name] if one else name for name, one in zip(node.output, found.outputs, strict=True)
        ]
        for place, name in enumerate(node.input):
            if place in found.numbers:
                out.input[place] = self._constant(found.numbers[place])
            elif place in found.repeated:
                out.input[place] = self._constant(self._repeated(name, found.repeated[place]))
            else:
                out.input[place] = self._new.get(name, name)
        if found.masked is None:
            return [out]
        rank = len(self._source.network.shape(node.input[0]))
        dtype = helper.tensor_dtype_to_np_dtype(self._plan.kinds[node.input[0]])
        mask = np.where(np.arange(self._longer) < self._tokens, 0.0, MASK).astype(dtype)
        mask = mask.reshape(-1, *[1] * (rank - 1 - found.masked))
        masked = self._made("Add", (out.input[0], self._constant(mask)), self._names.fresh("masked"))
        out.input[0] = masked.output[0]
        return [masked, out]

    def _slice(self, name: str, padding: Padding) -> NodeProto:
        axes = sorted(padding)
        numbers = ([0] * len(axes), [self._tokens] * len(axes), axes)
        given = [self._constant(np.asarray(one, np.int64)) for one in numbers]
        return self._made("Slice", (self._new[name], *given), name)

    def _repeated(self, name: str, axes: Sequence[int]) -> Array:
        """Return a constant with its last row once more for each that is added."""
        array = self._source.array(name)
        if array is None:
            raise UnsupportedOpError(f"the values of {name!r} must be in the file, got none; export it again")
        ends = [(0, self._longer - self._tokens if one in axes else 0) for one in range(array.ndim)]
        return np.pad(array, ends, mode="edge")

    def _constant(self, array: Array) -> str:
        for name, known in self._constants.items():
            if known.dtype == array.dtype and np.array_equal(known, array):
                return name
        name = self._names.fresh("constant")
        self._constants[name] = array
        return name

    def _made(self, op: str, inputs: Sequence[str], out: str) -> NodeProto:
        from onnx import helper

        return helper.make_node(op, list(inputs), [out], name=self._names.fresh(op.lower()))
