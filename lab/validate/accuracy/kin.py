"""How far estimates are off that rest on other networks of the family: what dsim says of its own designs, whose kin is EfficientFormer.

Each network is predicted from its own family and all others, without itself and without siblings that are nearer than some distance, or
that mix tokens in the same way. Its interval is calibrated as a design's is: on networks of other families, without siblings nearer than
`dsim.accuracy.kin.KIN_REGION`. Hyper-parameters are those that were chosen without its family.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr

from dsim.accuracy.covariance import Points, structure_coordinates
from dsim.accuracy.effects import Effects, deviations, log_errors
from dsim.accuracy.evidence import Results
from dsim.accuracy.kin import FAMILY, KIN_REGION, leave_siblings_out
from dsim.accuracy.misses import REGION, group_quantiles
from dsim.accuracy.model import AccuracyModel
from dsim.accuracy.points import points_of, questions, scaling_of
from dsim.accuracy.process import covariance
from dsim.accuracy.summary import INDEX, FloatArray
from dsim.search.random_designs import random_design
from dsim.search.space import Space
from lab.validate.accuracy.holdout import LEVEL, HeldOut
from lab.validate.accuracy.scores import Scores, clustered_interval, score

TWINS = 0.05  # nearer than this two networks are one that was trained twice
DRAWN = 600  # designs of the default space
MIXING = ("softmaxes", "layers_dw_large", "layers_dw_small")
POOLED = 2  # poolings that a stem or a head may have: more of them mix tokens
RADII = {
    "": TWINS,
    " and siblings nearer than a quarter of the region": 0.25 * REGION,
    " and siblings nearer than half of it": 0.5 * REGION,
    " and siblings nearer than three quarters of it": KIN_REGION,
}
LINES = " and all that mix tokens alike"
ALONE = "its own results"


@dataclass(frozen=True, slots=True)
class Left:
    """Networks that were predicted without some results.

    Attributes
    ----------
    what
        Which ones.
    trained_alike
        Whether a sibling that was left had been trained by the same row of the table of recipes.
    families
        How many.
    scores
        Of released checkpoints, within the region of a sibling that was left.
    by_family
        Mean over families of the coverage.
    interval
        90% confidence interval of the coverage, resampling families.
    """

    what: str
    trained_alike: bool
    families: int
    scores: Scores
    by_family: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class FromKin:
    """One network of EfficientFormer's family, predicted from the others without its own version (V1 or V2)."""

    network: str
    published: float
    predicted: float
    low: float
    high: float
    distance: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """Random designs of the default space.

    Attributes
    ----------
    designs
        How many.
    near, far
        5 and 95% lie nearer to EfficientFormer's nearest network.
    by_kin
        Share of those that are estimated from it, [0, 1].
    width, foreign_width
        Median width of their 90% intervals in points, and what it would be for networks of no known family.
    shift
        Median change of the estimate in points.
    spearman
        Rank correlation of lower ends by both.
    """

    designs: int
    near: float
    far: float
    by_kin: float
    width: float
    foreign_width: float
    shift: float
    spearman: float


@dataclass(frozen=True)
class Kinned:
    """All of it."""

    rows: tuple[Left, ...]
    versions: tuple[FromKin, ...]
    drawn: Drawn


@dataclass
class _Said:
    """What was predicted for each row, shape (N,); nan where nothing was."""

    middle: FloatArray
    low: FloatArray
    high: FloatArray
    distance: FloatArray
    alike: NDArray[np.bool_]


def _unsaid(count: int) -> _Said:
    middle, low, high, distance = np.full((4, count), np.nan)
    return _Said(middle, low, high, distance, np.zeros(count, dtype=bool))


def by_kin(evidence: Results, effects: Effects, held_out: HeldOut, model: AccuracyModel) -> Kinned:
    """Predict networks from their kin, with the choices of a hold-out by family; designs are told of by the fitted model."""
    said = _predict(evidence, effects, held_out)
    rows, drawn = [], draw_designs(model)
    for alike in (True, False):
        rows += [_left(evidence, f"{ALONE}{what}", alike, [one]) for what, one in said.items()]
        within = (drawn.near, KIN_REGION)
        rows.append(
            _left(evidence, "as far from siblings as designs", alike, list(said.values())[:-1], within)
        )
    versions = said[LINES]
    return Kinned(
        tuple(rows),
        tuple(
            FromKin(
                evidence.networks[k],
                float(evidence.top1[k]),
                float(versions.middle[k]),
                float(versions.low[k]),
                float(versions.high[k]),
                float(versions.distance[k]),
            )
            for k in range(len(evidence))
            if evidence.families[k] == FAMILY and evidence.is_checkpoint[k]
        ),
        drawn,
    )


