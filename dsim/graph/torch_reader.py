"""Read any torch.nn.Module into a Graph, through torch.export.

torch.export keeps the operators as the module calls them (convolution, batch norm, attention), with the path of the
module that called each. Everything that depends on weights alone (a bias table looked up by constant indices, a
standardised weight) is folded into one constant. What has no rule stays in the Graph by its own name.

Source: https://docs.pytorch.org/docs/stable/export.html
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.export.graph_signature import InputKind

from dsim.attrs import UnknownAttrs
from dsim.errors import UnsupportedOpError
from dsim.graph.aten import RULES
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Ref
from dsim.graph.tracing import Constant, Trace, Value
from dsim.op import OpKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.export import ExportedProgram


def read_module(module: torch.nn.Module, input_shape: tuple[int, ...] = (1, 3, 224, 224)) -> Graph:
    """Read the graph that a module runs at inference.

    Parameters
    ----------
    module
        Any module that torch.export can trace, on any device ("meta" included). It is read in eval mode and left in
        the mode it was in.
    input_shape
        Shape of its one input, batch first.

    Returns
    -------
    Graph
        Ops in the order in which they run; scopes are module paths.

    Raises
    ------
    UnsupportedOpError
        torch.export cannot trace the module, for example because its control flow depends on data.
    """
    program = _export(module, input_shape)
    trace = Trace(GraphBuilder())
    signature = {spec.arg.name: spec for spec in program.graph_signature.input_specs if hasattr(spec.arg, "name")}
    outputs: list[Ref] = []
    for node in program.graph.nodes:
        if node.op == "placeholder":
            trace.values[node.name] = _placeholder(node, signature[node.name], program, trace)
        elif node.op == "get_attr":
            value = node.meta.get("val")
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else ()
            trace.values[node.name] = Constant(shape)
        elif node.op == "call_function":
            trace.scope = _scope(node)
            trace.values[node.name] = _call(node, trace)
        elif node.op == "output":
            outputs = [ref for ref in _flat(trace.resolve(node.args[0])) if isinstance(ref, Ref)]
    return trace.builder.build(*outputs)


def _export(module: torch.nn.Module, input_shape: tuple[int, ...]) -> ExportedProgram:
    parameter = next(iter(module.parameters()), None)
    device = parameter.device if parameter is not None else torch.device("cpu")
    dtype = parameter.dtype if parameter is not None and parameter.is_floating_point() else torch.float32
    training = {m: m.training for m in module.modules()}
    module.eval()
    try:
        with _quiet(), torch.no_grad():
            return torch.export.export(module, (torch.zeros(input_shape, device=device, dtype=dtype),), strict=False)
    except Exception as error:  # torch.export raises many unrelated types; the first line says what is wrong
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UnsupportedOpError(
            f"{type(module).__name__} cannot be read at input {input_shape}: {first}; "
            "it must run on that shape and torch.export must be able to trace it"
        ) from error
    finally:
        for m, mode in training.items():
            m.training = mode


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's own notes on tracing away from the user; errors still come through."""
    logger = logging.getLogger("torch.export")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _placeholder(node: torch.fx.Node, spec: Any, program: ExportedProgram, trace: Trace) -> Value:
    value = node.meta["val"]
    if spec.kind is InputKind.USER_INPUT:
        return trace.builder.input(tuple(value.shape)) if isinstance(value, torch.Tensor) else value
    shape = tuple(value.shape) if isinstance(value, torch.Tensor) else ()
    learned = spec.kind is InputKind.PARAMETER
    return Constant(shape, {spec.target: value.numel()} if learned else {})


def _scope(node: torch.fx.Node) -> str:
    stack = node.meta.get("nn_module_stack") or {}
    path = str(list(stack.values())[-1][0]) if stack else ""
    # torch names modules that run more than once "block@1"; it is the same place in the network
    return path.split("@")[0]


def _call(node: torch.fx.Node, trace: Trace) -> Value:
    args = trace.resolve(node.args)
    kwargs = {name: trace.resolve(value) for name, value in node.kwargs.items()}
    target = getattr(node.target, "__name__", str(node.target))
    name = str(node.target).removeprefix("aten.").split(".")[0].rstrip("_") if "aten." in str(node.target) else target
    tensors = [v for v in _flat([args, list(kwargs.values())]) if isinstance(v, Ref | Constant)]
    if name == "getitem":
        return args[0][args[1]]
    if not any(isinstance(v, Ref) for v in tensors):
        return _fold(node, [v for v in tensors if isinstance(v, Constant)])
    rule = RULES.get(name)
    result = rule(trace, *args, **kwargs) if rule else None
    return _unknown(node, name, tensors, trace) if result is None else result


def _fold(node: torch.fx.Node, constants: list[Constant]) -> Value:
    """Whatever is computed from constants alone is a constant; it keeps the parameters behind it."""
    owners = {name: size for constant in constants for name, size in constant.owners.items()}

    def fold(value: Any) -> Value:
        if isinstance(value, list | tuple):
            return [fold(v) for v in value]
        return Constant(tuple(value.shape), owners) if isinstance(value, torch.Tensor) else value

    return fold(node.meta.get("val"))


def _unknown(node: torch.fx.Node, name: str, tensors: list[Any], trace: Trace) -> Value:
    values = node.meta.get("val")
    several = isinstance(values, list | tuple)
    parts = [v for v in (values if several else [values]) if isinstance(v, torch.Tensor)]
    params = sum(trace.claim(v) for v in tensors if isinstance(v, Constant))
    attrs = UnknownAttrs(name, tuple(tuple(v.shape) for v in parts), params)
    refs = [v for v in tensors if isinstance(v, Ref)]
    first = trace.builder.add(OpKind.UNKNOWN, *refs, attrs=attrs, scope=trace.scope)
    return list(trace.builder.slots(first)) if several else first


def _flat(value: Any) -> list[Any]:
    if isinstance(value, list | tuple) and not isinstance(value, Ref):
        return [leaf for item in value for leaf in _flat(item)]
    return [value]
