"""Write dsim/data/apart.npz: held-out predictions that intervals of the nearer questions rest on (`dsim.latency.apart`).

Usage: python -m lab.validate.held_apart [--fresh] [NAME ...]

What was made of the present evidence is kept; --fresh makes all anew. Takes about ten minutes of one core. Profiles learned from
operators are left out: holding each network out alone takes hours of forests there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_names
from dsim.files import write_atomic
from dsim.graph.key import NetworkKey
from dsim.latency.apart import FILE, Logs, apart_to_bytes, as_kept, names_of, read_apart
from dsim.latency.evidence import Times
from dsim.latency.hold_out import hold_out
from dsim.latency.learner import Learner
from dsim.latency.learners import learner_of, rests_on
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.question import Question
from dsim.threads import one_blas_thread

BETWEEN = "\t"


def alone(learner: Learner[Any, Any], evidence: Any) -> Logs:
    """Predict every figure without its network, at any resolution; its family is known."""
    names = np.array([NetworkKey.of(key).name for key in evidence.figures.keys])
    found = hold_out(learner, replace(evidence, family=names))
    return found.log_ms, found.spread


def without_laboratory(learner: Learner[Any, Any], evidence: PooledEvidence) -> Logs:
    """Predict every figure without its family and without all that its laboratory measured."""
    both = np.array(
        [f"{row.lab}{BETWEEN}{name}" for (_, row), name in zip(evidence.rows, evidence.family, strict=True)]
    )
    split = replace(evidence, family=both)
    log_ms, spread = (np.full(len(both), np.nan) for _ in range(2))
    for pair in np.unique(both):
        lab, family = str(pair).split(BETWEEN)
        times = Times(lambda name, lab=lab, family=family: int(other(name, lab, family)))  # type: ignore[misc]
        if split.left(times) < learner.needs:
            continue
        rows = np.flatnonzero(both == pair)
        said = split.predict(learner.learn(split, times), rows)
        log_ms[rows], spread[rows] = said.log_ms, said.spread
    return log_ms, spread


def other(name: str, lab: str, family: str) -> bool:
    """Tell whether figures are of neither; a contrast and a donor's figure have a family alone."""
    own_lab, _, own_family = name.rpartition(BETWEEN)
    return own_family != family and (not own_lab or own_lab != lab)


def found_of(learner: Learner[Any, Any], evidence: Any) -> Iterator[tuple[Question, Logs]]:
    """Hold out what each question asks."""
    yield Question.VARIANT, alone(learner, evidence)
    if isinstance(evidence, PooledEvidence) and len({row.lab for _, row in evidence.rows}) > 1:
        yield Question.KNOWN, without_laboratory(learner, evidence)


@one_blas_thread()
def main() -> None:
    """Write the file, after each profile or pool."""
    known = {} if "--fresh" in sys.argv else read_apart()
    asked = [name for name in sys.argv[1:] if not name.startswith("--")]
    found: dict[str, Logs] = dict(known) if asked else {}
    done: set[str] = set()
    for name in asked or bundled_names():
        profile = bundled_profile(name)
        learner = learner_of(profile)
        if profile.method in ("operators", "few-shot"):
            continue
        evidence = learner.gather(profile)
        kept = names_of(evidence, rests_on(profile))
        if kept[Question.VARIANT] in done:
            continue  # a pool is learned at once
        done.add(kept[Question.VARIANT])
        if kept[Question.VARIANT] in known:
            found |= {key: known[key] for key in kept.values() if key in known}
            continue
        found |= {kept[question]: as_kept(evidence, logs) for question, logs in found_of(learner, evidence)}
        print(f"{name}: {len(evidence.figures.keys)} figures", flush=True)
        write_atomic(FILE, apart_to_bytes(found))
    write_atomic(FILE, apart_to_bytes(found))


if __name__ == "__main__":
    main()
