"""Time the accuracy model: learning it with an empty cache, and predicting many designs; asked beside reached.

Usage: python benchmarks/accuracy_speed.py
"""

from __future__ import annotations

import os
import tempfile
import time

os.environ["DSIM_CACHE"] = tempfile.mkdtemp(prefix="dsim-benchmark-")

import numpy as np

from dsim.accuracy.learn import load_accuracy_model
from dsim.arch import PRESETS

DESIGNS = 50_000
ASKED_S = {"learn": 10.0, "predict": 2.0}


def main() -> None:
    """Print processor seconds, asked beside reached."""
    start = time.process_time()
    model = load_accuracy_model()
    reached = {"learn": time.process_time() - start}
    rows = np.array([model.summarise(arch.to_graph()) for arch in PRESETS.values()])
    many = np.repeat(rows, DESIGNS // len(rows) + 1, axis=0)[:DESIGNS]
    start = time.process_time()
    model.predict(many)
    reached["predict"] = time.process_time() - start
    for what, seconds in reached.items():
        print(f"{what:8s} {seconds:6.2f} s of processor time, asked: under {ASKED_S[what]:g} s")
    print(f"predict is for {DESIGNS:,} designs")


if __name__ == "__main__":
    main()
