"""Graph: verification, the networkx view, and a hash that sees what matters and nothing else."""

from __future__ import annotations

import dataclasses
import random

import networkx as nx
import pytest

from dsim.arch import get_preset
from dsim.attrs import AxisAttrs, ConstantAttrs, ConvAttrs, NoAttrs, ShapeAttrs, SplitAttrs
from dsim.errors import InvalidValueError
from dsim.graph import Graph, GraphBuilder, Node, Ref, normal_hash, op_counts
from dsim.graph.passes import PASSES, run_passes
from dsim.op import Op, OpKind, TensorSpec


def two_branches(scope: str = "", split: tuple[int, int] = (3, 5), kernel: int = 3) -> Graph:
    """A split whose parts go through a convolution and a ReLU, and are joined again."""
    b = GraphBuilder()
    x = b.input((1, 8, 10, 10))
    left, right = b.slots(b.add(OpKind.SPLIT, x, attrs=SplitAttrs(1, split), scope=scope))
    attrs = ConvAttrs(split[0], (kernel, kernel), padding=(kernel // 2, kernel // 2))
    left = b.add(OpKind.CONV2D, left, attrs=attrs, scope=scope)
    right = b.add(OpKind.RELU, right, scope=f"{scope}.act")
    return b.build(b.add(OpKind.CONCAT, left, right, attrs=AxisAttrs(1), scope=scope))


def reordered(graph: Graph, seed: int) -> Graph:
    """The same network with its nodes in another topological order, which networkx draws."""
    rng = random.Random(seed)
    ranks = {node: rng.random() for node in graph.digraph}
    order = [i for i in nx.lexicographical_topological_sort(graph.digraph, key=ranks.__getitem__) if i >= 0]
    places = {old: new for new, old in enumerate(order)}

    def move(ref: Ref) -> Ref:
        return ref if ref.node < 0 else Ref(places[ref.node], ref.slot)

    nodes = [
        dataclasses.replace(graph.nodes[i], inputs=tuple(map(move, graph.nodes[i].inputs))) for i in order
    ]
    return Graph(graph.inputs, tuple(nodes), tuple(map(move, graph.outputs)))


@pytest.mark.parametrize("seed", range(5))
def test_the_hash_does_not_see_the_order_of_nodes(seed: int) -> None:
    for graph in (two_branches(), get_preset("efficientformerv2_s0").to_graph()):
        other = reordered(graph, seed)
        assert other != graph or len(graph.nodes) < 6
        assert other.hash() == graph.hash()
        assert (other.macs, other.params, op_counts(other)) == (graph.macs, graph.params, op_counts(graph))


def test_the_hash_does_not_see_scopes() -> None:
    assert two_branches("stages.0").hash() == two_branches().hash()


def test_the_hash_sees_attributes_wiring_and_outputs() -> None:
    graph = two_branches()
    others = [two_branches(split=(5, 3)), two_branches(kernel=1)]
    # the other order of the join
    nodes = [*graph.nodes[:-1], dataclasses.replace(graph.nodes[-1], inputs=graph.nodes[-1].inputs[::-1])]
    others.append(Graph(graph.inputs, tuple(nodes[:-1]), tuple(nodes[-1].inputs)))
    others.append(Graph(graph.inputs, graph.nodes, (*graph.outputs, Ref(0, 0))))
    others.append(run_passes(get_preset("poolformer_s12").to_graph(), PASSES))
    assert len({graph.hash(), *(other.hash() for other in others)}) == len(others) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"stride": (2, 2)},
        {"padding": (0, 1)},
        {"dilation": (2, 2), "padding": (3, 3)},
        {"groups": 2},
        {"bias": False},
        {"out_channels": 6},
        {"kernel": (1, 3)},
        {"params": 0},
    ],
)
def test_the_hash_sees_every_attribute_of_a_convolution(change: dict[str, object]) -> None:
    def graph(attrs: ConvAttrs) -> Graph:
        b = GraphBuilder()
        return b.build(b.add(OpKind.CONV2D, b.input((1, 4, 9, 9)), attrs=attrs))

    base = ConvAttrs(4, (3, 3), padding=(1, 1))
    assert graph(base).hash() != graph(dataclasses.replace(base, **change)).hash()  # type: ignore[arg-type]


