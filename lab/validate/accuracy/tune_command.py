"""Choose the accuracy model's hyper-parameters on all results, by marginal likelihood, and store them.

    python -m lab.validate.accuracy.tune_command

The figures of docs/accuracy.md do not come from these: `lab.validate.accuracy.validate` tunes again without the families that
it is about to predict.
"""

from __future__ import annotations

import json

from dsim.accuracy.cache import HYPERPARAMETERS_FILE
from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.tables import FOLDER
from lab.validate.accuracy.tune import choose

if __name__ == "__main__":
    evidence = load_evidence()
    ranking = choose(evidence, fit_effects(load_contrasts()), evidence.families)
    for choice in ranking:
        print(f"{choice.layout}: {choice.error:.3f}")
    best = {"layout": ranking[0].layout, "logs": ranking[0].logs}
    (FOLDER / HYPERPARAMETERS_FILE).write_text(json.dumps(best, indent=2) + "\n", encoding="utf-8")
