"""What `dsim advise` would predict of each timed rewrite if its network's family had never been timed, beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.advice import Way
from dsim.advice.evidence import form_gain, operator_set_gain
from dsim.device import DeviceProfile, GradedContrast, contrasts_on
from dsim.report.table import table
from lab.claims.rewrites.networks import WITH, family
from lab.claims.rewrites.timed import Timed

COLUMNS = ("network", "rewrite", "where", "ms before", "measured, % (90%)", "predicted, %")


def predicted_percent(row: Timed, known: Sequence[GradedContrast], profile: DeviceProfile) -> float | None:
    """Return the middle change that the evidence of other families says; of merged branches, what the model of a profile says."""
    if row.rewrite.way is Way.BRANCHES:
        return row.model_percent
    others = [one for one in known if family(one.network) != family(row.network)]
    seen = contrasts_on(profile, others)
    one = row.rewrite
    gain = (
        form_gain(seen, one.before, one.after)
        if one.before and one.after
        else operator_set_gain(seen, row.side)
    )
    return None if gain is None else 100.0 * gain.middle


def rewrites_table(
    rows: Sequence[Timed], known: Sequence[GradedContrast], profile: DeviceProfile, title: str
) -> str:
    """Return the table in Markdown."""
    cells = []
    for row in rows:
        found, predicted = row.found, predicted_percent(row, known, profile)
        cells.append(
            (
                row.network.replace(WITH, " with "),
                row.rewrite.what.partition(" (" if row.rewrite.way is Way.BRANCHES else ": ")[0],
                row.where,
                f"{found.plain_ms:.3g}",
                f"{found.percent:+.1f} ({found.low_percent:+.1f} to {found.high_percent:+.1f})",
                "-" if predicted is None else f"{predicted:+.1f}",
            )
        )
    return table(title, COLUMNS, cells, numbers=COLUMNS[3:]).markdown()
