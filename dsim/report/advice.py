"""Show advice: what to rewrite, what would need retraining, and what was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsim.advice import Advice, Change, Gain, Rewrite, Verdict, Written
from dsim.report.console import result_console, show_line, show_table
from dsim.report.table import TableData, table

COLUMNS = ("rewrite", "places", "time", "note")
DETAILS = "`--details` shows what else was looked at."


def show_advice(advice: Advice, details: bool = False) -> None:
    """Print advice.

    Parameters
    ----------
    details
        Also print rewrites that made no difference, and those of which nothing is known.
    """
    console = result_console()
    show_line(console, f"{advice.model} on {advice.device}:", f"{advice.answer} ({advice.stack}).")
    console.print()
    if advice.proposed:
        show_table(console, rewrite_table("Rewrites that keep what it computes", advice.proposed))
    if advice.changes:
        show_table(console, change_table(advice.changes))
    rest = [one for one in advice.rewrites if one.verdict is not Verdict.PROPOSED]
    if details and rest:
        show_table(console, rewrite_table("Not proposed", rest))
    elif rest:
        show_line(console, f"Not proposed: {len(rest)}.", DETAILS)
    if advice.written:
        show_written(advice.written)
    for note in advice.notes:
        show_line(console, "Note:", note)


def rewrite_table(title: str, rewrites: Sequence[Rewrite]) -> TableData:
    """Return the table of rewrites, with evidence and scope."""
    rows = [
        (
            one.what,
            str(one.places),
            str(one.verdict) if one.gain is None else f"{_no_gain(one)}{one.gain}",
            one.says,
        )
        for one in rewrites
    ]
    return table(title, COLUMNS, rows, numbers=("places",), note=_note(one.gain for one in rewrites))


def _note(gains: Iterable[Gain | None]) -> str:
    """Say through what the changes were timed, and that they are no promise."""
    through = dict.fromkeys(name for gain in gains if gain for name in gain.through)
    if not through:
        return ""
    return f"Changes of time were seen in the networks named, timed through {'; '.join(through)}. They are no promise for this network."


def _no_gain(one: Rewrite) -> str:
    return f"{one.verdict}: " if one.verdict is Verdict.NO_GAIN else ""


def change_table(changes: Sequence[Change]) -> TableData:
    """Return the table of changes after which a network must be trained anew."""
    rows = [(one.what, str(one.places) if one.places else "all", str(one.gain), one.drop) for one in changes]
    title = "Needs retraining: another function"
    return table(
        title, ("change", "places", "time", "top-1"), rows, ("places",), _note(one.gain for one in changes)
    )


def show_written(written: Written) -> None:
    """Print what was written, and how near its outputs are to those of the file that was read."""
    console = result_console()
    for done in written.done:
        show_line(console, "Written:", done)
    opset = (
        f"; operator set {written.opset_before} became {written.opset_after}"
        if written.opset_before != written.opset_after
        else ""
    )
    show_line(
        console,
        f"{written.path}:",
        f"outputs differ by at most {written.largest_difference:.1e} (values up to {written.largest_value:.3g}, rounding may make "
        f"{written.allowed:.1e}), over {written.runs} runs on random inputs in {written.by}{opset}",
    )
