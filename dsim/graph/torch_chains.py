"""Activations, layer norms and softmaxes that a module writes out in small steps, found in a program of torch.export.

    x * sigmoid(x)                                  is SiLU
    (x - mean(x)) * rsqrt(var(x) + eps) * w + b     is a layer norm over the last axes

A chain is found only where nobody else reads anything in between. It is read as the one op that it computes, with its
`Writing`; QuickGELU, which has no kind of its own, keeps its steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from dsim.graph.torch_curves import STEPS, known_curve
from dsim.op import OpKind, Writing

MOST_STEPS = 14  # of an activation


@dataclass(frozen=True)
class Chain:
    """What some nodes compute together, found at the last of them.

    Attributes
    ----------
    rule
        Name of the rule that writes it.
    args
        What the rule is called with, nodes among it.
    inside
        The nodes before the last; none where the steps stay.
    writing
        How the network writes it.
    """

    rule: str
    args: tuple[Any, ...]
    inside: frozenset[torch.fx.Node]
    writing: Writing


def find_chains(graph: torch.fx.Graph) -> dict[torch.fx.Node, Chain]:
    """Return the chains of a program by their last nodes; no two share a node."""
    found: dict[torch.fx.Node, Chain] = {}
    gone: set[torch.fx.Node] = set()
    place = {node: index for index, node in enumerate(graph.nodes)}
    for node in reversed(graph.nodes):
        if node in gone or node.op != "call_function":
            continue
        chain = _norm(node) or _softmax(node) or _activation(node, place)
        if chain is None or chain.inside & gone or not _private(node, chain.inside):
            continue
        found[node] = chain
        gone |= chain.inside | {node}
    return found


def _name(node: Any, *names: str) -> str:
    """Return the ATen name of a node's operator if it is one of these (any, where none are named); "" otherwise."""
    if not isinstance(node, torch.fx.Node) or not isinstance(node.target, torch._ops.OpOverload):
        return ""
    library, _, name = str(node.target).partition(".")
    name = name.split(".")[0]
    return name if library == "aten" and (not names or name in names) else ""


def _private(last: torch.fx.Node, inside: frozenset[torch.fx.Node]) -> bool:
    allowed = inside | {last}
    return all(user in allowed for node in inside for user in node.users)


# ---- activations ----------------------------------------------------------------------------------------------


def _activation(node: torch.fx.Node, place: dict[torch.fx.Node, int]) -> Chain | None:
    if not _name(node, "mul", "div", "reciprocal"):
        return None
    for x, steps in _cuts(node, place):
        known = known_curve(lambda value, x=x, steps=steps: _run(node, x, value, steps))  # type: ignore[misc]
        if known is None:
            continue
        kind, writing = known
        if kind is OpKind.MUL:  # its last product carries the mark
            return Chain("mul", tuple(node.args), frozenset(), writing)
        return Chain(str(kind), (x,), frozenset(steps) - {node}, writing)
    return None


def _cuts(
    last: torch.fx.Node, place: dict[torch.fx.Node, int]
) -> Iterator[tuple[torch.fx.Node, tuple[torch.fx.Node, ...]]]:
    """Yield every node of which alone ``last`` is made by elementwise steps, the nearest first, and the steps behind it."""
    steps: list[torch.fx.Node] = []
    front = {last}
    while len(steps) < MOST_STEPS:
        node = max(front, key=place.__getitem__)
        if not _name(node, *STEPS) or node.kwargs:
            return
        front.remove(node)
        steps.append(node)
        front |= {argument for argument in node.args if isinstance(argument, torch.fx.Node)}
        if not front:
            return
        if len(front) == 1 and len(steps) > 1:
            yield next(iter(front)), tuple(steps)


def _run(node: Any, x: torch.fx.Node, value: float, steps: Sequence[torch.fx.Node]) -> float:
    """Compute a node's value where ``x`` has this value."""
    values: dict[torch.fx.Node, float] = {x: value}
    for step in reversed(steps):
        args = [values[one] if isinstance(one, torch.fx.Node) else one for one in step.args]
        values[step] = STEPS[_name(step)](*args)
    return values[node]


# ---- norms and softmax ----------------------------------------------------------------------------------------


def _other(node: Any, name: str) -> Iterator[tuple[Any, Any]]:
    """Yield the operands of a two-sided operator both ways, where the first is a node."""
    if _name(node, name) and len(node.args) == 2 and not node.kwargs:
        for a, b in (node.args, node.args[::-1]):
            if isinstance(a, torch.fx.Node):
                yield a, b


