"""From a program's JSON to the graph that `dsim.graph.program` walks: names are looked up, nothing is evaluated."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any

import torch
from torch.export.graph_signature import InputKind, InputSpec, OutputKind, OutputSpec, TensorArgument

from dsim.bounds import MAX_ELEMENTS, MAX_RANK
from dsim.errors import FileFormatError, UnsupportedOpError
from dsim.graph.program import REGIONS
from dsim.records import shown

MAX_NODES = 50_000
MAX_DEPTH = 8  # regions within regions
DTYPES: dict[int, torch.dtype] = {
    **{1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64},
    **{6: torch.float16, 7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16},
}
INPUTS: dict[str, InputKind] = {
    "user_input": InputKind.USER_INPUT,
    "parameter": InputKind.PARAMETER,
    "buffer": InputKind.BUFFER,
    "tensor_constant": InputKind.CONSTANT_TENSOR,
    "constant_input": InputKind.USER_INPUT,
}
# arguments that stand for themselves in JSON
PLAIN: frozenset[str] = frozenset(
    {
        "as_int",
        "as_ints",
        "as_float",
        "as_floats",
        "as_bool",
        "as_bools",
        "as_string",
        "as_strings",
        "as_int_lists",
        "as_float_lists",
    }
)
# arguments that change nothing here: kinds of numbers, devices, layouts
SETTINGS: frozenset[str] = frozenset(
    {"as_scalar_type", "as_memory_format", "as_layout", "as_device", "as_custom_obj", "as_operator"}
)
_TARGET = re.compile(r"torch\.ops\.([a-zA-Z]\w{0,80})\.([a-zA-Z_]\w{0,120})(?:\.([a-zA-Z]\w{0,80}))?")

Env = dict[str, torch.fx.Node]


class Program:
    """A program of torch.export as far as reading needs it: its graph, and what its inputs and outputs are.

    Parameters
    ----------
    text
        The plain values of its JSON.
    """

    def __init__(self, text: dict[str, Any]) -> None:
        module = text["graph_module"]
        self.graph = torch.fx.Graph()  # a list of nodes; no code is made of it
        self._count = 0
        inside, signature = module["graph"], module["signature"]
        env: Env = {}
        self.input_specs = [self._input(one, inside, env) for one in signature["input_specs"]]
        given = self._body(inside, env, 0)
        self.output_specs = [
            OutputSpec(
                OutputKind.USER_OUTPUT if "user_output" in one else OutputKind.BUFFER_MUTATION,
                TensorArgument(f"out{place}"),
                None,
            )
            for place, one in enumerate(signature["output_specs"])
        ]
        self.graph.output(tuple(given))

    def _input(self, spec: dict[str, Any], inside: dict[str, Any], env: Env) -> InputSpec:
        ((kind, told),) = spec.items()
        if kind not in INPUTS:
            raise UnsupportedOpError(
                f"an input must be a tensor or a number, got {shown(kind)}; export the network without it"
            )
        argument = told.get("arg", told)
        argument = argument.get("as_tensor", argument) if isinstance(argument, dict) else {}
        name = str(argument.get("name", told.get("name", "")))
        node = self.graph.placeholder(f"in{len(env)}")
        if name in inside["tensor_values"]:
            node.meta["val"] = _tensor(name, inside)
        env[name] = node
        target = next(
            (
                str(told[key])
                for key in ("parameter_name", "buffer_name", "tensor_constant_name")
                if key in told
            ),
            name,
        )
        return InputSpec(INPUTS[kind], TensorArgument(name), target, None if kind != "buffer" else True)

    def _body(self, inside: dict[str, Any], env: Env, depth: int) -> list[Any]:
        """Add the nodes of a graph; return what it gives."""
        for key in ("sym_int_values", "sym_float_values", "sym_bool_values"):
            if inside.get(key):
                raise UnsupportedOpError(_open(next(iter(inside[key]))))
        for node in inside["nodes"]:
            self._count += 1
            if self._count > MAX_NODES or depth > MAX_DEPTH:
                raise FileFormatError(
                    f"a program must have at most {MAX_NODES} nodes, {MAX_DEPTH} regions deep, got more; split the network"
                )
            self._node(node, inside, env, depth)
        return [self._argument(one, env) for one in inside["outputs"]]

    def _node(self, node: dict[str, Any], inside: dict[str, Any], env: Env, depth: int) -> None:
        target = _target(str(node["target"]))
        names = [name for one in node["outputs"] for name in _names(one)]
        if target.__name__ in REGIONS:
            place = next(i for i, one in enumerate(node["inputs"]) if "as_graph" in one["arg"])
            self._region(
                node["inputs"][place]["arg"]["as_graph"]["graph"],
                node["inputs"][place + 1 :],
                names,
                env,
                depth,
            )
            return
        values = [_tensor(name, inside) if name else None for name in names]
        several = len(node["outputs"]) > 1 or any("as_tensors" in one for one in node["outputs"])
        args, kwargs = self._arguments(node, target, env)
        made = self.graph.call_function(target, tuple(args), kwargs)
        made.meta["val"] = values if several else values[0] if values else None
        path = _path(node.get("metadata") or {})
        made.meta["nn_module_stack"] = {path: (path, "")} if path else {}
        for place, name in enumerate(names):
            if not several:
                env[name] = made
            elif name:
                env[name] = self.graph.call_function(operator.getitem, (made, place))
                env[name].meta["val"] = values[place]

    def _region(self, body: dict[str, Any], given: list[Any], names: list[str], env: Env, depth: int) -> None:
        """Add the nodes of a region (no_grad, autocast) in its place."""
        inner = {
            name: self._argument(one["arg"], env)
            for value, one in zip(body["inputs"], given, strict=True)
            for name in _names(value)
        }
        found = self._body(body, inner, depth + 1)
        env |= {
            name: value
            for name, value in zip(names, _flat(found), strict=True)
            if isinstance(value, torch.fx.Node)
        }

    def _arguments(self, node: dict[str, Any], target: Any, env: Env) -> tuple[list[Any], dict[str, Any]]:
        """Return arguments by place and by name; files of old torch do not say which, the operator does."""
        schema = getattr(target, "_schema", None)
        named = {one.name for one in schema.arguments if one.kwarg_only} if schema is not None else set()
        args, kwargs = [], {}
        for one in node["inputs"]:
            value = self._argument(one["arg"], env)
            if one.get("kind") == 2 or (one.get("kind") is None and one.get("name") in named):
                kwargs[str(one["name"])] = value
            else:
                args.append(value)
        return args, kwargs

    def _argument(self, argument: dict[str, Any], env: Env) -> Any:
        ((kind, value),) = argument.items()
        if kind in (
            "as_tensor",
            "as_tensors",
            "as_optional_tensor",
            "as_optional_tensors",
            "as_nested_tensors",
        ):
            return _nodes(value, env)
        if kind in PLAIN:
            return value
        if kind in SETTINGS or kind in ("as_none", "as_graph"):
            return None
        if kind in (
            "as_sym_int",
            "as_sym_bool",
            "as_sym_float",
            "as_sym_ints",
            "as_sym_bools",
            "as_sym_floats",
        ):
            return [_fixed(one) for one in value] if isinstance(value, list) else _fixed(value)
        raise UnsupportedOpError(
            f"an argument must be of a kind that torch.export writes, got {shown(kind)}; export it again"
        )


def _nodes(value: Any, env: Env) -> Any:
    """Return the nodes that tensors of an argument stand for."""
    if isinstance(value, list):
        return [_nodes(one, env) for one in value]
    if "as_none" in value:
        return None
    name = value.get("as_tensor", value)["name"]
    if name not in env:
        raise FileFormatError(
            f"tensor {shown(name)} must be written before it is read; export the program again"
        )
    return env[name]


def _fixed(value: dict[str, Any]) -> Any:
    """Return a size that is a plain number.

    Raises
    ------
    UnsupportedOpError
        It is a name or an expression.
    """
    for key in ("as_int", "as_float", "as_bool"):
        if key in value:
            return value[key]
    raise UnsupportedOpError(_open(value))


def _open(what: object) -> str:
    return f"sizes must be fixed, got {shown(what, 60)}; export the network without dynamic_shapes, for one size of image"


def _tensor(name: str, inside: dict[str, Any]) -> torch.Tensor:
    """Return a tensor of the stated shape that has no memory."""
    meta = inside["tensor_values"][name]
    shape = [_fixed(size) for size in meta["sizes"]]
    count = 1
    for size in shape:
        count *= size if type(size) is int else -1
    if (
        len(shape) > MAX_RANK
        or not 0 <= count <= MAX_ELEMENTS
        or any(type(size) is not int or size < 0 for size in shape)
    ):
        raise FileFormatError(
            f"tensor {shown(name)} must have at most {MAX_ELEMENTS} elements, got {shown(shape)}; export again"
        )
    return torch.empty(shape, dtype=DTYPES.get(meta["dtype"], torch.float32), device="meta")


def _names(argument: dict[str, Any]) -> list[str]:
    """Return the names of the tensors that an output stands for; "" for none."""
    ((kind, value),) = argument.items()
    if kind == "as_tensor":
        return [value["name"]]
    if kind == "as_tensors":
        return [one["name"] for one in value]
    return [""]


def _flat(values: Sequence[Any]) -> list[Any]:
    return [leaf for one in values for leaf in (_flat(one) if isinstance(one, list) else [one])]


def _target(name: str) -> Any:
    """Return ATen's operator of a name; for any other one a stand-in of that name, which nothing calls."""
    found = _TARGET.fullmatch(name)
    library, operation, overload = found.groups() if found else ("", name.rpartition(".")[2], None)
    if library == "aten" and not operation.startswith("__"):
        known = getattr(getattr(torch.ops.aten, operation, None), overload or "default", None)
        if isinstance(known, torch._ops.OpOverload):
            return known

    def stand_in() -> None:
        """Stand for an operator by its name."""

    stand_in.__name__ = operation if library in ("", "aten", "higher_order") else f"{library}::{operation}"
    return stand_in


def _path(metadata: dict[str, Any]) -> str:
    """Return the path of the innermost module around a node, as torch.export writes it down."""
    last = str(metadata.get("nn_module_stack", ""))[-2000:].rpartition(";")[2].split(",")
    return last[1] if len(last) > 2 else ""
