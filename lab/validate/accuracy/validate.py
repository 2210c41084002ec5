"""How far off the accuracy model is on families it has never seen: every table of lab/notes/accuracy.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.accuracy.cache import load_accuracy_model
from dsim.accuracy.effects import Effects, fit_effects, load_contrasts
from dsim.accuracy.evidence import Results, load_evidence
from dsim.accuracy.model import fit
from dsim.accuracy.summary import summarise
from dsim.arch import get_preset
from dsim.threads import one_blas_thread
from lab.validate.accuracy.growth import Growth, audit_growth
from lab.validate.accuracy.holdout import HeldOut, hold_out
from lab.validate.accuracy.kin import Kinned, by_kin
from lab.validate.accuracy.pairs import Pair, effect_pairs, structure_pairs
from lab.validate.accuracy.published import PUBLISHED
from lab.validate.accuracy.scores import Scores, clustered_interval, score
from lab.validate.accuracy.width import Width, take_apart

SLICE_GMACS = 3.0
SLICE_TOP1 = (76.0, 82.5)
FAMILY = "efficientformer"


@dataclass(frozen=True, slots=True)
class Published:
    """A published network without its family's rows, at the reference recipe."""

    network: str
    published: float
    predicted: float
    low: float
    high: float


@dataclass(frozen=True)
class HeldResult:
    """One way of holding out: by family, or by lineage.

    Attributes
    ----------
    everything, slice_scores, inside, known, outside
        All checkpoints; those under 3 GMACs with 76 to 82.5%; those within the region of a network of another group, of these
        the ones whose recipe is known, and those beyond it (None where there are none).
    per_group_mean
        Mean over groups of the group's mean absolute error: what to expect of one new group.
    coverage_interval
        90% confidence interval of the coverage, resampling groups.
    known_coverage_interval
        The same within the region at a known recipe.
    groups
        Scores of each group, worst total error first.
    layouts
        Which layout each fold chose.
    """

    everything: Scores
    slice_scores: Scores
    inside: Scores
    known: Scores
    outside: Scores | None
    per_group_mean: float
    coverage_interval: tuple[float, float]
    known_coverage_interval: tuple[float, float]
    groups: tuple[tuple[str, Scores], ...]
    layouts: tuple[str, ...]


@dataclass(frozen=True)
class Validation:
    """All tables."""

    networks: int
    checkpoints: int
    families: HeldResult
    lineages: HeldResult
    width: Width
    kin: Kinned
    published: tuple[Published, ...]
    structure: tuple[Pair, ...]
    effects: tuple[Pair, ...]
    growth: Growth


@one_blas_thread()
def validate() -> Validation:
    """Hold every family out, then every lineage; takes about five minutes, since all choices are made anew each time."""
    evidence = load_evidence()
    effects = fit_effects(load_contrasts())
    by_family = hold_out(evidence, effects, evidence.families)
    by_lineage = hold_out(evidence, effects, evidence.lineages)
    return Validation(
        networks=len({n for n, c in zip(evidence.networks, evidence.is_checkpoint, strict=True) if c}),
        checkpoints=int(evidence.is_checkpoint.sum()),
        families=_held(evidence, by_family, evidence.families),
        lineages=_held(evidence, by_lineage, evidence.lineages),
        width=take_apart(evidence, effects, by_family, np.flatnonzero(_known(evidence, by_family))),
        kin=by_kin(evidence, effects, by_family, load_accuracy_model()),
        published=_published(evidence, effects, by_family),
        structure=structure_pairs(evidence, by_family),
        effects=effect_pairs(),
        growth=audit_growth(load_accuracy_model()),
    )


def _held(evidence: Results, held_out: HeldOut, groups: tuple[str, ...]) -> HeldResult:
    def scores(rows: np.ndarray) -> Scores:
        return score(evidence.top1[rows], held_out.top1[rows], held_out.low[rows], held_out.high[rows])

    keep = evidence.is_checkpoint
    low, high = SLICE_TOP1
    inside_slice = keep & (evidence.gmacs < SLICE_GMACS) & (evidence.top1 >= low) & (evidence.top1 <= high)
    near, known = held_out.near, _known(evidence, held_out)
    labels = np.asarray(groups)
    table = [(name, scores(keep & (labels == name))) for name in sorted(set(labels[keep].tolist()))]
    hits = (evidence.top1 >= held_out.low) & (evidence.top1 <= held_out.high)

    def covers(rows: np.ndarray) -> tuple[float, float]:
        return clustered_interval(hits[rows].astype(np.float64), tuple(labels[rows].tolist()))

    return HeldResult(
        everything=scores(keep),
        slice_scores=scores(inside_slice),
        inside=scores(keep & near),
        known=scores(known),
        outside=scores(keep & ~near) if (keep & ~near).any() else None,
        per_group_mean=float(np.mean([s.mean_absolute for _, s in table])),
        coverage_interval=covers(keep),
        known_coverage_interval=covers(known),
        groups=tuple(sorted(table, key=lambda item: -item[1].rows * item[1].mean_absolute)),
        layouts=tuple(choice.layout for choice in held_out.choices),
    )


def _known(evidence: Results, held_out: HeldOut) -> np.ndarray:
    """Tell which checkpoints lie within the region and have a recipe that a source states, shape (N,) of bool."""
    stated = np.array([recipe.is_known for recipe in evidence.recipes])
    return np.asarray(evidence.is_checkpoint & held_out.near & stated)


def _published(evidence: Results, effects: Effects, by_family: HeldOut) -> tuple[Published, ...]:
    """Predict the family that the search starts from, by a model that has none of its rows."""
    strangers = [k for k, family in enumerate(evidence.families) if family != FAMILY]
    fold = int(by_family.fold[evidence.families.index(FAMILY)])
    choice = by_family.choices[fold]
    model = fit(evidence.take(strangers), effects, choice.layout, choice.logs)
    summaries = np.array([summarise(get_preset(name).to_graph()) for name in PUBLISHED])
    answer = model.predict(summaries)
    return tuple(
        Published(name, top1, float(answer.top1[k]), float(answer.low[k]), float(answer.high[k]))
        for k, (name, top1) in enumerate(PUBLISHED.items())
    )
