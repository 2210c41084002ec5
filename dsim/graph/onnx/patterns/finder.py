"""What patterns ask of a network: who wrote a tensor, who reads it, which number it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dsim.graph.onnx.network import Item, Network
from dsim.op import Writing


@dataclass(frozen=True)
class Match:
    """What a pattern found.

    Attributes
    ----------
    op, inputs, attrs
        The item that stands for all of it.
    inside
        Names of tensors that are no longer written.
    writing
        How what it stands for is written; None where that is as usual.
    """

    op: str
    inputs: tuple[str, ...]
    inside: tuple[str, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    writing: Writing | None = None


class Finder:
    """An index of a network's items."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.items = network.items
        self._writer = {name: i for i, item in enumerate(self.items) for name in item.outputs if name}
        self._readers: dict[str, set[int]] = {}
        for i, item in enumerate(self.items):
            for name in item.inputs:
                self._readers.setdefault(name, set()).add(i)
        for name in network.outputs:
            self._readers.setdefault(name, set()).add(-1)

    def index(self, name: str) -> int:
        """Return the place of the item that writes a tensor."""
        return self._writer[name]

    def writer(self, name: str, *ops: str) -> Item | None:
        """Return the item that writes a tensor, if it is one of these operators."""
        index = self._writer.get(name)
        item = None if index is None else self.items[index]
        return item if item is not None and item.op in ops else None

    def private(self, inside: set[int], last: int) -> bool:
        """Tell whether only the pattern itself reads what its items write."""
        allowed = inside | {last}
        return last not in inside and all(
            self._readers.get(name, set()) <= allowed for i in inside for name in self.items[i].outputs
        )

    def is_number(self, name: str, value: float) -> bool:
        """Tell whether a tensor is this number (to three digits: half precision keeps no more)."""
        found = self.network.scalar(name)
        return found is not None and math.isclose(found, value, rel_tol=1e-3)

    def other(self, item: Item, value: float) -> str | None:
        """Return the operand of a two-sided operator beside a number; None if there is no such number."""
        if len(item.inputs) != 2:
            return None
        a, b = item.inputs
        return a if self.is_number(b, value) else b if self.is_number(a, value) else None


Pattern = Callable[[Finder, Item], Match | None]
