"""GraphBuilder: make a Graph op by op; every shape is inferred when the op is added."""

from __future__ import annotations

from functools import lru_cache

from dsim.attrs import Attrs, NoAttrs
from dsim.errors import InvalidValueError
from dsim.graph.graph import Graph, Node, Ref
from dsim.graph.shapes import infer_outputs
from dsim.op import Op, OpKind, TensorSpec, Writing
from dsim.records import shown

_PLAIN = NoAttrs()


@lru_cache(maxsize=2**15)
def make_op(
    kind: OpKind,
    attrs: Attrs,
    inputs: tuple[TensorSpec, ...],
    activation: OpKind | None = None,
    writing: Writing | None = None,
) -> Op:
    """Make an op with the outputs that follow; networks repeat their blocks, and an op is frozen."""
    return Op(kind, attrs, inputs, infer_outputs(kind, attrs, inputs), activation, writing)


class GraphBuilder:
    """Collect ops in the order in which they run.

    Examples
    --------
    >>> from dsim.attrs import ConvAttrs
    >>> b = GraphBuilder()
    >>> x = b.input((1, 3, 224, 224))
    >>> y = b.add(OpKind.CONV2D, x, attrs=ConvAttrs(32, (3, 3), (2, 2), (1, 1)), scope="stem")
    >>> b.shape(y)
    (1, 32, 112, 112)
    >>> b.build(y).macs
    10838016
    """

    def __init__(self) -> None:
        self._inputs: list[TensorSpec] = []
        self._nodes: list[Node] = []

    def input(self, shape: tuple[int, ...]) -> Ref:
        """Add an input of the network."""
        self._inputs.append(TensorSpec(shape))
        return Ref(-len(self._inputs))

    def add(
        self,
        kind: OpKind,
        *refs: Ref,
        attrs: Attrs | None = None,
        scope: str = "",
        activation: OpKind | None = None,
        writing: Writing | None = None,
    ) -> Ref:
        """Add an op that reads ``refs``; give its first output (for a split, count ``slot`` up with `slots`).

        Raises
        ------
        InvalidValueError
            Shapes and attributes contradict each other.
        """
        specs = tuple(self._spec(ref) for ref in refs)
        op = make_op(kind, _PLAIN if attrs is None else attrs, specs, activation, writing)
        self._nodes.append(Node(op, refs, scope))
        return Ref(len(self._nodes) - 1)

    def slots(self, ref: Ref) -> tuple[Ref, ...]:
        """Return every output of the op that wrote ``ref``."""
        if ref.node < 0:
            return (ref,)
        return tuple(Ref(ref.node, slot) for slot in range(len(self._nodes[ref.node].op.outputs)))

    def shape(self, ref: Ref) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return self._spec(ref).shape

    def op(self, ref: Ref) -> Op | None:
        """Return the op that wrote a tensor; None for an input of the network."""
        return None if ref.node < 0 else self._nodes[ref.node].op

    @property
    def size(self) -> int:
        """Number of ops so far."""
        return len(self._nodes)

    def truncate(self, size: int) -> None:
        """Forget every op after the first ``size``."""
        del self._nodes[size:]

    def build(self, *outputs: Ref) -> Graph:
        """Finish: every node was checked when it was added, so that the outputs alone are left to check.

        Raises
        ------
        InvalidValueError
            An output is not a tensor of this graph.
        """
        for ref in outputs:
            self._spec(ref)
        return Graph.verified(tuple(self._inputs), tuple(self._nodes), outputs)

    def _spec(self, ref: Ref) -> TensorSpec:
        known = -len(self._inputs) <= ref.node < len(self._nodes)
        slots = 0 if not known else 1 if ref.node < 0 else len(self._nodes[ref.node].op.outputs)
        if not 0 <= ref.slot < slots:
            raise InvalidValueError(
                f"an op reads tensors made before it, got {shown(tuple(ref))} after {len(self._nodes)} ops and "
                f"{len(self._inputs)} inputs; pass what input() and add() returned"
            )
        return self._inputs[-1 - ref.node] if ref.node < 0 else self._nodes[ref.node].op.outputs[ref.slot]
