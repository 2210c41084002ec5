"""Slim a trained supernet to the budgets of any number of devices. Latency enters here and nowhere before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsim.arch import Arch
from dsim.device.rough import refuse_rough
from dsim.errors import InvalidValueError
from dsim.files import check_folder, write_atomic
from dsim.progress import working
from dsim.records import to_plain
from dsim.rounding import finite
from dsim.supernet.doubts import norm_doubt, untold
from dsim.supernet.evaluator import Evaluation
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.moves import Move, single_growths, single_moves
from dsim.supernet.paper_actions import paper_moves, paper_start
from dsim.supernet.prices import Prices
from dsim.supernet.processes import refuse_processes
from dsim.supernet.slimming import REFILLS, Slimmed, Step, slim_for
from dsim.supernet.subnet import Subnet
from dsim.units import each_once, milliseconds

ACTIONS = {
    "gumbel": "paper",
    "ablation": "all",
}  # by how blocks were weighed: what studies/fashion tested together
TRIES = 6  # moves that are evaluated in a round of ``all``, after all of them were evaluated once
PAPER_ACTIONS = 3


@dataclass(frozen=True)
class SlimResult:
    """A design for one device.

    Attributes
    ----------
    device, budget_ms, actions, confidence
        What was asked for.
    arch
        The design, at the size that is deployed.
    subnet
        `Subnet.text`: the slots in which its blocks stand.
    latency_ms, needs_ms
        The estimate, and the smallest budget that the design fits; nan where none is enough.
    fits
        False where nothing that the supernet holds fits; then the design is the cheapest that was reached.
    unpriced
        Operators that the device's evidence says nothing about: with any, the latency is an incomplete estimate.
    not_identified
        Exchanges of mixers that were not considered, because the device's evidence does not tell their prices apart; with
        the reason.
    loss
        On the search pictures, with the supernet's weights; of use to compare designs of one supernet alone.
    trace
        What was done, in order.
    trained
        What the supernet was trained on.
    training_px, deployed_px
        Maps were as large as the first makes them; the latency is for the second.
    images
        Search pictures that losses and accuracies are of; 0 where a file of an older version does not say.
    """

    device: str
    budget_ms: float
    actions: str
    confidence: float
    arch: Arch
    subnet: str
    latency_ms: float
    needs_ms: float
    fits: bool
    unpriced: tuple[str, ...]
    not_identified: dict[str, str]
    loss: float
    trace: tuple[Step, ...]
    trained: str
    training_px: int
    deployed_px: int
    images: int = 0

    @property
    def unused(self) -> float:
        """The share of the budget that is left over by what the design needs."""
        return 1.0 - self.needs_ms / self.budget_ms


def slim(
    supernet: Supernet | str | Path,
    device: str | Sequence[str],
    budget: float | str | Mapping[str, float | str],
    *,
    actions: str | None = None,
    confidence: float = 0.9,
    tries: int = TRIES,
    rough: bool = False,
) -> tuple[SlimResult, ...]:
    """Take blocks and widths away from a supernet until each device's budget holds.

    Every design is evaluated once, for whatever number of devices. Results are kept in the supernet's folder, one file a
    device, budget and kind of actions, which `dsim export` and `dsim predict` read as designs where they fit.

    Parameters
    ----------
    supernet
        A folder, or what `load_supernet` returns.
    device
        One or several profiles.
    budget
        Milliseconds or a text such as ``"2ms"``, for all devices or by device.
    actions
        ``paper``: the three actions of EfficientFormer, compared by accuracy. ``all``: every single move, compared by
        validation loss, then a refill. By default ``paper`` where the supernet was trained with importance ``gumbel``,
        ``all`` where with ``ablation``.
    confidence
        Chance with which a new measurement must be within the budget, cliffs included.
    tries
        For ``all``: how many moves of a round are evaluated, those that are expected to be the best.
    rough
        Slim for a rough profile too; it is refused otherwise.

    Raises
    ------
    UnknownNameError
        There is no such device.
    InvalidValueError
        A value is out of its range, or a device has no budget.
    UnavailableError
        torchrun has started several processes.
    FileAccessError
        The supernet's folder cannot be written.
    """
    refuse_processes("slimming")
    loaded = supernet if isinstance(supernet, Supernet) else load_supernet(supernet)
    # before designs are evaluated whose result cannot be kept
    check_folder(
        loaded.home.folder, "designs are kept in the supernet's folder: allow it, or slim a copy of yours"
    )
    actions = actions or ACTIONS[loaded.header.asked.importance]
    if actions not in ACTIONS.values():
        raise InvalidValueError(
            f"actions must be one of {', '.join(ACTIONS.values())}, got {actions!r}; choose one of them"
        )
    if tries < 1:
        raise InvalidValueError(f"tries must be at least 1, got {tries}; {TRIES} is the default")
    devices = (device,) if isinstance(device, str) else tuple(device)
    each_once("device", devices)
    refuse_rough(devices, rough)
    lists = [Prices.of(name, _budget_of(budget, name), confidence) for name in devices]
    start = start_of(loaded, actions)
    most = most_evaluations(loaded, actions, start, len(devices), tries)
    with loaded.alone(), working("slimming", total=most, unit="evaluations at most") as work:
        evaluated: set[str] = set()

        def evaluate(subnet: Subnet) -> Evaluation:
            (found,) = loaded.evaluate([subnet])
            if found.subnet not in evaluated:
                evaluated.add(found.subnet)
                work.step(len(evaluated))
            return found

        results = tuple(_one(loaded, prices, actions, start, tries, evaluate) for prices in lists)
        for result in results:
            _keep(loaded, result)
    return results


def start_of(loaded: Supernet, actions: str) -> Subnet:
    """Return where slimming begins: the paper's likeliest paths where there are alphas, else the largest."""
    if actions == "paper" and loaded.own:
        return paper_start(loaded.choices, loaded.own)
    return loaded.choices.largest