def test_the_hash_sees_a_fused_activation_and_which_operand_is_constant() -> None:
    def graph(attrs: ConstantAttrs, activation: OpKind | None = None) -> Graph:
        b = GraphBuilder()
        return b.build(b.add(OpKind.SUB, b.input((4, 4)), attrs=attrs, activation=activation))

    hashes = {
        graph(ConstantAttrs((4,), 4)).hash(),
        graph(ConstantAttrs((4,), 4), OpKind.RELU).hash(),
        graph(ConstantAttrs((4,), 4), OpKind.GELU).hash(),
        graph(ConstantAttrs((4,), 4, True)).hash(),
        graph(ConstantAttrs((4,))).hash(),
        graph(ConstantAttrs(())).hash(),
    }
    assert len(hashes) == 6


def test_the_normal_form_looks_through_views() -> None:
    def graph(*shapes: tuple[int, ...]) -> Graph:
        b = GraphBuilder()
        x = b.add(OpKind.RELU, b.input((2, 6)))
        for shape in shapes:
            x = b.add(OpKind.RESHAPE, x, attrs=ShapeAttrs(shape))
        return b.build(b.add(OpKind.GELU, x))

    assert normal_hash(graph((3, 4))) == normal_hash(graph((12,), (3, 4)))
    assert graph((3, 4)).hash() != graph((12,), (3, 4)).hash()
    assert op_counts(graph((3, 4))) == op_counts(graph())


def test_networkx_sees_the_same_network() -> None:
    graph = two_branches("net")
    assert nx.is_directed_acyclic_graph(graph.digraph)
    assert set(graph.digraph.edges) == {(-1, 0), (0, 1), (0, 2), (1, 3), (2, 3)}
    assert graph.digraph.nodes[1]["op"] is graph.nodes[1].op
    assert graph.digraph.nodes[2]["scope"] == "net.act"
    assert graph.consumers == {
        Ref(-1): (0,),
        Ref(0): (1,),
        Ref(0, 1): (2,),
        Ref(1): (3,),
        Ref(2): (3,),
        Ref(3): (4,),
    }
    with pytest.raises(nx.NetworkXError):
        graph.digraph.add_node(9)


RELU = Op(OpKind.RELU, NoAttrs(), (TensorSpec((4,)),), (TensorSpec((4,)),))


@pytest.mark.parametrize(
    ("nodes", "outputs", "message"),
    [
        ((Node(RELU, (Ref(0),)),), (Ref(0),), "made before it"),  # itself
        ((Node(RELU, (Ref(1),)), Node(RELU, (Ref(-1),))), (Ref(0),), "made before it"),  # a later one
        ((Node(RELU, (Ref(-2),)),), (Ref(0),), "made before it"),  # an input that is not there
        ((Node(RELU, (Ref(-1, 1),)),), (Ref(0),), "made before it"),  # a slot that is not there
        ((Node(RELU, (Ref(-1, -1),)),), (Ref(0),), "made before it"),
        ((Node(RELU, ()),), (Ref(0),), "must read 1 tensors, got 0"),
        ((Node(RELU, (Ref(-1), Ref(-1))),), (Ref(0),), "must read 1 tensors, got 2"),
        ((Node(RELU, (Ref(-1),)),), (Ref(5),), "made before it"),
        (
            (Node(dataclasses.replace(RELU, inputs=(TensorSpec((5,)),)), (Ref(-1),)),),
            (Ref(0),),
            "what is written",
        ),
        (
            (Node(dataclasses.replace(RELU, outputs=(TensorSpec((5,)),)), (Ref(-1),)),),
            (Ref(0),),
            "cannot write",
        ),
    ],
)
def test_a_graph_that_contradicts_itself_cannot_be_made(
    nodes: tuple[Node, ...], outputs: tuple[Ref, ...], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        Graph((TensorSpec((4,)),), nodes, outputs)


@pytest.mark.parametrize("ref", [Ref(0), Ref(-2), Ref(-1, 1), Ref(-1, -1), Ref(10**30), Ref(-(10**30))])
def test_the_builder_refuses_tensors_that_are_not_there(ref: Ref) -> None:
    b = GraphBuilder()
    b.input((4,))
    with pytest.raises(InvalidValueError, match="made before it"):
        b.add(OpKind.RELU, ref)


def test_the_builder_forgets() -> None:
    b = GraphBuilder()
    x = b.add(OpKind.RELU, b.input((4,)))
    size = b.size
    b.add(OpKind.GELU, x)
    b.truncate(size)
    assert [op.kind for op in b.build(x).ops] == [OpKind.RELU]
