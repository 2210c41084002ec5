"""Which ops ride along with the kernel before them."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from dsim.arch import Arch
from dsim.attrs import ConstantAttrs, ConvAttrs, UnknownAttrs
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Node, Ref
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.gates import spell_gates
from dsim.latency.methods.operators.links import LINKABLE, Links, learn_links, place, run_graph
from dsim.op import Op, OpKind
from tests.strategies import archs

# kinds that a part of a design begins with: of these, a runtime links either all or none, whatever wrote their input
AT_BORDERS = (OpKind.BATCH_NORM, OpKind.RESHAPE)


def block() -> Graph:
    """Return conv - relu - conv - add (residual) - relu."""
    builder = GraphBuilder()
    image = builder.input((1, 8, 16, 16))
    conv = ConvAttrs(8, (3, 3), padding=(1, 1))
    one = builder.add(OpKind.CONV2D, image, attrs=conv)
    two = builder.add(OpKind.RELU, one)
    three = builder.add(OpKind.CONV2D, two, attrs=conv)
    four = builder.add(OpKind.ADD, three, image, attrs=ConstantAttrs())
    five = builder.add(OpKind.RELU, four)
    return builder.build(five)


def hardswish_written_out() -> Graph:
    builder = GraphBuilder()
    image = builder.input((1, 8, 16, 16))
    scalar = ConstantAttrs(())
    shifted = builder.add(OpKind.ADD, image, attrs=scalar)
    cut = builder.add(OpKind.RELU6, shifted)
    scaled = builder.add(OpKind.DIV, cut, attrs=scalar)
    gated = builder.add(OpKind.MUL, image, scaled, attrs=ConstantAttrs())
    return builder.build(gated)


def test_a_runtime_without_rows_of_its_own_links_all() -> None:
    links = learn_links({"a": Counter({OpKind.CONV2D: 2})}, {"a": block()})
    first, second = (placed.kernel for placed in place(block(), links))
    assert first.op.activation is OpKind.RELU
    assert (first.joins, first.scales) == (0, 0)
    assert second.op.activation is None
    assert (second.joins, second.scales) == (1, 1)


def test_a_runtime_that_times_adds_and_what_follows_them_links_the_rest() -> None:
    rows = Counter({OpKind.CONV2D: 2, OpKind.ADD: 1, OpKind.RELU: 1})
    links = learn_links({"a": rows}, {"a": block()})
    kinds = [placed.kernel.op.kind for placed in place(block(), links)]
    assert len(kinds) == 4
    assert kinds.count(OpKind.RELU) == 1


def test_nothing_is_linked_without_evidence() -> None:
    assert [placed.kernel.op for placed in place(block(), frozenset())] == list(block().ops)


def test_an_op_that_writes_nothing_is_no_kernel() -> None:
    run = block()
    read = run.nodes[0].op.outputs[0]
    check = Node(Op(OpKind.UNKNOWN, UnknownAttrs("assert_shape", ()), (read,), ()), (Ref(0),), "")
    guarded = Graph(run.inputs, (*run.nodes, check), run.outputs)
    assert place(guarded, frozenset()) == place(run, frozenset())


def test_hardswish_is_known_by_its_shape() -> None:
    assert [op.kind for op in spell_gates(hardswish_written_out()).ops] == [OpKind.HARDSWISH]
    assert spell_gates(block()) == block()


@st.composite
def any_links(draw: st.DrawFn) -> Links:
    """What any runtime may link."""
    pairs = [(p, kind) for kind in sorted(LINKABLE - {*AT_BORDERS}) for p in OpKind]
    inside = draw(st.sets(st.sampled_from(pairs)))
    borders = draw(st.sets(st.sampled_from(AT_BORDERS)))
    return frozenset(inside) | {(p, kind) for kind in borders for p in OpKind}


def kernels(graph: Graph, links: Links) -> Counter[Kernel]:
    return Counter(one.kernel for one in place(run_graph(graph, ("fold_batch_norm",)), links))


@settings(max_examples=60, deadline=None)
@given(archs(), any_links())
def test_kernels_of_a_design_are_those_of_its_pieces_whatever_is_linked(arch: Arch, links: Links) -> None:
    of_pieces = sum((kernels(piece.graph, links) for piece in arch.pieces()), Counter[Kernel]())
    assert kernels(arch.to_graph(), links) == of_pieces
