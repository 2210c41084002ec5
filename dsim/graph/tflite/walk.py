"""A walk over a file's operators: which ONNX tensor stands for each of its tensors, and in which order of axes.

TFLite keeps maps with their channels last, the IR keeps them first. A map that a convolution writes stays with its
channels first until an operator needs the other order; a transpose stands only where the file has one, or mixes both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.errors import FileFormatError
from dsim.graph.onnx.made import BOOL, FLOAT, INT64, Made
from dsim.graph.tflite.tables import FLOATS, Operator, Tables, Tensor
from dsim.graph.tracing import Shape

Order = tuple[int, ...]  # axis i of what is held is axis order[i] of the file's tensor
FIRST: Order = (0, 3, 1, 2)  # channels first, of a map that the file has with channels last
EXTRA = -1  # in an order: an axis of one element that the file's tensor lacks
_CLASS = re.compile(
    r"\w+(?:\.\w+)*\.[A-Za-z0-9]+_(\w{1,80})"
)  # a module's class, and its name in the module around it
MAX_OPERATORS = 50_000
MAX_DEPTH = 8  # composites within composites


@dataclass(frozen=True)
class Held:
    """The ONNX tensor that stands for a tensor of the file, and its order of axes.

    TFLite drops the batch of one image where it multiplies matrices: (1, 49, 448) becomes (49, 448). Such a tensor keeps
    its batch here, as an extra axis in front, so that no view stands where the network has none.
    """

    name: str
    order: Order

    @property
    def batched(self) -> bool:
        """Whether it has the batch that the file's tensor lacks."""
        return EXTRA in self.order


@dataclass(frozen=True)
class Padded:
    """A map before it was padded with zeros (or the least number): a convolution or pool behind it does that by itself."""

    place: int
    before: tuple[int, int]
    after: tuple[int, int]
    zero: bool


