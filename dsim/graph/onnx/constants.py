"""Constants of a file: their shapes always, their values where they are few."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.graph.onnx.network import Known

if TYPE_CHECKING:
    from onnx import TensorProto

MAX_VALUES = 2**12  # shapes, axes, slices, scalars; a weight is never looked at
_FLOATS = {1, 10, 11, 16}  # TensorProto.FLOAT, FLOAT16, DOUBLE, BFLOAT16
# UINT8, INT8, the floats of 8 bits, UINT4, INT4, FLOAT4: what weights are quantised to; shapes and places are int64
_QUANTISED = {2, 3, 17, 18, 19, 20, 21, 22, 23}


def known_from(tensor: TensorProto, name: str) -> Known:
    """Read an initializer or a Constant's tensor.

    Floating-point and quantised tensors of more than one element count as learned: the file does not tell weights from
    tables.
    """
    from onnx import numpy_helper

    shape = tuple(tensor.dims)
    count = math.prod(shape)
    outside = tensor.data_location == 1 or bool(tensor.external_data)
    array = None
    if count <= MAX_VALUES and not outside:
        array = numpy_helper.to_array(tensor)
    learned = tensor.data_type in _FLOATS | _QUANTISED and count > 1
    return Known(shape, {name: count} if learned else {}, array, tensor.data_type)


def known_array(array: Any, owners: dict[str, int] | None = None) -> Known:
    """Wrap values that were computed."""
    from onnx import helper

    found = np.asarray(array)
    return Known(found.shape, owners or {}, found, helper.np_dtype_to_tensor_dtype(found.dtype))
