"""How many output channels of a blocked convolution only fill its last block: their weights and biases are zero."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from onnx import TensorProto

BLOCKS = (8, 16)  # channels in a block, by the processor that the file was made on


def idle_channels(tensors: Mapping[str, TensorProto], weight: str, bias: str) -> int:
    """Return the number of idle channels at the end; 0 where the file keeps no values.

    Blocked weights keep one output channel of a block beside the next, innermost. Read in blocks of another size than
    theirs, they show fewer idle channels, not more.
    """
    values = _values(tensors.get(weight))
    if values is None:
        return 0
    count = len(values)
    last = [values.reshape(count // size, -1, size)[-1] for size in BLOCKS if not count % size]
    found = [
        _trailing(np.abs(block).sum(0)) % block.shape[1] for block in last
    ]  # a block of zeros is not filling
    by_weight = max(found, default=0)
    shift = _values(tensors.get(bias)) if bias else None
    return by_weight if shift is None else min(by_weight, _trailing(shift.reshape(-1)))


def _values(tensor: TensorProto | None) -> np.ndarray[Any, Any] | None:
    from onnx import numpy_helper

    if tensor is None or tensor.data_location == 1 or tensor.external_data or not tensor.dims:
        return None
    return numpy_helper.to_array(tensor)


def _trailing(used: np.ndarray[Any, Any]) -> int:
    """Count the entries at the end that are zero."""
    found = np.flatnonzero(used)
    return int(len(used) - 1 - found[-1]) if len(found) else len(used)