class Walk:
    """One graph of the file in progress.

    Parameters
    ----------
    made
        Collects the operators.
    tables
        The graph.
    held
        What stands for its inputs, by place.
    bodies
        The file's graphs, for composites.
    prefix
        Stands before the names of its constants.
    depth
        Composites around this graph.
    """

    def __init__(
        self,
        made: Made,
        tables: Tables,
        held: dict[int, Held],
        bodies: Sequence[Tables] = (),
        prefix: str = "",
        depth: int = 0,
    ) -> None:
        self.made, self.tables, self.held = made, tables, held
        self.bodies, self.depth = bodies, depth
        self._count = [0]  # shared with composites
        self.padded: dict[int, Padded] = {}
        self.scope = ""
        self.looked_through = 0  # transposes between channels first and last
        self._prefix = prefix
        self._turned: dict[tuple[str, Order], str] = {}
        self._readers: dict[int, set[str]] = {}
        for operator in tables.operators:
            for place in operator.inputs:
                self._readers.setdefault(place, set()).add(operator.name)

    # what operators ask of tensors

    def tensor(self, place: int) -> Tensor:
        """Return what the file says of a tensor."""
        return self.tables.tensors[place]

    def shape(self, place: int) -> Shape:
        """Return the shape that the file states."""
        return self.tables.tensors[place].shape

    def values(self, place: int) -> np.ndarray | None:
        """Return a constant's few values; None for anything else."""
        return self.tables.tensors[place].values if place >= 0 else None

    def ints(self, place: int) -> list[int]:
        """Return a constant list of whole numbers.

        Raises
        ------
        ValueError
            They are computed at run time.
        """
        found = self.values(place)
        if found is None:
            raise ValueError("numbers that set an operator up must be constant")
        return [int(item) for item in found.reshape(-1)]

    def readers(self, place: int) -> set[str]:
        """Return the names of the operators that read a tensor."""
        return self._readers.get(place, set())

    def get(self, place: int) -> Held:
        """Return what stands for a tensor, with the axes that the file's has."""
        held = self.get_batched(place)
        return Held(self.plain(place), tuple(range(len(self.shape(place))))) if held.batched else held

    def get_batched(self, place: int) -> Held:
        """Return what stands for a tensor, which may have an extra axis in front."""
        if place not in self.held:
            self.held[place] = Held(self._constant(place), tuple(range(len(self.shape(place)))))
        return self.held[place]

    def is_first(self, place: int) -> bool:
        """Tell whether a tensor is held with its channels first."""
        return self.get_batched(place).order == FIRST

    def plain(self, place: int) -> str:
        """Return the name of a tensor in the file's own order of axes."""
        return self._in_order(place, tuple(range(len(self.shape(place)))))

    def first(self, place: int) -> str:
        """Return the name of a map with its channels first."""
        return self._in_order(place, FIRST)

    def like(self, place: int, order: Order) -> str:
        """Return the name of an operand in another operand's order of axes; a shorter one is aligned at its end.

        Axes of one element in front are left out, as networks write a number for each channel: (C, 1, 1).
        """
        rank = len(self.shape(place))
        if order != FIRST or (rank <= 1 and self.tensor(place).numel == 1):
            return self.plain(place)
        if rank == len(FIRST) and not self.tensor(place).constant:
            return self._in_order(place, FIRST)
        name = self.plain(place)
        whole = (1,) * (len(FIRST) - rank) + self.shape(place)
        if rank < len(FIRST):
            name = self.made.add("Reshape", [name, self.made.ints(whole)])
        name = self.made.add("Transpose", [name], perm=FIRST)
        turned = [whole[axis] for axis in FIRST]
        ahead = next((axis for axis, size in enumerate(turned) if size != 1), len(turned) - 1)
        return self.made.add("Reshape", [name, self.made.ints(turned[ahead:])]) if ahead else name

    def _in_order(self, place: int, wanted: Order) -> str:
        held = self.get_batched(place)
        if held.order == wanted:
            return held.name
        key = (held.name, wanted)
        if key not in self._turned and held.batched:
            shape = self.made.ints(self.shape(place))
            self._turned[key] = self.made.add("Reshape", [held.name, shape], self.scope)
        elif key not in self._turned:
            perm = [held.order.index(axis) for axis in wanted]
            sizes = [self.shape(place)[axis] for axis in held.order]
            if [axis for axis in perm if sizes[axis] != 1] == [
                axis for axis, size in enumerate(sizes) if size != 1
            ]:
                # only axes of one element move: a view
                shape = self.made.ints([sizes[axis] for axis in perm])
                self._turned[key] = self.made.add("Reshape", [held.name, shape], self.scope)
            else:
                self._turned[key] = self.made.add("Transpose", [held.name], self.scope, perm=perm)
        return self._turned[key]

    # what operators say of tensors

    def put(self, place: int, name: str, order: Order | None = None) -> None:
        """Say which ONNX tensor stands for one that an operator writes; in the file's order of axes by default."""
        self.held[place] = Held(name, tuple(range(len(self.shape(place)))) if order is None else order)

    def common(self, places: Sequence[int]) -> Order | None:
        """Return the order in which operands meet: channels first where one of them is; None for the file's own."""
        live = [place for place in places if place >= 0 and not self.tensor(place).constant]
        whole = all(len(self.shape(place)) == len(FIRST) or self.tensor(place).numel == 1 for place in live)
        return FIRST if whole and any(self.is_first(place) for place in live) else None

    def unknown(self, operator: Operator) -> None:
        """Keep an operator by name: what it costs is not known."""
        inputs = [self.plain(place) for place in operator.inputs if place >= 0]
        name = operator.name if operator.kind else operator.name.lower()
        names = self.made.add_foreign(
            name, inputs, [self.shape(place) for place in operator.outputs], self.scope
        )
        for place, made in zip(operator.outputs, names, strict=True):
            self.put(place, made)

    def inside(self, body: Tables, given: dict[int, Held]) -> Walk:
        """Return the walk over the graph of a composite."""
        walk = Walk(self.made, body, given, self.bodies, f"{self.made.fresh()}/", self.depth + 1)
        walk._count, walk.scope = self._count, self.scope
        return walk

    def count_operator(self) -> None:
        """Count an operator; composites may repeat a graph until it is too long.

        Raises
        ------
        FileFormatError
            There are too many.
        """
        self._count[0] += 1
        if self._count[0] > MAX_OPERATORS:
            raise FileFormatError(
                f"a file must run at most {MAX_OPERATORS} operators, got more; split the network"
            )

    def scope_of(self, operator: Operator) -> str:
        """Return the path of the module that an operator came from, as far as the file tells."""
        name = self.tensor(operator.outputs[0]).name[:1000] if operator.outputs else ""
        return scope_from(name) or (self.scope if self.depth else "")

    def _constant(self, place: int) -> str:
        tensor, name = self.tables.tensors[place], f"{self._prefix}t{place}"
        if not tensor.constant and tensor.numel:
            raise FileFormatError(
                f"tensor {tensor.name[:100]!r} must be written before it is read; convert the network again"
            )
        if tensor.scales or tensor.dtype in FLOATS or tensor.dtype in ("INT4", "UINT8", "INT8"):
            values = _real(tensor)
            return (
                self.made.weight(name, tensor.shape) if values is None else self.made.constant(name, values)
            )
        if tensor.values is not None:
            kind = np.bool_ if tensor.dtype == "BOOL" else np.int64
            return self.made.constant(name, tensor.values.astype(kind))
        return self.made.weight(name, tensor.shape, BOOL if tensor.dtype == "BOOL" else INT64)


def _real(tensor: Tensor) -> np.ndarray | None:
    """Return the numbers that a tensor's values stand for; None where they are many, or scaled by channel."""
    if tensor.values is None:
        return None
    if not tensor.scales:
        return tensor.values.astype(np.float32)
    if len(tensor.scales) > 1:
        return None
    zero = tensor.zeros[0] if tensor.zeros else 0
    return np.asarray((tensor.values.astype(np.float64) - zero) * tensor.scales[0], np.float32)


def kind_of(tensor: Tensor) -> int:
    """Return ONNX's type of an input; quantised numbers count as floats."""
    if tensor.dtype in FLOATS or tensor.scales or tensor.dtype in ("UINT8", "INT8"):
        return FLOAT
    return BOOL if tensor.dtype == "BOOL" else INT64


def scope_from(name: str) -> str:
    """Return a module's path from the name of a tensor; "" where it holds none.

    Examples
    --------
    "wrap.Wrapper/net.Network_wrapped/torch.nn.modules.container.Sequential_stem/torch.nn.modules.conv.Conv2d_0;1", as
    litert-torch writes it, is "stem.0".
    """
    parts = [_CLASS.fullmatch(part) for part in name.split(";", maxsplit=1)[0].split("/")]
    path = [part.group(1) for part in parts if part]
    return ".".join(path[1:] if path[:1] == ["wrapped"] else path)


Translate = Callable[[Walk, Operator], None]
