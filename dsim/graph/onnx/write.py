"""Write a simplified network op by op: each item by its rule, and by its own name where no rule fits."""

from __future__ import annotations

import re
from typing import Any

from dsim.attrs import UnknownAttrs
from dsim.errors import InvalidValueError
from dsim.graph.graph import Ref
from dsim.graph.onnx.network import Item, Network
from dsim.graph.onnx.rules import RULES, counted
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind

# Names under which the torch reader keeps the same operators.
TORCH_NAMES: dict[str, str] = {
    "LSTM": "lstm",
    "GRU": "gru",
    "RNN": "rnn",
    "PRelu": "prelu",
    "LogSoftmax": "log_softmax",
    "GridSample": "grid_sampler",
    "ReduceL2": "linalg_vector_norm",
    "ReduceMax": "amax",
    "ReduceMin": "amin",
    "Clip": "clamp",
    "TopK": "topk",
    "BatchNormalization": "batch_norm",
    "RMSNormalization": "rms_norm",
    "DeformConv": "torchvision::deform_conv2d",
}
# The same by the number of axes that a window runs over, which torch tells apart by name.
BY_AXES: dict[str, str] = {"Conv": "conv", "ConvTranspose": "conv_transpose"}

# Inputs that set an operator up or start it, and are not learned: scales of a map, the states before the first step.
SETTINGS: dict[str, tuple[int, ...]] = {
    "Resize": (1, 2, 3),
    "Upsample": (1,),
    "LSTM": (5, 6),
    "GRU": (5,),
    "RNN": (5,),
}


def label_of(op: str, rank: int = 4) -> str:
    """Return the name of an unknown op: torch's where the same operator has one, else in torch's spelling.

    Parameters
    ----------
    rank
        How many axes it writes.

    Examples
    --------
    "LeakyRelu" is "leaky_relu"; names of other domains stay as they are.
    """
    if op in BY_AXES:
        return f"{BY_AXES[op]}{max(rank - 2, 1)}d"
    if "::" in op or op in TORCH_NAMES:
        return TORCH_NAMES.get(op, op)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", op).lower()


def write(network: Network, values: dict[str, Value], trace: Trace) -> list[Value]:
    """Add the ops of a network.

    Parameters
    ----------
    values
        What stands for its inputs, by name; the results of items are added.
    trace
        Collects the ops.

    Returns
    -------
    list
        What it gives.
    """
    read = {*network.outputs, *(name for item in network.items for name in item.inputs)}
    for item in network.items:
        args = [_argument(network, values, name) for name in item.inputs]
        trace.scope, trace.writing = item.scope, item.writing
        trace.expected = tuple(network.shapes[name] for name in item.outputs if name)
        needed = max((k + 1 for k, name in enumerate(item.outputs) if name in read), default=1)
        results = _written(item, args, needed, trace)
        values |= dict(zip((name for name in item.outputs if name), results, strict=False))
    return [values.get(name, network.constants.get(name)) for name in network.outputs]


def _argument(network: Network, found: dict[str, Value], name: str) -> Value:
    """Return an activation, a constant, or None for an input left out; lone unlearned numbers are numbers."""
    if not name:
        return None
    return found[name] if name in found else network.constants[name]


def _written(item: Item, args: list[Value], needed: int, trace: Trace) -> list[Value]:
    mark = trace.mark()
    result: Any = None
    rule = RULES.get(item.op)
    if rule is not None:
        try:
            result = rule(trace, item.attrs, *args)
        except (InvalidValueError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
            result = None  # a case that the rule was not written for; it shows as unknown
    results = list(result) if isinstance(result, list) else [result]
    # of several outputs a rule may give the first alone, if nobody reads the others
    shapes = [trace.shape(value) for value in results]
    if result is None or shapes != list(trace.expected[: len(shapes)]) or len(shapes) < needed:
        trace.rewind(mark)
        return _unknown(item, args, trace)
    return results


def _unknown(item: Item, args: list[Value], trace: Trace) -> list[Value]:
    given = [value for place, value in enumerate(args) if place not in SETTINGS.get(item.op, ())]
    params = sum(trace.claim(value) for value in given if isinstance(value, Constant))
    refs = [value for value in args if isinstance(value, Ref)]
    macs = counted(trace, item.op, item.attrs, args)
    label = label_of(item.op, len(trace.expected[0]) if trace.expected else 0)
    first = trace.add(OpKind.UNKNOWN, *refs, attrs=UnknownAttrs(label, trace.expected, params, macs))
    return list(trace.builder.slots(first))
