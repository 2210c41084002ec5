"""Score the profiles that dsim measured, and put the tables and the plot into lab/notes/measuring.md.

Usage: python -m lab.validate.measured_tables (needs altair and vl-convert-python for the plot)
"""

from __future__ import annotations

import tomllib

from dsim.device import find_profile
from dsim.device.batches import names_by_batch
from dsim.device.drift import MEASURED
from dsim.device.folders import bundled_names
from dsim.latency.hold_out import held_out
from dsim.measure.scores import split_networks
from dsim.report.measuring import measured_table
from dsim.report.table import TableData, table
from lab.marked import replace_block
from lab.places import NOTES
from lab.validate.chip_or_compiler import contrasts_markdown
from lab.validate.measured_plot import draw


def main() -> None:
    """Rewrite the blocks ``figures`` and ``contrasts``."""
    names = [name for name in bundled_names() if find_profile(name).group == "measured"]
    views = [find_profile(own) for name in names for own in names_by_batch(name, find_profile(name))]
    held = {profile.name: held_out(profile.name) for profile in views}
    text = "\n".join(data.markdown() for data in (measured_table(held), _what_was_measured(names)))
    replace_block(NOTES / "measuring.md", "figures", text)
    blocks = contrasts_markdown(find_profile(name) for name in names)
    replace_block(NOTES / "measuring.md", "contrasts", blocks)
    rows = [
        (name, what, one.measured_ms, one.predicted_ms)
        for name in held
        for what, networks in split_networks(name, held[name]).items()
        for one in networks
    ]
    draw(rows, NOTES / "measured.png")


def _what_was_measured(names: list[str]) -> TableData:
    rows = []
    for name in names:
        found = tomllib.loads((find_profile(name).folder / MEASURED).read_text(encoding="utf-8"))
        low, middle, high = found["sum_of_ops_over_network"]
        share = ", ".join(
            f"{label} {100 * part:.1f}%" for label, part in [*found["inserted_share"].items()][:3]
        )
        rows.append(
            (
                name,
                str(found["networks"]),
                str(found["checks"]),
                str(found["left_out_busy"]),
                str(found["failed"]),
                f"{middle:.3f} ({low:.3f} to {high:.3f})",
                share,
                f"{found['median_load']:.2f}",
            )
        )
    columns = (
        "profile",
        "learned from",
        "held out",
        "busy",
        "failed",
        "sum of ops / network",
        "inserted",
        "load",
    )
    return table(
        "What was measured",
        columns,
        rows,
        columns[1:5],
        "The sum of the operators' times over the network's: median, 5th and 95th percentile over networks. Inserted: operators "
        "of the runtime's own that stand for no op of the graph, as a share of all operators' time.",
    )


if __name__ == "__main__":
    main()
