"""Importance: what each block is worth.

`ablation` takes a block out of many random sub-networks and says how much the loss rises, with its standard error.
`alpha_importance` is the paper's: the share of a slot's blocks over the share of identity, as its alphas say.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

from dsim.progress import working
from dsim.supernet.choices import Choices
from dsim.supernet.draws import draws
from dsim.supernet.evaluator import Evaluator
from dsim.supernet.gumbel import alpha_name
from dsim.supernet.subnet import Subnet

TABLE = "importance"
MOST_DRAWS = 200  # per sub-network asked for: a slot that is hardly ever drawn ends up with fewer


@dataclass(frozen=True)
class Importance:
    """What one slot is worth.

    Attributes
    ----------
    stage, slot
        From 0.
    importance
        By ablation, the mean rise of the loss when its block is taken out; by alphas, a ratio that is 1 where blocks and
        identity count alike.
    error
        Standard error over sub-networks; nan where there is none.
    subnets
        Out of how many sub-networks it was taken; 0 for alphas.
    """

    stage: int
    slot: int
    importance: float
    error: float
    subnets: int


def ablations(
    choices: Choices, seed: int, subnets: int
) -> Iterator[tuple[Subnet, tuple[tuple[int, int], ...]]]:
    """Yield random sub-networks, each with the slots that are to be taken out of it.

    Every slot is taken out of ``subnets`` of them, where enough are drawn that hold it beside another block of its stage.
    """
    counts = {
        (stage, slot): 0
        for stage in range(4)
        for slot in range(choices.depth(stage))
        if choices.depth(stage) > 1
    }
    for number in range(subnets * MOST_DRAWS):
        if all(count >= subnets for count in counts.values()):
            return
        subnet = choices.draw(draws(seed, "ablation", number))
        out = tuple(
            (stage, slot)
            for (stage, slot), count in counts.items()
            if count < subnets and subnet.slots[stage][slot] is not None and len(subnet.blocks(stage)) > 1
        )
        for place in out:
            counts[place] += 1
        if out:
            yield subnet, out


def ablation_subnets(choices: Choices, seed: int, subnets: int) -> dict[str, Subnet]:
    """Return every sub-network that `ablation` evaluates, by its text: what it costs is known before it begins."""
    wanted = {}
    for subnet, out in ablations(choices, seed, subnets):
        for one in (subnet, *(subnet.with_slot(stage, slot, None) for stage, slot in out)):
            wanted[one.text()] = one
    return wanted


def ablation(evaluator: Evaluator, subnets: int, stage: str = "importance") -> tuple[Importance, ...]:
    """Take each block out of random sub-networks.

    Parameters
    ----------
    subnets
        Out of how many each block is taken.
    stage
        Of the ledger.
    """
    choices, seed = evaluator.net.choices, evaluator.spec.seed
    wanted = ablation_subnets(choices, seed, subnets)
    with working("taking blocks out of sub-networks", total=len(wanted), unit="sub-networks") as work:
        for _ in evaluator(wanted.values(), stage):
            work.step()
    rises: dict[tuple[int, int], list[float]] = defaultdict(list)
    for subnet, out in ablations(choices, seed, subnets):
        whole = evaluator.known[subnet.text()].loss
        for place in out:
            rises[place].append(evaluator.known[subnet.with_slot(*place, None).text()].loss - whole)
    return tuple(
        Importance(place[0], place[1], statistics.fmean(rise), _error(rise), len(rise))
        for place, rise in sorted(rises.items())
    )


def _error(values: list[float]) -> float:
    return statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")


def alpha_importance(choices: Choices, alphas: Mapping[str, Tensor]) -> tuple[Importance, ...]:
    """Return (alpha_4D + alpha_3D) / alpha_I of every slot; alphas count by their softmax, as shares of a slot.

    The paper's alphas are "the probability to select a block", and a ratio of raw ones could have any sign.
    """
    found = []
    for stage in range(4):
        for slot in range(choices.depth(stage)):
            share = alphas[alpha_name(stage, slot)].detach().softmax(dim=0)
            found.append(Importance(stage, slot, float((1 - share[-1]) / share[-1]), float("nan"), 0))
    return tuple(found)


def stage_importance(rows: tuple[Importance, ...]) -> tuple[float, float, float, float]:
    """Return the importance of each stage: the sum over its slots."""
    a, b, c, d = (sum(row.importance for row in rows if row.stage == stage) for stage in range(4))
    return a, b, c, d
