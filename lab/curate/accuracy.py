"""Re-tabulate published ImageNet results into dsim/data/accuracy/top1.csv.

    python -m lab.curate.accuracy FOLDER

FOLDER holds top1_imagenet.csv (timm's results, Apache-2.0). The training resolution comes from timm's own table of
pretrained weights, so this script needs timm; users and tests do not.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from timm.models import get_pretrained_cfg

TARGET = Path(__file__).resolve().parents[2] / "dsim" / "data" / "accuracy" / "top1.csv"
COLUMNS = ("network", "tag", "resolution", "train_resolution", "top1", "source", "licence")


def main(folder: Path) -> None:
    """Write the table."""
    with (folder / "top1_imagenet.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    with TARGET.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in sorted(rows, key=lambda r: (r["timm_name"], r["recipe"], int(r["resolution"]))):
            config = get_pretrained_cfg(f"{row['timm_name']}.{row['recipe']}")
            if config is None:
                raise SystemExit(f"timm has no weights {row['timm_name']}.{row['recipe']}")
            size = config.input_size[-1]
            cells = (
                row["timm_name"],
                row["recipe"],
                row["resolution"],
                size,
                row["top1"],
                row["source"],
                "Apache-2.0",
            )
            writer.writerow(cells)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
