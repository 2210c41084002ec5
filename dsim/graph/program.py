"""Walk the operators of an exported program, and write each by its rule.

Torch records the shapes of everything that an operator gives. A rule's result is held against them: where they
differ, or the rule does not know the case, the operator stays in the graph by its own name instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from dsim.attrs import UnknownAttrs
from dsim.errors import InvalidValueError
from dsim.graph.aten import RULES, SILENT, counted
from dsim.graph.graph import Ref
from dsim.graph.torch_chains import Chain, find_chains
from dsim.graph.tracing import Constant, Shape, Trace, Value
from dsim.op import OpKind

# Regions that torch.export keeps as graphs of their own (no_grad, autocast); the first graph among their arguments
# is run on the arguments behind it.
REGIONS: frozenset[str] = frozenset({"wrap_with_set_grad_enabled", "wrap_with_autocast"})

# Operators that take the one number out of a tensor: what is computed with it is computed with the tensor.
NUMBERS: frozenset[str] = frozenset({"item", "_local_scalar_dense"})

# Operators that give another look at the memory of their first argument; getitem picks one of several such.
VIEWS: frozenset[str] = frozenset(
    {
        "slice",
        "select",
        "narrow",
        "view",
        "view_as",
        "permute",
        "transpose",
        "t",
        "mT",
        "squeeze",
        "unsqueeze",
        "expand",
    }
    | {
        "split",
        "split_with_sizes",
        "chunk",
        "unbind",
        "getitem",
        "alias",
        "detach",
        "diagonal",
        "unfold",
        "movedim",
    }
)


def walk(graph: torch.fx.Graph, arguments: Sequence[Value], trace: Trace) -> list[Value]:
    """Add the ops of a graph.

    Parameters
    ----------
    arguments
        What stands for its placeholders, in order.
    trace
        Collects the ops.

    Returns
    -------
    list
        What the graph gives.
    """
    values: dict[torch.fx.Node, Value] = {}
    given = iter(arguments)
    chains = find_chains(graph)
    inside = {node for chain in chains.values() for node in chain.inside}
    for node in graph.nodes:
        if node in inside:
            continue
        if node in chains:
            values[node] = _chain(node, chains[node], values, trace)
        elif node.op == "placeholder":
            values[node] = next(given)
        elif node.op == "get_attr":
            values[node] = _attribute(node)
        elif node.op == "call_function":
            values[node] = _call(node, values, trace)
        elif node.op == "output":
            return flat(_resolve(node.args[0], values))
    return []


def flat(value: Any) -> list[Any]:
    """Return the leaves of nested lists; a Ref is a leaf."""
    if isinstance(value, list | tuple) and not isinstance(value, Ref):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def shape_of(value: Any) -> Shape:
    """Return a torch tensor's shape; () for what is not a tensor.

    Raises
    ------
    InvalidValueError
        A size depends on the data.
    """
    if not isinstance(value, torch.Tensor):
        return ()
    if not all(isinstance(size, int) for size in value.shape):
        raise InvalidValueError(
            f"shapes must be fixed, got {tuple(map(str, value.shape))}, which depends on data"
        )
    return tuple(value.shape)


def _attribute(node: torch.fx.Node) -> Value:
    owner: Any = node.graph.owning_module
    for name in str(node.target).split("."):
        owner = getattr(owner, name, None)
    return owner if isinstance(owner, torch.fx.GraphModule) else Constant(shape_of(node.meta.get("val")))


def _resolve(argument: Any, values: dict[torch.fx.Node, Value]) -> Value:
    if isinstance(argument, torch.fx.Node):
        return values[argument]
    if isinstance(argument, list | tuple):
        return [_resolve(item, values) for item in argument]
    return argument


def _scope(node: torch.fx.Node) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    path = str(list(stack.values())[-1][0]) if stack else ""
    # torch names modules that run more than once "block@1"; it is the same place in the network
    return path.split("@")[0]


def _name(target: Any) -> tuple[str, bool]:
    """Return an operator's name (with its library, unless that is ATen), and whether it writes into its argument."""
    if not isinstance(target, torch._ops.OpOverload):
        return getattr(target, "__name__", str(target)), False
    library, _, name = str(target).partition(".")
    name = name.split(".")[0]
    in_place = name.endswith("_") and not name.endswith("__")
    name = name.removesuffix("_") if in_place else name
    return (name if library == "aten" else f"{library}::{name}"), in_place


