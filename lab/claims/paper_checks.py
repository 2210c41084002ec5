"""Check the EfficientFormer paper's statements on every profile, and write studies/paper-checks.

Usage: python -m lab.claims.paper_checks
"""

from __future__ import annotations

import sys
import tomllib

from dsim.errors import InvalidValueError
from dsim.files import write_atomic
from lab.claims.paper import run_checks
from lab.claims.paper.files import checks_frame
from lab.claims.paper.report import paper_markdown
from lab.claims.paper.rule import CONFIDENCE
from lab.places import STUDIES

FOLDER = STUDIES / "paper-checks"
HEAD = """# The EfficientFormer paper's statements, device by device

Written by `make paper-checks` from `study.toml`; every piece of evidence is a row of `checks.parquet`. Statements are those of
[arXiv 2206.01191](https://arxiv.org/abs/2206.01191). Measured evidence comes first: two networks that one laboratory timed in one
protocol, contrasts and blocks that dsim timed, operators timed inside networks. Models are asked only where nothing was measured,
the operators are covered, and the prices are the profile's own.

The paper speaks of an iPhone 12; a verdict elsewhere says whether a statement carries over. A profile is chip, runtime and batch
together; profiles named `rtx` time batches (throughput). A verdict speaks of that stack and of the networks in its evidence, not of
all networks. The rules use the noise floors that dsim had before (3% between runs of one laboratory, 6% between sources) and were
committed before the first run; tables that the docs already print (dsim's contrasts, the paper's own figures) were known. Four
things changed after it, and no threshold did: attention was split by stage, a stated reading error is no longer widened by rounding,
a stem is predicted only where its kernels were timed in like size, and the interval of a median is exact instead of drawn.

The interval of a measured pair is 3% and both errors of reading, added up. Of several pieces the figure is the median, and the range
goes from the smallest to the largest.
"""


def main() -> None:
    """Run the study and write its two results."""
    inputs = tomllib.loads((FOLDER / "study.toml").read_text(encoding="utf-8"))
    if inputs["confidence"] != CONFIDENCE:
        raise InvalidValueError(
            f"confidence must be {CONFIDENCE}, the level of the measured contrasts, got {inputs['confidence']}; set it back"
        )
    devices = inputs["devices"]
    checks = run_checks(devices, inputs["seed"], lambda name: print(name, file=sys.stderr, flush=True))
    checks_frame(checks).write_parquet(FOLDER / "checks.parquet", compression="zstd")
    write_atomic(FOLDER / "README.md", f"{HEAD}\n{paper_markdown(checks, devices).strip()}\n")


if __name__ == "__main__":
    main()
