"""The designs that the task's model is learned from: drawn from those that a search can propose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from dsim.arch import Arch
from dsim.errors import InvalidValueError
from dsim.search.mix import Mix
from dsim.search.space import Space
from dsim.supernet.choices import Choices
from dsim.supernet.draws import draws
from dsim.supernet.subnet import Subnet
from dsim.supernet.task.model import LEAST

_Size = TypeVar("_Size", int, float)
TRIES = 50  # draws for each design that is asked for: a small space repeats itself


def draw_design(space: Space, rng: np.random.Generator) -> Arch:
    """Draw a design as a search makes them: one mixer and one MLP ratio for each stage, every choice evenly.

    `dsim.supernet.anchors.anchor_subnets` says why anchors are drawn otherwise.

    Parameters
    ----------
    space
        With one stem, activation, norm and kind of attention.
    """
    counts = [int(rng.choice(row)) for row in space.attention_blocks]
    depths = []
    for stage, row in enumerate(space.depths):
        if stage >= 2:  # as many attention blocks as there is room for
            fitting = [n for n in space.attention_blocks[stage - 2] if n <= max(row)]
            counts[stage - 2] = (
                counts[stage - 2] if counts[stage - 2] in fitting else int(rng.choice(fitting))
            )
        attention = counts[stage - 2] if stage >= 2 else 0
        depths.append(int(rng.choice([depth for depth in row if depth >= attention])))
    mix = Mix(
        space.stems[0],
        tuple(row[int(rng.integers(len(row)))] for row in space.mixers),
        space.attentions[0],
        (counts[0], counts[1]),
        space.activations[0],
        space.norms[0],
    )
    widths = [int(rng.choice(row)) for row in space.widths]
    ratios = [float(rng.choice(row)) for row in space.mlp_ratios]
    return mix.arch(widths, depths, ratios, space.resolution)


def middle_design(space: Space) -> Arch:
    """Return the design in the middle of every row of sizes, with the first mixer of each stage."""

    def middle(row: Sequence[_Size]) -> _Size:
        return sorted(row)[len(row) // 2]

    depths = [middle(row) for row in space.depths]
    counts = [min(middle(row), depth) for row, depth in zip(space.attention_blocks, depths[2:], strict=True)]
    mix = Mix(
        space.stems[0],
        tuple(row[0] for row in space.mixers),
        space.attentions[0],
        (counts[0], counts[1]),
        space.activations[0],
        space.norms[0],
    )
    widths, ratios = [middle(row) for row in space.widths], [middle(row) for row in space.mlp_ratios]
    return mix.arch(widths, depths, ratios, space.resolution)


def task_designs(choices: Choices, seed: int, count: int) -> dict[Subnet, Arch]:
    """Return the first designs of a fixed sequence, none twice, with the slots in which they stand.

    Raises
    ------
    InvalidValueError
        The space holds fewer.
    """
    found: dict[Subnet, Arch] = {}
    for number in range(TRIES * count):
        arch = draw_design(choices.space, draws(seed, "predictor", number))
        found.setdefault(choices.place(arch), arch)
        if len(found) == count:
            return found
    remedy = (
        f"give --subnets {len(found)}"
        if len(found) >= LEAST
        else f"train a supernet of a larger --space, for ranks are learned from {LEAST} designs or more"
    )
    raise InvalidValueError(
        f"the supernet's space must hold {count} designs to learn from, and {len(found)} were found; {remedy}"
    )
