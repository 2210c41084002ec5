"""Re-tabulate what timm says of published weights: dsim/data/checkpoints.csv.

One row for each checkpoint of top1.csv: the terms of its weights, the side that timm runs it at, and whether it takes no other. Where timm's
own configuration names no licence, or says so itself, the table says ``unknown``.
"""

from __future__ import annotations

from pathlib import Path

from dsim.accuracy.tables import read_rows
from lab.curate.tables import write_table
from lab.networks.with_timm import timm_here

COLUMNS = ("network", "tag", "px", "one_size", "licence", "source")
UNKNOWN = "unknown"


def curate(_raw: Path, out: Path) -> None:
    """Write the table.

    Raises
    ------
    ValueError
        timm does not know a row's weights.
    """
    timm = timm_here()
    made = []
    for network, tag in sorted({(row["network"], row["tag"]) for row in read_rows("top1.csv")}):
        config = timm.get_pretrained_cfg(f"{network}.{tag}")
        if config is None:
            raise ValueError(
                f"weights must be known to timm {timm.__version__}, got {network}.{tag}; mend the row or pin another timm"
            )
        one_size = "yes" if config.fixed_input_size else "no"
        source = f"timm {timm.__version__}, pretrained_cfg"
        made.append((network, tag, str(config.input_size[-1]), one_size, config.license or UNKNOWN, source))
    write_table(out / "dsim/data/checkpoints.csv", COLUMNS, made)