def draw_designs(model: AccuracyModel, count: int = DRAWN, seed: int = 0) -> Drawn:
    """Draw designs of the default space, and look where they lie and what is said of them."""
    random, surrogate = Random(seed), model.surrogate
    table = np.array([model.summarise(random_design(random, Space()).to_graph()) for _ in range(count)])
    kin = model.kin_for(None, designs=True)
    assert kin is not None
    where, there = (
        structure_coordinates(points, surrogate.logs)
        for points in (questions(table, model.scaling), surrogate.known.take(kin.rows))
    )
    near, far = np.quantile(cdist(where, there).min(1), (0.05, 0.95))
    foreign, own = model.predict(table), model.predict(table, designs=True)
    told = own.by_kin
    return Drawn(
        count,
        float(near),
        float(far),
        float(told.mean()),
        float(np.median((own.high - own.low)[told])),
        float(np.median((foreign.high - foreign.low)[told])),
        float(np.median((own.top1 - foreign.top1)[told])),
        float(spearmanr(own.low, foreign.low)[0]),
    )


def lines_of(evidence: Results) -> NDArray[np.int64]:
    """Return the number of each network's line, shape (N,): networks of a family that mix tokens alike; EfficientFormer's are its two versions."""
    names = []
    for network, family, row in zip(evidence.networks, evidence.families, evidence.summaries, strict=True):
        mixing = (*(bool(row[INDEX[name]]) for name in MIXING), bool(row[INDEX["pools"]] > POOLED))
        version = network.startswith("efficientformerv2")
        names.append(f"{family}:{version if family == FAMILY else mixing}")
    return np.asarray(np.unique(names, return_inverse=True)[1])


def _predict(evidence: Results, effects: Effects, held_out: HeldOut) -> dict[str, _Said]:
    values = log_errors(evidence.summaries, evidence.top1, effects)
    effect, effect_variance = effects.apply(evidence.summaries)
    families, count = np.asarray(evidence.families), len(evidence)
    lines = lines_of(evidence)
    said = {what: _unsaid(count) for what in (*RADII, LINES)}
    for fold, choice in enumerate(held_out.choices):
        offset = float(values[held_out.fold != fold].mean())
        points = points_of(evidence, scaling_of(evidence, choice.layout))
        matrix, center = covariance(points, choice.logs), values - offset

        logs = choice.logs
        found = {
            what: leave_siblings_out(matrix, center, points, logs, nearer) for what, nearer in RADII.items()
        }
        in_lines = Points(points.groups, {**points.labels, "network": lines}, points.unstated)
        found[LINES] = leave_siblings_out(matrix, center, in_lines, logs, TWINS)
        spreads = {
            what: deviations(one.deviation**2, effect_variance, np.exp(one.mean + offset))
            for what, one in found.items()
        }
        far = found[list(RADII)[-1]]
        answers, misses = far.answers(points), np.abs(center - far.mean) / spreads[list(RADII)[-1]]
        for family in sorted(set(families[held_out.fold == fold].tolist())):
            others = answers & (families != family)
            reach = float(
                np.quantile(group_quantiles(misses[others], tuple(families[others].tolist())), LEVEL)
            )
            for what, one in found.items():
                asked = (families == family) & (one.distance <= REGION) & (points.unstated == 0)
                error, half = np.exp(one.mean[asked] + offset), reach * spreads[what][asked]
                out = said[what]
                best = 100.0 + effect[asked]
                out.middle[asked] = best - error
                out.low[asked], out.high[asked] = best - error * np.exp(half), best - error * np.exp(-half)
                out.distance[asked], out.alike[asked] = one.distance[asked], one.trained_alike[asked]
    return said


def _left(
    evidence: Results, what: str, alike: bool, said: list[_Said], within: tuple[float, float] = (0.0, np.inf)
) -> Left:
    """Score what was said of rows at some distances; a row of which several things were said counts as often."""
    near, far = within
    picks = [
        np.flatnonzero(
            evidence.is_checkpoint & (one.alike == alike) & (one.distance >= near) & (one.distance <= far)
        )
        for one in said
    ]
    middle, low, high = (
        np.concatenate([getattr(one, name)[rows] for one, rows in zip(said, picks, strict=True)])
        for name in ("middle", "low", "high")
    )
    rows = np.concatenate(picks)
    top1, families = evidence.top1[rows], np.asarray(evidence.families)[rows]
    hits = ((top1 >= low) & (top1 <= high)).astype(np.float64)
    names = sorted(set(families.tolist()))
    return Left(
        what,
        alike,
        len(names),
        score(top1, middle, low, high),
        float(np.mean([hits[families == name].mean() for name in names])),
        clustered_interval(hits, tuple(families.tolist())),
    )
