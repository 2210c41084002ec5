"""Score the profiles that dsim measured on the designs that they learned from, each left out in turn, and write the table.

Usage: python -m lab.validate.learned_designs (rewrites the block ``learned designs`` of lab/notes/measuring.md)

What is changed in the model is chosen by these figures: the checks stay out of it, and out of every fold.
"""

from __future__ import annotations

import numpy as np

from dsim.device import find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.evidence import ALL
from dsim.latency.families import DESIGN
from dsim.latency.learners import learner_of
from dsim.latency.networks import own_graphs, stored
from dsim.latency.scoring import spearman
from dsim.report.table import table
from lab.marked import replace_block
from lab.places import NOTES

NAMES = ("epyc-zen4-onnxruntime", "epyc-zen4-openvino", "epyc-zen4-openvino-bf16", "epyc-zen3-openvino")
FOLDS = 5


def left_out(profile: DeviceProfile) -> tuple[np.ndarray, np.ndarray]:
    """Return measured and predicted milliseconds (N,) of the designs learned from, each by a model without its fold."""
    whole = {row.graph: row.latency_ms for row in profile.networks if row.counts}
    designs = sorted(key for key in whole if key.startswith(DESIGN))
    graphs = stored(set(designs), own_graphs((profile,)))
    learner = learner_of(profile)
    order = np.random.default_rng(1).permutation(len(designs))
    measured, predicted = [], []
    for fold in range(FOLDS):
        out = {designs[n] for n in order[fold::FOLDS]}
        evidence = learner.gather(profile, lambda _, key, out=out: key not in out)  # type: ignore[misc]
        pricing = learner.learn(evidence, ALL)
        keys = sorted(out)
        kernels = [[one.kernel for one in pricing.kernels(graphs[key], profile.passes)] for key in keys]
        log, _ = pricing.log_ms(np.array([pricing.vectors(own).sum(0) for own in kernels]))
        measured += [whole[key] for key in keys]
        predicted += np.exp(log).tolist()
    return np.array(measured), np.array(predicted)


def main() -> None:
    """Rewrite the table."""
    rows = []
    for name in NAMES:
        measured, predicted = left_out(find_profile(name))
        error = predicted / measured - 1.0
        rows.append(
            (
                name,
                str(len(error)),
                f"{100 * np.median(np.abs(error)):.1f}",
                f"{100 * np.median(error):+.1f}",
                f"{100 * np.std(np.log(predicted / measured)):.1f}",
                f"{100 * np.mean(np.abs(error) <= 0.05):.1f}",
                f"{100 * np.mean(np.abs(error) <= 0.1):.1f}",
                f"{spearman(measured, predicted):.4f}",
            )
        )
    columns = ("profile", "designs", "median %", "bias %", "spread %", "within 5%", "within 10%", "Spearman")
    made = table(
        "Designs learned from, left out a fifth at a time",
        columns,
        rows,
        columns[1:],
        "Bias: the median error with its sign. Spread: one standard deviation of the log of predicted over measured.",
    )
    replace_block(NOTES / "measuring.md", "learned designs", made.markdown())


if __name__ == "__main__":
    main()
