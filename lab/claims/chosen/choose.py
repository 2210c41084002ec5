"""Search with models of halves until enough designs are chosen, and ask all models about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from dsim.accuracy.asked_recipe import model_for
from dsim.arch import Arch
from dsim.graph import Graph
from dsim.latency import load_model
from dsim.latency.model import DeviceModel
from dsim.latency.refit import refit
from dsim.measure.searched import budgets_of
from dsim.search.identified import keep_identified
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from dsim.shift.families import once_in_half
from dsim.shift.measured import design_id
from lab.claims.chosen.control import drawn_checks
from lab.claims.chosen.rows import WHOLE, Pick, Said

STACKS = {  # profiles of one chip, and the backends that time on them
    "epyc-zen4-onnxruntime": "onnxruntime",
    "epyc-zen4-openvino": "openvino",
    "epyc-zen4-openvino-bf16": "openvino-bf16",
}
SEED = 0
CONFIDENCE = 0.9
TRIALS = 24  # mixes: enough to optimise against a model, in a second
BUDGETS = 6  # over the measured designs; each split takes two of them, so that there are many splits
MOST_SPLITS = 60
DIGITS = 6  # of figures that are kept


def choose(stacks: Iterable[str], least: int) -> tuple[list[Pick], list[Said]]:
    """Choose at least so many different designs for each stack, and price them.

    Returns
    -------
    tuple
        The choices; and what each stack's models say: the choosing half, the other half of its split and the model of all evidence
        of the stack's own choices; all of them of its checks; the model of all evidence of other stacks' choices.
    """
    stacks, picks = tuple(stacks), list[Pick]()
    models: dict[str, dict[tuple[int, int], DeviceModel]] = {}
    for stack in stacks:
        own, models[stack] = _choose(stack, least)
        picks += own
    said = [one for stack in stacks for one in _all_said(stack, picks, models[stack])]
    return picks, said


def _choose(stack: str, least: int) -> tuple[list[Pick], dict[tuple[int, int], DeviceModel]]:
    whole, accuracy = load_model(stack), model_for("", Space().resolution)
    space, _ = keep_identified(Space(), whole.identified)
    table = CostTable(whole, accuracy)
    budgets = budgets_of(stack, BUDGETS)
    models, picks = {(WHOLE, WHOLE): whole}, list[Pick]()
    for split in range(MOST_SPLITS):
        for half in (0, 1):
            model = models[split, half] = refit(stack, once_in_half(SEED, split, half))
            own = table.refitted(model, accuracy)
            for budget in budgets[split % (BUDGETS // 2) :: BUDGETS // 2]:
                spec = StudySpec(
                    stack, budget, CONFIDENCE, TRIALS, seed=SEED + 1 + 2 * split + half, space=space
                )
                scorer = Scorer(model, accuracy, own, budget, CONFIDENCE)
                found = search_mixes(spec, scorer, "chosen").chosen
                if found is not None:
                    chance = whole.p_fits(whole.featurise(found.arch.to_graph())[None], budget)[0]
                    picks.append(
                        Pick(
                            stack, split, half, budget, design_id(found.arch), found.arch,
                            _short(found.p_fits), _short(chance),
                        )
                    )  # fmt: skip
        if len({one.design for one in picks}) >= least:
            break
    return picks, models


def _all_said(
    stack: str, picks: Sequence[Pick], models: Mapping[tuple[int, int], DeviceModel]
) -> Iterator[Said]:
    chosen = {one.design: one.arch for one in picks}
    graphs = _graphs({design_id(arch): arch for arch in drawn_checks(stack)})
    own = [one for one in picks if one.stack == stack]
    for by, model in models.items():
        yield from said(stack, by, model, graphs)
        about = (
            chosen
            if by == (WHOLE, WHOLE)
            else {one.design: one.arch for one in own if by in (one.by, one.other)}
        )
        yield from said(stack, by, model, _graphs(about))


def _graphs(archs: Mapping[str, Arch]) -> dict[str, Graph]:
    return {name: arch.to_graph() for name, arch in archs.items()}


def said(stack: str, by: tuple[int, int], model: DeviceModel, graphs: Mapping[str, Graph]) -> Iterable[Said]:
    """Return what a model says of designs, by their names."""
    if not graphs:
        return ()
    found = model.price(np.array([model.featurise(graph) for graph in graphs.values()]), CONFIDENCE)
    figures = (found.latency_ms, found.low_ms, found.high_ms, found.needs_ms)
    return [Said(stack, *by, name, *(_short(one[n]) for one in figures)) for n, name in enumerate(graphs)]


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
