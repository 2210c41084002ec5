"""A lookup table as evidence: the price of each block, split into its operators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from statistics import median

import numpy as np

from dsim.arch.block_rows import BlockRow, part_of
from dsim.arch.lower import Part, part_graph
from dsim.device.add.found import LICENCE, FoundTable
from dsim.device.add.wrong import Wrong, refuse
from dsim.device.profile import DeviceProfile, MeasuredOp
from dsim.latency import load_model
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.links import run_graph
from dsim.op import Op

_WHOLE = ("stage", "width", "width_before", "map")
_WORDS = ("part", "kind", "activation", "norm", "form")


def split_blocks(table: FoundTable, like: DeviceProfile) -> tuple[tuple[MeasuredOp, ...], str]:
    """Split the blocks of a lookup table into operators.

    A block's milliseconds go to its operators in the shares that the model of ``like`` gives them; an operator that stands in
    several blocks takes the median of its times.

    Returns
    -------
    tuple
        The operators, and what the user should know.

    Raises
    ------
    FileFormatError
        A row is of no block that a design can have.
    """
    parts, wrong = [], []
    for block in table.blocks:
        try:
            parts.append((_part(block.cells, table.classes), block.latency_ms))
        except ValueError as error:
            said = str(error).splitlines()[0][:160]
            wrong.append(Wrong(block.where, f"is of no block that a design can have: {said}"))
    refuse(wrong)
    pricing = load_model(like.name).pricing
    times: dict[Op, list[float]] = defaultdict(list)
    for part, ms in parts:
        ops = [op for op in run_graph(part_graph(part), like.passes).ops if op.outputs]
        shares = np.maximum(pricing.shares(pricing.vectors([Kernel(op) for op in ops])), 0.0)
        for op, share in zip(ops, shares / (shares.sum() or 1.0), strict=True):
            if share > 0:
                times[op].append(ms * float(share))
    source = f"lookup table, split by the shares of {like.name}"
    found = tuple(
        MeasuredOp(op, median(own), len(own), "", 0, "attributed", source, LICENCE)
        for op, own in times.items()
    )
    return found, (
        f"{table.path}: {len(table.blocks)} blocks were split into {len(found)} operators in the shares of {like.name}; "
        f"{table.constant_ms:.3g} ms belong to none"
    )


def _part(cells: Mapping[str, str], classes: int) -> Part:
    """Return the piece that a row's cells describe.

    Raises
    ------
    ValueError
        They describe none.
    """

    def cell(name: str) -> str:
        return cells.get(name, "").strip()

    whole = {name: _whole(name, cell(name)) for name in _WHOLE}
    ratio = cell("mlp_ratio").replace(",", ".")
    try:
        mlp_ratio = float(ratio) if ratio else None
    except ValueError as error:
        raise ValueError(f"column 'mlp_ratio' must be a number, got {ratio[:40]!r}; correct it") from error
    part = part_of(BlockRow(**whole, **{name: cell(name) for name in _WORDS}, mlp_ratio=mlp_ratio), classes)  # type: ignore[arg-type]
    part_graph(part)
    return part


def _whole(name: str, text: str) -> int | None:
    text = text.removesuffix(".0")
    if text and not (text.isdecimal() and len(text) < 6):
        raise ValueError(f"column {name!r} must be a whole number, got {text[:40]!r}; correct it")
    return int(text) if text else None
