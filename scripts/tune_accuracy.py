"""Choose the accuracy model's hyper-parameters on all results, by marginal likelihood, and store them.

    python scripts/tune_accuracy.py

The figures of docs/accuracy.md do not come from these: `dsim.accuracy.validate` tunes again without the families that
it is about to predict.
"""

from __future__ import annotations

import json

from dsim.accuracy.cache import HYPERPARAMETERS_FILE
from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.model import log_errors
from dsim.accuracy.points import points_of, scaling_of
from dsim.accuracy.tables import FOLDER
from dsim.accuracy.tune import tune

if __name__ == "__main__":
    evidence = load_evidence()
    values = log_errors(evidence, fit_effects(load_contrasts()))
    logs = tune(points_of(evidence, scaling_of(evidence)), values - values.mean())
    (FOLDER / HYPERPARAMETERS_FILE).write_text(json.dumps(logs, indent=2) + "\n", encoding="utf-8")
    print(logs)
