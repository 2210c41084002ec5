"""A file of another format, written in ONNX's operators, so that it takes the same road from there to a Graph.

Weights come without their values: shapes are enough, and `dsim.graph.onnx.constants` never looks at more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.graph.onnx.constants import MAX_VALUES
from dsim.graph.tracing import Shape
from dsim.packages import need

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET, IR_VERSION = 21, 10
FLOAT, INT64, BOOL = 1, 7, 9  # TensorProto's names of types
OUTSIDE = 1  # TensorProto.EXTERNAL: the values are not here


class Made:
    """An ONNX model in the making.

    Parameters
    ----------
    domain
        Domain of operators that ONNX does not have, such as "tflite"; it stands before their names.
    """

    def __init__(self, domain: str) -> None:
        need("onnx", "a file that is read in ONNX's operators", "files")
        from onnx import ModelProto, helper  # optional

        self._domain = domain
        self._model: ModelProto = ModelProto(ir_version=IR_VERSION)
        self._model.opset_import.extend([helper.make_opsetid("", OPSET), helper.make_opsetid(domain, 1)])
        self._graph = self._model.graph
        self._graph.name = "network"
        self._count = 0
        self._numbers: dict[bytes, str] = {}

    def fresh(self) -> str:
        """Return a name that no tensor has."""
        self._count += 1
        return f"@{self._count}"

    def input(self, name: str, shape: Shape, kind: int = FLOAT) -> None:
        """Add an input of the network."""
        from onnx import helper

        self._graph.input.append(helper.make_tensor_value_info(name, kind, shape))

    def weight(self, name: str, shape: Shape, kind: int = FLOAT) -> str:
        """Add a constant whose values are left where they are."""
        self._graph.initializer.add(name=name, dims=shape, data_type=kind, data_location=OUTSIDE)
        return name

    def constant(self, name: str, values: np.ndarray[Any, Any]) -> str:
        """Add a constant with its values where they are few, and without them else."""
        from onnx import helper, numpy_helper

        if values.size > MAX_VALUES:
            return self.weight(name, values.shape, helper.np_dtype_to_tensor_dtype(values.dtype))
        self._graph.initializer.append(
            numpy_helper.from_array(np.ascontiguousarray(values).reshape(values.shape), name)
        )
        return name

    def ints(self, values: Sequence[int]) -> str:
        """Return the name of a constant list of whole numbers."""
        return self._kept(np.asarray(values, np.int64))

    def number(self, value: float) -> str:
        """Return the name of a constant number."""
        return self._kept(np.asarray(value, np.float32))

    def _kept(self, values: np.ndarray[Any, Any]) -> str:
        key = values.dtype.str.encode() + values.tobytes()
        if key not in self._numbers:
            self._numbers[key] = self.constant(self.fresh(), values)
        return self._numbers[key]

    def add(self, op: str, inputs: Sequence[str], scope: str = "", **attrs: Any) -> str:
        """Add one of ONNX's operators with one output; return its name."""
        return self.add_several(op, inputs, 1, scope, **attrs)[0]

    def add_several(
        self, op: str, inputs: Sequence[str], outputs: int, scope: str = "", **attrs: Any
    ) -> list[str]:
        """Add one of ONNX's operators; return the names of its outputs. ``domain`` may be one that dsim knows too."""
        from onnx import helper

        names = [self.fresh() for _ in range(outputs)]
        self._graph.node.append(helper.make_node(op, inputs, names, name=_path(scope, op), **attrs))
        return names

    def add_foreign(
        self, op: str, inputs: Sequence[str], shapes: Sequence[Shape], scope: str = ""
    ) -> list[str]:
        """Add an operator that ONNX does not have, whose outputs have these shapes; return their names."""
        from onnx import helper

        names = [self.fresh() for _ in shapes]
        self._graph.node.append(
            helper.make_node(op, inputs, names, name=_path(scope, op), domain=self._domain)
        )
        self._graph.value_info.extend(
            helper.make_tensor_value_info(name, FLOAT, shape)
            for name, shape in zip(names, shapes, strict=True)
        )
        return names

    def model(self, outputs: Sequence[str]) -> ModelProto:
        """Finish."""
        stated = {value.name: value for value in self._graph.value_info}
        for name in outputs:
            output = self._graph.output.add(name=name)
            if name in stated:
                output.CopyFrom(stated[name])
        return self._model


def _path(scope: str, op: str) -> str:
    """Return a node's name, from which `dsim.graph.onnx.scopes` reads the module's path."""
    return f"{scope.replace('.', '/')}/{op}" if scope else ""
