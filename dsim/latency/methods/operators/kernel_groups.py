"""Groups of kernels that profilers may misjudge in their own way, so that each gets a scale of its own."""

from __future__ import annotations

from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.describe import CLASSES, class_of

_ALONE = ("batch_norm", "layer_norm", "group_norm", "reshape", "transpose", "add", "mul")
GROUPS: tuple[str, ...] = (*CLASSES, *_ALONE)
_AT = {name: n for n, name in enumerate(GROUPS)}


def group_index(kernel: Kernel) -> int:
    """Return the position of a kernel's group in `GROUPS`."""
    label = str(kernel.op.label)
    return _AT[label] if label in _ALONE else _AT[class_of(kernel.op)]
