"""Time what `dsim advise` can write on this processor, and show what its evidence predicts beside it.

Each network of timm is exported as ONNX in an operator set that has neither layer norm nor GELU, so that both are written in steps.
Every rewrite that finds a place in it is written, compared with the file as it was, and timed in ONNX Runtime on one thread, in turns
with the file that differs from it in that rewrite alone. What is predicted comes from contrasts of other families; of merged branches,
from the model of a profile.

Usage: python -m lab.claims.rewrites --seconds 60 [--networks repvgg_a0,convnext_atto] [--keep]

Run it on the profile's chip; other work on the machine makes intervals wider. With --keep it writes the block ``rewrites`` of
lab/notes/contrasts.md and the pack ``onnxruntime`` of device_profiles/_contrasts, which `dsim advise` reads.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from lab.claims.rewrites.here import profile_here
from lab.claims.rewrites.networks import BY_TANH, NETWORKS
from lab.claims.rewrites.pack import contrasts_of, write_pack
from lab.claims.rewrites.predicted import rewrites_table
from lab.claims.rewrites.timed import Timed, measure
from lab.marked import replace_block
from lab.places import NOTES


def main() -> None:
    """Time the rewrites, and print the table or keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for each network (default %(default)s)")
    parser.add_argument(
        "--networks",
        default=",".join((*NETWORKS, *BY_TANH)),
        help="names of timm, with commas; NAME+ACTIVATION for one with another activation",
    )
    parser.add_argument("--device", default="epyc-zen4-onnxruntime", help="profile of this processor")
    parser.add_argument("--keep", action="store_true", help="write the table and the pack")
    asked = parser.parse_args()
    profile, here = profile_here(asked.device)
    names = asked.networks.split(",")
    rows: list[Timed] = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(name, asked.device, asked.seconds, Path(folder))
        print(f"{name}: {sum(row.network == name for row in rows)} rewrites timed", flush=True)
    known = contrasts_of(rows, profile)
    title = f"{len(rows)} rewrites in {len(names)} networks: {here}"
    text = rewrites_table(rows, known, profile, title)
    print(text)
    if asked.keep:
        replace_block(NOTES / "contrasts.md", "rewrites", text)
        write_pack(known)


if __name__ == "__main__":
    main()
