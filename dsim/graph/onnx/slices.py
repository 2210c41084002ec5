"""Converters write a split as slices, one for each piece. Evidence knows such networks by their split.

x[:, :, :32], x[:, :, 32:64], x[:, :, 64:]      is      Split(x, [32, 32, rest])
"""

from __future__ import annotations

from dsim.graph.onnx.network import Item, Network

Piece = tuple[int, int, Item]  # start, stop, the slice


def slices_as_splits(network: Network) -> None:
    """Put one split in the place of slices that together are the whole of an axis, piece behind piece."""
    found: dict[tuple[str, int], list[Piece]] = {}
    for item in network.items:
        cut = _cut(network, item)
        if cut is not None:
            axis, start, stop = cut
            found.setdefault((item.inputs[0], axis), []).append((start, stop, item))
    place = {id(item): index for index, item in enumerate(network.items)}
    made: dict[int, Item | None] = {}  # by the slice that it stands for; None for those that go
    for (name, axis), pieces in found.items():
        pieces.sort(key=lambda piece: piece[0])
        ends = [0, *(stop for _, stop, _ in pieces)]
        starts = [start for start, _, _ in pieces]
        if len(pieces) < 2 or starts != ends[:-1] or ends[-1] != network.shape(name)[axis]:
            continue
        items = [item for _, _, item in pieces]
        earliest = min(items, key=lambda item: place[id(item)])
        split = Item(
            "Split", (name,), tuple(item.outputs[0] for item in items), {"axis": axis}, earliest.scope
        )
        made |= {id(item): split if item is earliest else None for item in items}
    network.items = [one for item in network.items if (one := made.get(id(item), item)) is not None]


def _cut(network: Network, item: Item) -> tuple[int, int, int] | None:
    """Return the axis of a slice with its start and stop; None for anything else."""
    if item.op != "Slice" or len(item.inputs) < 4:
        return None
    known = [network.constants.get(name) for name in item.inputs[1:5]]
    numbers = [one.array.reshape(-1).tolist() for one in known if one is not None and one.array is not None]
    if len(numbers) != len(known) or any(len(one) != 1 for one in numbers):
        return None
    start, stop, axis = (int(one[0]) for one in numbers[:3])
    step = int(numbers[3][0]) if len(numbers) > 3 else 1
    size = network.shape(item.inputs[0])[axis]
    return (axis, start, min(stop, size)) if step == 1 and start >= 0 and stop > 0 else None