def _call(node: torch.fx.Node, values: dict[torch.fx.Node, Value], trace: Trace) -> Value:
    name, in_place = _name(node.target)
    args = [_resolve(argument, values) for argument in node.args]
    kwargs = {key: _resolve(value, values) for key, value in node.kwargs.items()}
    if name == "getitem":
        return args[0][args[1]]
    if name in SILENT:
        return None
    if name in NUMBERS:
        return args[0]
    trace.scope = _scope(node) or trace.scope
    if name in REGIONS:
        body = next(i for i, value in enumerate(args) if isinstance(value, torch.fx.GraphModule))
        return walk(args[body].graph, args[body + 1 :], trace)
    tensors = [value for value in flat([args, list(kwargs.values())]) if isinstance(value, Ref | Constant)]
    outputs = node.meta.get("val")
    if any(isinstance(value, Ref) for value in tensors):
        result = _written(name, args, kwargs, tensors, outputs, trace)
    else:
        result = _folded(outputs, [value for value in tensors if isinstance(value, Constant)])
    if in_place and isinstance(node.args[0], torch.fx.Node):
        _write_back(node, result, values, trace)
    return result


def _chain(node: torch.fx.Node, chain: Chain, values: dict[torch.fx.Node, Value], trace: Trace) -> Value:
    """Write what several nodes compute together, at the last of them."""
    args = [_resolve(argument, values) for argument in chain.args]
    tensors = [value for value in flat(args) if isinstance(value, Ref | Constant)]
    outputs = node.meta.get("val")
    if not any(isinstance(value, Ref) for value in tensors):
        return _folded(outputs, [value for value in tensors if isinstance(value, Constant)])
    trace.scope = _scope(node) or trace.scope
    trace.writing = chain.writing
    try:
        return _written(chain.rule, args, {}, tensors, outputs, trace)
    finally:
        trace.writing = None


def _write_back(node: torch.fx.Node, result: Value, values: dict[torch.fx.Node, Value], trace: Trace) -> None:
    """Let later readers of what an operator wrote in place read the result.

    Writing into a part of a tensor (``y[:, 1:] = z``) changes the whole, which costs a copy if anybody reads the whole
    afterwards; it has no kind here and stays by name. Views taken earlier and read later are not followed.
    """
    target = node.args[0]
    assert isinstance(target, torch.fx.Node)
    before, values[target] = values[target], result
    base = target
    while (
        base.op == "call_function"
        and _name(base.target)[0] in VIEWS
        and isinstance(base.args[0], torch.fx.Node)
    ):
        base = base.args[0]
    whole = values[base]
    if base is target or not isinstance(whole, Ref | Constant) or not any(node < user for user in base.users):
        return
    parts = [value for value in (whole, result) if isinstance(value, Ref)]
    if whole == before:
        values[base] = result  # the view shows all of it, as it is
    elif parts:
        values[base] = trace.add(OpKind.UNKNOWN, *parts, attrs=UnknownAttrs("copy", (trace.shape(whole),)))


def _folded(outputs: Any, constants: list[Constant]) -> Value:
    """Whatever is computed from constants alone is a constant; it keeps the parameters behind it."""
    owners = {name: size for constant in constants for name, size in constant.owners.items()}

    def fold(value: Any) -> Value:
        if isinstance(value, list | tuple):
            return [fold(v) for v in value]
        return Constant(shape_of(value), owners) if isinstance(value, torch.Tensor) else value

    return fold(outputs)


def _written(
    name: str, args: list[Value], kwargs: dict[str, Value], tensors: list[Value], outputs: Any, trace: Trace
) -> Value:
    """Run the rule of an operator; without one, or where it fails, keep the operator by name."""
    several = isinstance(outputs, list | tuple)
    trace.expected = tuple(shape_of(v) for v in flat(outputs) if isinstance(v, torch.Tensor))
    mark = trace.mark()
    result = None
    if name in RULES:
        try:
            result = RULES[name](trace, *args, **kwargs)
        except (InvalidValueError, TypeError, ValueError, LookupError):
            result = None  # a case that the rule was not written for; it shows as unknown
    # of several outputs a rule may give the first alone (the indices of a max pool are never used here)
    expected = list(trace.expected[:1] if several and isinstance(result, Ref) else trace.expected)
    if result is None or [trace.shape(value) for value in flat(result)] != expected:
        trace.rewind(mark)
        return _unknown(name, tensors, several, trace, counted(trace, name, args, kwargs))
    return [result, *[None] * (len(trace.expected) - 1)] if several and isinstance(result, Ref) else result


def _unknown(name: str, tensors: list[Value], several: bool, trace: Trace, macs: int | None) -> Value:
    params = sum(trace.claim(value) for value in tensors if isinstance(value, Constant))
    refs = [value for value in tensors if isinstance(value, Ref)]
    first = trace.add(OpKind.UNKNOWN, *refs, attrs=UnknownAttrs(name, trace.expected, params, macs))
    return list(trace.builder.slots(first)) if several else first
