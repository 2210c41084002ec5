"""Re-tabulate published ImageNet results: dsim/data/accuracy/top1.csv.

The side that a network was trained at comes from timm's own table of pretrained weights.
"""

from __future__ import annotations

from pathlib import Path

from lab.curate.raw_tables import raw_rows
from lab.curate.tables import write_table
from lab.networks.with_timm import timm_here

COLUMNS = ("network", "tag", "resolution", "train_resolution", "top1", "source", "licence")


def curate(raw: Path, out: Path) -> None:
    """Write the table.

    Raises
    ------
    ValueError
        timm does not know a row's weights.
    """
    timm = timm_here()
    published = raw_rows(raw, "top1_imagenet.csv")
    rows = sorted(published, key=lambda r: (r["timm_name"], r["recipe"], int(r["resolution"])))
    made = []
    for row in rows:
        weights = f"{row['timm_name']}.{row['recipe']}"
        config = timm.get_pretrained_cfg(weights)
        if config is None:
            raise ValueError(
                f"weights must be known to timm {timm.__version__}, got {weights!r}; mend the row or pin another timm"
            )
        trained = str(config.input_size[-1])
        made.append(
            (
                row["timm_name"],
                row["recipe"],
                row["resolution"],
                trained,
                row["top1"],
                row["source"],
                "Apache-2.0",
            )
        )
    write_table(out / "dsim/data/accuracy/top1.csv", COLUMNS, made)
