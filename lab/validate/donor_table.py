"""Make dsim/data/donors.npz anew: what every bundled device says of the reference networks.

Usage: python -m lab.validate.donor_table [--reuse]

Wanted after every change of a bundled profile's figures, of the stored graphs, or of the format of fits
(dsim/data/fits.toml). Until then nobody is told anything old, but every first `dsim device add` learns it all. Takes some
minutes. With --reuse, donors whose own figures have not changed are taken from the cache.
"""

from __future__ import annotations

import os
import sys
import tempfile

from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.shipped import FILE, evidence_key, write_shipped
from dsim.latency.methods.few_shot.table import make_shipped
from dsim.report.progress import shown


def main() -> None:
    """Make the file."""
    FILE.unlink(missing_ok=True)  # or it would be read in place of what it is made of
    with tempfile.TemporaryDirectory() as folder:
        if "--reuse" not in sys.argv[1:]:
            os.environ["DSIM_CACHE"] = folder
        with shown():
            content = make_shipped(learner_of)
    write_shipped(FILE, evidence_key(), content)
    print(f"{FILE}: {content.said.shape[0]} networks, {content.said.shape[1]} devices", file=sys.stderr)


if __name__ == "__main__":
    main()
