"""Recognise what exporters write out in small steps: each pattern looks back from the last node of its kind.

A pattern gives the item that stands for all of it and the names of what it takes the place of. It is applied only if
nobody else reads anything in between.
"""

from __future__ import annotations

from dsim.graph.onnx.network import Item, Network
from dsim.graph.onnx.patterns import (
    attention,
    gates,
    gelu,
    group_norm,
    layer_norm,
    linear,
    softmax,
    spread_norm,
)
from dsim.graph.onnx.patterns.finder import Finder, Pattern

# In this order: a norm's weights are found once the norm itself is.
PATTERNS: tuple[tuple[Pattern, ...], ...] = (
    (
        linear.bias,
        linear.convolution_bias,
        attention.scale,
        gelu.gelu,
        softmax.softmax,
        gates.hard_sigmoid,
        layer_norm.plain,
        group_norm.plain,
        spread_norm.layer,
        spread_norm.group,
    ),
    (
        gates.silu,
        gates.hardswish,
        gates.hardswish_divided,
        layer_norm.scale,
        group_norm.scale,
        group_norm.by_batch_norm,
    ),
    (layer_norm.shift, group_norm.shift),
)


def recognise(network: Network) -> None:
    """Put one item in the place of every pattern found, and drop what nobody reads."""
    for together in PATTERNS:
        _once(network, together)
    network.items = gates.quick_marked(Finder(network))
    _drop_unread(network)


def _once(network: Network, patterns: tuple[Pattern, ...]) -> None:
    finder = Finder(network)
    gone: set[int] = set()
    made: dict[int, Item] = {}
    for index, item in enumerate(network.items):
        for pattern in patterns:
            found = pattern(finder, item)
            if found is None:
                continue
            inside = {finder.index(name) for name in found.inside}
            if inside & (gone | set(made)) or not finder.private(inside, index):
                continue
            gone |= inside
            scope = _scope(finder, inside, item)
            made[index] = Item(found.op, found.inputs, item.outputs, found.attrs, scope, found.writing)
            break
    network.items = [made.get(i, item) for i, item in enumerate(network.items) if i not in gone]


def _scope(finder: Finder, inside: set[int], item: Item) -> str:
    """Return the deepest path: an activation's steps all belong to it, a bias is added where its product was."""
    return max((finder.items[i].scope for i in sorted(inside)), key=len, default=item.scope) or item.scope


def _drop_unread(network: Network) -> None:
    wanted = set(network.outputs)
    kept: list[Item] = []
    for item in reversed(network.items):
        if wanted.isdisjoint(item.outputs):
            continue
        wanted.update(item.inputs)
        kept.append(item)
    network.items = kept[::-1]