def _axes(node: Any, rank: int) -> tuple[int, ...] | None:
    """Return the axes of a reduction that keeps them, counted from 0; None where it does not, or names none."""
    args, kwargs = list(node.args), dict(node.kwargs)
    axes = args[1] if len(args) > 1 else kwargs.get("dim")
    keeps = args[-1] is True or kwargs.get("keepdim") is True
    if axes is None or not keeps:
        return None
    return tuple(sorted(axis % rank for axis in ([axes] if isinstance(axes, int) else axes)))


def _constant(node: Any) -> bool:
    """Tell whether a node is a parameter or a buffer as it is."""
    return isinstance(node, torch.fx.Node) and node.op in ("placeholder", "get_attr")


def _norm(last: torch.fx.Node) -> Chain | None:
    """Find a layer norm over the last axes, with or without its weight and bias."""
    for name, bias in _other(last, "add"):
        if _constant(bias):
            for inner, weight in _other(name, "mul"):
                found = _plain_norm(inner) if _constant(weight) else None
                if found is not None:
                    return _layer_norm(found, weight, bias, {name, inner})
    for name, weight in _other(last, "mul"):
        found = _plain_norm(name) if _constant(weight) else None
        if found is not None:
            return _layer_norm(found, weight, None, {name})
    found = _plain_norm(last)
    return None if found is None else _layer_norm(found, None, None, set())


_Plain = tuple[Any, tuple[int, ...], set[Any]]


def _layer_norm(found: _Plain, weight: Any, bias: Any, more: set[Any]) -> Chain | None:
    x, shape, inside = found
    for one in (weight, bias):
        if one is not None and tuple(one.meta["val"].shape) != shape:
            return None
    return Chain("layer_norm", (x, shape, weight, bias), frozenset(inside | more), Writing.CHAIN)


def _plain_norm(last: Any) -> _Plain | None:
    """Find (x - mean) / sqrt(variance + eps), or its product with rsqrt; give x, the shape of its axes and what lies inside."""
    pairs = [
        *((a, b, "rsqrt") for a, b in _other(last, "mul")),
        *((a, b, "sqrt") for a, b in _other(last, "div")),
    ]
    for centred, below, root in pairs:
        if (
            not _name(centred, "sub")
            or not _name(below, root)
            or (root == "sqrt" and centred is not last.args[0])
        ):
            continue
        x, mean = centred.args[:2]
        shape = tuple(x.meta["val"].shape) if isinstance(x, torch.fx.Node) else ()
        axes = _axes(mean, len(shape)) if _name(mean, "mean") else None
        if not axes or axes != tuple(range(axes[0], len(shape))) or not _is_centred(centred, x, axes):
            continue
        for variance, eps in _other(below.args[0], "add"):
            steps = _variance(variance, x, axes)
            if steps is not None and isinstance(eps, float):
                return x, shape[axes[0] :], {centred, below, mean, below.args[0], variance, *steps}
    return None


def _is_centred(node: Any, x: Any, axes: tuple[int, ...]) -> bool:
    """Tell whether a node is x less its mean."""
    if not _name(node, "sub") or node.kwargs or node.args[0] is not x:
        return False
    mean = node.args[1]
    return bool(_name(mean, "mean")) and mean.args[0] is x and _axes(mean, _rank(x)) == axes


def _rank(node: Any) -> int:
    return len(node.meta["val"].shape)


def _variance(node: Any, x: Any, axes: tuple[int, ...]) -> set[Any] | None:
    """Return the further nodes of a variance of x over axes; None if it is none."""
    if _name(node, "var"):
        return set() if node.args[0] is x and _axes(node, _rank(x)) == axes else None
    if not _name(node, "mean") or _axes(node, _rank(x)) != axes:
        return None
    square = node.args[0]
    if not _name(square, "pow", "mul", "square"):
        return None
    centred, *other = square.args  # some write the difference twice, once for the square
    squared = {"pow": other == [2], "mul": other == [centred], "square": not other}[_name(square)]
    return {square, centred, centred.args[1]} if squared and _is_centred(centred, x, axes) else None


def _softmax(last: Any) -> Chain | None:
    """Find exp(x - max(x)) / sum, or the same without the maximum."""
    if not _name(last, "div") or len(last.args) != 2 or last.kwargs:
        return None
    power, total = last.args
    if not _name(power, "exp") or not _name(total, "sum") or total.args[0] is not power:
        return None
    x = power.args[0]
    axes = _axes(total, _rank(last))
    if axes is None or len(axes) != 1 or not isinstance(x, torch.fx.Node):
        return None
    inside = {power, total}
    less: Any = x
    if _name(less, "sub") and _name(less.args[1], "amax") and less.args[1].args[0] is less.args[0]:
        if _axes(less.args[1], _rank(last)) != axes:
            return None
        inside |= {less, less.args[1]}
        x = less.args[0]
    return Chain("softmax", (x, axes[0]), frozenset(inside), Writing.CHAIN)
