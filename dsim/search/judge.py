"""What scores the designs of a study, and one design, wherever it comes from."""

from __future__ import annotations

from dsim.arch import Arch
from dsim.device.find import find_profile
from dsim.rounding import finite
from dsim.search.amounts import Ceiling
from dsim.search.candidate import Candidate
from dsim.search.pricer import LatencyPricer
from dsim.search.score import AccuracyPredictor, Scorer, Scores
from dsim.search.spec import StudySpec
from dsim.search.table import CostTable, Floats
from dsim.search.tables import Tables


def scorer_of(
    spec: StudySpec, latency: LatencyPricer, accuracy: AccuracyPredictor, tables: Tables | None = None
) -> Scorer:
    """Return what scores the designs of a study, its limits included.

    Parameters
    ----------
    latency, accuracy
        Models of its device, and of its recipe or its task.
    tables
        Of studies that share their work, see `Tables`.
    """
    ceiling = (
        Ceiling.on([find_profile(spec.device)], spec.limits, spec.image is not None) if spec.limits else None
    )
    table = CostTable(latency, accuracy, spec.task.classes if spec.task else None, spec.image, ceiling)
    shared = table if tables is None else tables.shared(spec, table)
    return Scorer(latency, accuracy, shared, spec.budget_ms, spec.confidence)


def judge(arch: Arch, scorer: Scorer, name: str = "") -> Candidate:
    """Score one design, wherever it comes from."""
    row = scorer.table.whole(arch)[None]
    return candidate_of(name, arch, scorer, row, scorer.score(row))


def candidate_of(name: str, arch: Arch, scorer: Scorer, row: Floats, score: Scores) -> Candidate:
    """Return a design whose joined row (1, F + S) was scored."""
    arch = scorer.table.deployed(arch)
    graphs = [piece.graph for piece in scorer.table.priced(arch)]
    return Candidate(
        arch,
        float(score.latency_ms[0]),
        float(score.low_ms[0]),
        float(score.high_ms[0]),
        float(scorer.p_fits(row)[0]),
        float(score.top1[0]),
        float(score.top1_low[0]),
        float(score.top1_high[0]),
        sum(graph.params for graph in graphs),
        sum(graph.macs for graph in graphs),
        name,
        finite(float(score.needs_ms[0])),
    )
