"""Norms that LiteRT's converter spreads into a factor and a shift, i being 1 / sqrt(mean((x - mean(x))**2) + eps).

layer norm    x * i + (0 - mean(x) * i)
group norm    x * (i * weight) + (bias + (mean(x) * -1) * (i * weight)), mean and i of a view of groups
"""

from __future__ import annotations

from dsim.graph.onnx.network import Item, Network
from dsim.graph.onnx.patterns import group_norm, layer_norm
from dsim.graph.onnx.patterns.finder import Finder, Match
from dsim.op import Writing

Seen = list[str]  # names of tensors that a match takes the place of


def layer(finder: Finder, item: Item) -> Match | None:
    """Find a layer norm without its weights, from the last addition."""
    for x, factor, shift, inside in _parts(finder, item):
        inverse, views = _behind_views(finder, factor)
        moved, more = _behind_views(finder, shift)
        less = finder.writer(moved, "Sub")
        product = (
            finder.writer(less.inputs[1], "Mul") if less and finder.is_number(less.inputs[0], 0.0) else None
        )
        if less is None or product is None or inverse not in product.inputs:
            continue
        mean = next((name for name in product.inputs if name != inverse), "")
        found = _inverse(finder, inverse, x, mean)
        axis = _first_axis(finder.network, finder.writer(mean, "ReduceMean"))
        if found is not None and axis is not None:
            seen = [*inside, *views, *more, less.inputs[1], *found]
            return Match(layer_norm.NORM, (x,), _once(seen), {"axis": axis}, Writing.CHAIN)
    return None


def group(finder: Finder, item: Item) -> Match | None:
    """Find a group norm with its weights, from the last addition."""
    for x, factor, shift, inside in _parts(finder, item):
        weighted, views = _behind_views(finder, factor)
        moved, more = _behind_views(finder, shift)
        plus, scale = finder.writer(moved, "Add"), finder.writer(weighted, "Mul")
        if plus is None or scale is None:
            continue
        for product_name, bias in (plus.inputs, plus.inputs[::-1]):
            product = finder.writer(product_name, "Mul")
            if product is None or weighted not in product.inputs or bias not in finder.network.constants:
                continue
            minus = next((name for name in product.inputs if name != weighted), "")
            turned = finder.writer(minus, "Mul", "Neg")
            mean = _negated(finder, turned)
            for inverse, weight in (scale.inputs, scale.inputs[::-1]):
                first = finder.writer(mean, "ReduceMean")
                found = _inverse(finder, inverse, first.inputs[0] if first else "", mean)
                if first is None or found is None or weight not in finder.network.constants:
                    continue
                source, seen = _behind_views(finder, first.inputs[0])
                shape, grouped = finder.network.shape(x), finder.network.shape(first.inputs[0])
                if (
                    source != x
                    or len(grouped) < 3
                    or grouped[0] != shape[0]
                    or shape[1] != grouped[1] * grouped[2]
                ):
                    continue
                if _first_axis(finder.network, first) != 2:
                    continue
                names = [*inside, *views, *more, product_name, minus, *found, *seen[:-1]]
                attrs = {"num_groups": grouped[1]}
                return Match(group_norm.NORM, (x, weight, bias), _once(names), attrs, Writing.CHAIN)
    return None


def _parts(finder: Finder, item: Item) -> list[tuple[str, str, str, Seen]]:
    """Return x, its factor and the shift of x * factor + shift, every way round, and the names inside."""
    if item.op != "Add" or len(item.inputs) != 2:
        return []
    found = []
    for scaled, shift in (item.inputs, item.inputs[::-1]):
        product = finder.writer(scaled, "Mul")
        if product is not None:
            found += [(x, factor, shift, [scaled]) for x, factor in (product.inputs, product.inputs[::-1])]
    return found


def _inverse(finder: Finder, inverse: str, x: str, mean: str) -> Seen | None:
    """Hold a tensor against 1 / sqrt(mean((x - mean)**2) + eps); give the names inside, and those of it and the mean."""
    one = finder.writer(inverse, "Reciprocal")
    root = finder.writer(one.inputs[0], "Sqrt") if one else None
    plus = finder.writer(root.inputs[0], "Add") if root else None
    variance = next((name for name in plus.inputs if finder.writer(name, "ReduceMean")), "") if plus else ""
    second, first = finder.writer(variance, "ReduceMean"), finder.writer(mean, "ReduceMean")
    square = finder.writer(second.inputs[0], "Mul") if second else None
    sub = finder.writer(square.inputs[0], "Sub") if square else None
    if one is None or root is None or second is None or first is None or square is None or sub is None:
        return None
    centre, views = _behind_views(finder, sub.inputs[1])
    same = square.inputs[0] == square.inputs[1] and centre == mean and sub.inputs[0] == first.inputs[0] == x
    axis = _first_axis(finder.network, first)
    if not same or axis is None or _first_axis(finder.network, second) != axis:
        return None
    return [
        inverse,
        one.inputs[0],
        root.inputs[0],
        variance,
        second.inputs[0],
        square.inputs[0],
        *views,
        mean,
    ]


def _negated(finder: Finder, item: Item | None) -> str:
    """Return what an item is the negative of; "" where it is none."""
    if item is None:
        return ""
    return item.inputs[0] if item.op == "Neg" else finder.other(item, -1.0) or ""


def _behind_views(finder: Finder, name: str) -> tuple[str, Seen]:
    """Look through views; give what they show, and the names of the views and of what they show."""
    seen = [name]
    while (view := finder.writer(seen[-1], "Reshape", "Squeeze", "Unsqueeze")) is not None:
        seen.append(view.inputs[0])
    return seen[-1], seen


def _first_axis(network: Network, item: Item | None) -> int | None:
    """Return the first axis of a reduction over the last ones, whatever axes of one element go with them."""
    if item is None:
        return None
    known = network.constants.get(item.inputs[1]) if len(item.inputs) > 1 else None
    found = (
        item.attrs.get("axes") if known is None or known.array is None else known.array.reshape(-1).tolist()
    )
    shape = network.shape(item.inputs[0])
    axes = {int(axis) % len(shape) for axis in found or [] if shape[int(axis)] != 1}
    first = min(axes, default=len(shape))
    return first if axes and axes == {axis for axis in range(first, len(shape)) if shape[axis] != 1} else None


def _once(names: Seen) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