def most_evaluations(loaded: Supernet, actions: str, start: Subnet, devices: int, tries: int) -> int:
    """Return a number that slimming does not exceed, whatever it finds; it is known before anything is evaluated.

    Every round lowers one thing by one step, so there are no more rounds than steps to go down.
    """
    space, choices = loaded.choices.space, loaded.choices
    blocks = [block for stage in range(4) for block in start.blocks(stage)]
    if actions == "paper":
        narrowings = sum(
            (width - min(row)) // 16 for width, row in zip(start.widths, space.widths, strict=True)
        )
        return 1 + devices * PAPER_ACTIONS * (len(blocks) + narrowings)
    steps = sum(
        sum(one < width for one in row) for width, row in zip(start.widths, space.widths, strict=True)
    )
    for stage in range(4):
        for block in start.blocks(stage):
            steps += 1 + sum(ratio < block.mlp_ratio for ratio in space.mlp_ratios[stage])
            steps += block.mixer.is_attention
    first = sum(1 for _ in single_moves(choices, start))
    return 1 + first + devices * tries * (steps + REFILLS)


def _budget_of(budget: float | str | Mapping[str, float | str], device: str) -> float:
    if not isinstance(budget, Mapping):
        value = milliseconds(budget)
    elif device in budget:
        value = milliseconds(budget[device])
    else:
        raise InvalidValueError(
            f"every device needs a budget, and {device} has none; write --budget {device}=2ms beside the others"
        )
    if not value > 0:
        raise InvalidValueError(
            f"budget must be a positive number of milliseconds, got {value:g}; give for example 2ms"
        )
    return value


def _one(
    loaded: Supernet, prices: Prices, actions: str, start: Subnet, tries: int, evaluate: Any
) -> SlimResult:
    """Slim for one device."""
    choices = loaded.choices
    by_paper = actions == "paper"
    expected: dict[tuple[str, int, int], float] = {}
    if not by_paper:
        whole = evaluate(start).loss
        expected = {
            (move.kind, move.stage, move.slot): evaluate(move.subnet).loss - whole
            for move in single_moves(choices, start)
        }
    importance, contrasts = loaded.importance, prices.model.identified
    not_identified: dict[str, str] = {}

    def told(subnet: Subnet, moves: Iterable[Move]) -> Iterator[Move]:
        for move in moves:
            if why := untold(subnet, move, contrasts):
                not_identified.update(why)
            else:
                yield move

    found: Slimmed = slim_for(
        loaded.net,
        start,
        prices,
        (lambda subnet: paper_moves(choices, subnet, importance))
        if by_paper
        else (lambda subnet: told(subnet, single_moves(choices, subnet))),
        evaluate,
        by_accuracy=by_paper,
        tries=None if by_paper else tries,
        expected=expected,
        growths=None if by_paper else (lambda subnet: told(subnet, single_growths(choices, subnet))),
        doubt=lambda before, after: norm_doubt(before, after, contrasts),
    )
    return SlimResult(
        prices.device,
        prices.budget_ms,
        actions,
        prices.confidence,
        loaded.arch(found.subnet),
        found.subnet.text(),
        found.price.latency_ms,
        finite(found.price.needs_ms),
        found.fits,
        prices.unpriced(loaded.arch(found.subnet)),
        not_identified,
        found.evaluation.loss,
        found.trace,
        loaded.header.trained_on(),
        loaded.header.asked.px,
        choices.space.resolution,
        found.evaluation.images,
    )


def result_path(loaded: Supernet, result: SlimResult) -> Path:
    """Return where the design of a device is kept: other actions than the supernet's own are in its name, and replace nothing."""
    own = result.actions == ACTIONS[loaded.header.asked.importance]
    stem = f"slim-{result.device}-{result.budget_ms:g}ms"
    return loaded.home.folder / (f"{stem}.json" if own else f"{stem}-{result.actions}.json")


def _keep(loaded: Supernet, result: SlimResult) -> None:
    plain = to_plain(result)
    design = {"arch": plain.pop("arch")} if result.fits else None
    write_atomic(result_path(loaded, result), json.dumps({"chosen": design, **plain}, indent=1) + "\n")
