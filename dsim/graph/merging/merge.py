"""Merge parallel linear branches that end in one sum.

before:  x -> conv3x3 -> batch_norm -+
         x -> conv1x1 -> batch_norm -+-> add -> relu
         x -> batch_norm ------------+
after:   x -> conv3x3 -> relu

The weights of the largest branch can do what all of them do together: exactly, at inference (RepVGG, arXiv 2101.03697;
MobileOne, arXiv 2206.04040). A branch is merged where it is linear, starts from the same tensor, moves with the same stride
and sees no more than the largest does; so nothing is merged across an activation, and no layer grows. It is what an author
does before a network ships, not what a runtime does: no device profile lists it among its passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from dsim.attrs import ConvAttrs, LinearAttrs
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph, Ref
from dsim.graph.merging.fold import fold_the_rest
from dsim.graph.merging.sums import Sum, sums, without
from dsim.graph.merging.terms import Term, channel_axis, terms
from dsim.op import Op, OpKind


@dataclass(frozen=True)
class Merged:
    """A network with its branches merged.

    Attributes
    ----------
    graph
        The network; the very one that was given where nothing can be merged.
    branches
        How many parallel branches were merged.
    layers
        Into how many layers.
    convolutions
        How many of these are convolutions: the mark of a network in training form. The two classifiers of a distilled
        network are a sum of branches too, and are left so by those who ship it.
    """

    graph: Graph
    branches: int = 0
    layers: int = 0
    convolutions: int = 0


@dataclass(frozen=True)
class Group:
    """Operands of one sum that become one layer.

    Attributes
    ----------
    root
        The op that writes the sum.
    source
        What all of them read.
    host
        The op that takes the others in.
    terms
        Each operand, and how it is read.
    """

    root: int
    source: Ref
    host: int
    terms: tuple[tuple[Ref, Term], ...]


@dataclass
class _Plan:
    """What becomes of the nodes of a graph."""

    ops: dict[int, tuple[Op, Ref]] = field(default_factory=dict)  # another op, and what it reads
    stands: dict[int, Ref] = field(default_factory=dict)  # what is read in place of a node
    gone: set[int] = field(default_factory=set)
    branches: int = 0
    groups: list[Group] = field(default_factory=list)


def groups_of(graph: Graph) -> tuple[Group, ...]:
    """Return what can be merged at once; merging it may bring further groups to light."""
    plan = _Plan()
    for each in sums(graph):
        _merge(graph, each, plan)
    return tuple(plan.groups)


def merge_branches(graph: Graph) -> Merged:
    """Merge every group of parallel linear branches, and fold batch norms where there were any.

    Returns
    -------
    Merged
        The network that gives the same results with fewer layers.
    """
    found, now = Merged(graph), graph
    while True:
        plan = _Plan()
        for each in sums(now):
            _merge(now, each, plan)
        if not plan.ops:
            break
        made = [op for op, _ in plan.ops.values()]
        now = _apply(now, plan)
        found = Merged(
            now,
            found.branches + plan.branches,
            found.layers + len(made),
            found.convolutions + sum(op.kind is OpKind.CONV2D for op in made),
        )
    if not found.layers:
        return found
    return replace(found, graph=replace(fold_the_rest(now), notes=graph.notes))


def _merge(graph: Graph, found: Sum, plan: _Plan) -> None:
    """Plan the merges of one sum."""
    readings = {ref: terms(graph, ref) for ref in dict.fromkeys(found.operands)}
    if len(readings) < len(found.operands):
        return  # something is added to itself
    stands: dict[int, Ref | None] = {}
    gone: set[Ref] = set()
    while True:
        left = [ref for ref in found.operands if ref not in gone]
        for host, members in _groups(readings, left):
            now = gone | set(members)
            alone = len(now) == len(found.operands) - 1
            fate = without(graph, found, now)
            if alone:  # the sum is this one layer, whatever its sign
                fate = {**dict.fromkeys(found.inner), found.root: host}
            if fate is not None:
                break
        else:
            break
        gone, stands = now, fate
        source = next(iter(_common(readings, [host, *members])))
        chosen = readings[host][source]
        others = [readings[ref][source] for ref in members]
        assert chosen.host is not None
        plan.ops[chosen.host] = (_taking(graph, chosen, others), source)
        plan.gone |= {index for term in (chosen, *others) for index in term.nodes} - {chosen.host}
        plan.branches += 1 + len(others)
        taken = tuple(zip((host, *members), (chosen, *others), strict=True))
        plan.groups.append(Group(found.root, source, chosen.host, taken))
        for index in chosen.nodes[: chosen.nodes.index(chosen.host)]:  # what comes behind it
            plan.stands[index] = Ref(chosen.host)
        readings[host] = {}  # taken
    for index, ref in stands.items():
        plan.gone.add(index)
        if ref is not None:
            plan.stands[index] = ref
    if gone and len(gone) == len(found.operands) - 1:
        _take_scales(graph, found.root, plan)


def _groups(readings: dict[Ref, dict[Ref, Term]], left: Sequence[Ref]) -> Iterator[tuple[Ref, list[Ref]]]:
    """Return operands that can take others in, each with those; the one that takes most comes first."""
    options = []
    for ref in left:
        for source, term in readings[ref].items():
            if term.host is None:
                continue
            members = [
                other
                for other in left
                if other != ref and source in readings[other] and _fits(term, readings[other][source])
            ]
            if members:
                options.append((len(members), term.window.places if term.window else 0, ref, members))
    options.sort(key=lambda option: (-option[0], -option[1]))
    for _, _, ref, members in options:
        yield ref, members


def _common(readings: dict[Ref, dict[Ref, Term]], refs: Sequence[Ref]) -> list[Ref]:
    """Return the tensors that all of these operands have a reading of, where the first can take the others in."""
    first, *others = refs
    return [
        source
        for source, term in readings[first].items()
        if term.host is not None
        and all(source in readings[ref] and _fits(term, readings[ref][source]) for ref in others)
    ]


def _fits(host: Term, other: Term) -> bool:
    if other.axis not in (None, host.axis):
        return False
    if host.window is None:
        # a layer over the last axis; a map's identity and scale are as good there
        return other.window is None or (other.window.is_one_place and other.host is None)
    return other.window is not None and host.window.holds(other.window)


def _taking(graph: Graph, host: Term, others: Sequence[Term]) -> Op:
    """Return the layer that takes the others in."""
    assert host.host is not None
    op = graph.nodes[host.host].op
    assert isinstance(op.attrs, ConvAttrs | LinearAttrs)
    merged = {index for term in (host, *others) for index in term.nodes}
    learned = any(graph.nodes[index].op.params for index in merged)
    shifts = any(term.shifts for term in (host, *others))
    # weights that another layer shares stay shared where all that is merged is
    attrs = replace(op.attrs, bias=op.attrs.bias or shifts, params=None if learned else 0)
    return replace(op, attrs=attrs)


def _take_scales(graph: Graph, root: int, plan: _Plan) -> None:
    """Let the merged layer take the fixed scales behind it, such as the half in the mean of two classifiers."""
    index = root
    while True:
        readers = graph.consumers.get(Ref(index), ())
        if len(readers) != 1 or readers[0] >= len(graph.nodes) or readers[0] in plan.gone:
            return
        op = graph.nodes[readers[0]].op
        if op.activation is not None or op.params or channel_axis(op) is None:
            return
        plan.gone.add(readers[0])
        plan.stands[readers[0]] = Ref(index)
        index = readers[0]


def _apply(graph: Graph, plan: _Plan) -> Graph:
    """Write the graph again, with the changes of the plan."""
    builder = GraphBuilder()
    moved = {Ref(-1 - k): builder.input(spec.shape) for k, spec in enumerate(graph.inputs)}
    for index, node in enumerate(graph.nodes):
        if index in plan.gone:
            if index in plan.stands:
                moved[Ref(index)] = moved[plan.stands[index]]
            continue
        op, source = plan.ops.get(index, (node.op, None))
        reads = (source,) if source is not None else node.inputs
        made = builder.add(
            op.kind,
            *(moved[ref] for ref in reads),
            attrs=op.attrs,
            scope=node.scope,
            activation=op.activation,
            writing=op.writing,
        )
        for slot, ref in enumerate(builder.slots(made)):
            moved[Ref(index, slot)] = ref
    return builder.build(*(moved[ref] for ref in graph.outputs))
