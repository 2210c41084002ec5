"""The EfficientFormer paper's three actions, and where its slimming begins.

Section 3.2: "1) select I for the least important MP, 2) remove the first MB3D, and 3) reduce the width of the least
important Stage (by multiples of 16)". https://arxiv.org/abs/2206.01191
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from torch import Tensor

from dsim.arch import Block
from dsim.supernet.choices import Choices
from dsim.supernet.gumbel import alpha_name
from dsim.supernet.importance import Importance
from dsim.supernet.moves import Move
from dsim.supernet.subnet import Subnet

QUOTED = (
    '"select I for the least important MP", "remove the first MB3D", "reduce the width of the least important Stage (by '
    'multiples of 16)"'
)
CHANNELS = 16  # by multiples of which a stage is narrowed


def paper_start(choices: Choices, alphas: Mapping[str, Tensor]) -> Subnet:
    """Return the sub-network of the likeliest paths: one width, no slot empty, and 3D blocks behind 4D ones.

    Where a stage turns to 3D is what makes its paths together the likeliest.
    """
    slots = []
    for stage in range(4):
        depth, ratio = choices.depth(stage), max(choices.space.mlp_ratios[stage])
        shares = [alphas[alpha_name(stage, slot)].detach().softmax(dim=0).tolist() for slot in range(depth)]
        plain = choices.space.mixers[stage]
        best = [max(range(len(plain)), key=lambda n, row=row: row[n]) for row in shares]  # type: ignore[misc]

        def likelihood(turn: int, shares: list[list[float]] = shares, count: int = len(plain)) -> float:
            four = sum(math.log(max(row[:count])) for row in shares[:turn])
            return four + sum(math.log(row[count]) for row in shares[turn:])

        turns = [turn for turn in range(depth + 1) if turn == depth or choices.may_attend(stage, turn)]
        turn = max(turns, key=likelihood)
        row: list[Block | None] = [choices.block(plain[best[slot]], ratio) for slot in range(turn)]
        row += [choices.block(choices.space.attentions[0], ratio) for _ in range(turn, depth)]
        slots.append(tuple(row))
    return Subnet(choices.largest.widths, tuple(slots))


def paper_moves(choices: Choices, subnet: Subnet, importance: tuple[Importance, ...]) -> Iterator[Move]:
    """Yield the paper's actions on a sub-network, as far as they are possible."""
    worth = {(row.stage, row.slot): row.importance for row in importance}
    there = [
        (stage, slot)
        for stage in range(4)
        for slot, block in enumerate(subnet.slots[stage])
        if block is not None and (stage, slot) in worth
    ]
    can_go = [place for place in there if len(subnet.blocks(place[0])) > 1]
    if can_go:
        stage, slot = min(can_go, key=lambda place: worth[place])
        words = f"select I for the least important MP: stage {stage + 1}, slot {slot + 1}"
        yield Move("identity", stage, slot, words, subnet.with_slot(stage, slot, None))
    attention = [
        (stage, slot)
        for stage in range(4)
        for slot, block in enumerate(subnet.slots[stage])
        if block is not None and block.mixer.is_attention and len(subnet.blocks(stage)) > 1
    ]
    if attention:
        stage, slot = attention[0]
        words = f"remove the first MB3D: stage {stage + 1}, slot {slot + 1}"
        yield Move("first 3D", stage, slot, words, subnet.with_slot(stage, slot, None))
    stages = {
        stage: sum(worth[place] for place in there if place[0] == stage)
        for stage in range(4)
        if subnet.widths[stage] - CHANNELS >= min(choices.space.widths[stage])
    }
    if stages:
        stage = min(stages, key=lambda one: stages[one])
        narrower = subnet.widths[stage] - CHANNELS
        words = f"reduce the width of the least important Stage: stage {stage + 1}, {subnet.widths[stage]} to {narrower}"
        yield Move("width", stage, -1, words, subnet.with_width(stage, narrower))
