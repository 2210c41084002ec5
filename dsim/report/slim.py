"""What slimming found, and the trace of how: for people."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path

from dsim.report.console import result_console, show, show_line, show_table
from dsim.report.console import step as next_step
from dsim.report.table import TableData, table
from dsim.supernet.paper_actions import QUOTED
from dsim.supernet.slim_supernet import SlimResult
from dsim.supernet.slimming import Option

ENOUGH = 100  # search images from which one is at most a point of accuracy


def show_slimmed(
    results: Sequence[SlimResult], files: Sequence[Path], data: Path, images: int, details: bool = False
) -> None:
    """Print the designs, each behind the trace that led to it, and how to train each on so many of the pictures in ``data``.

    With ``details``, the steps that were not taken stand beside those that were.
    """
    console = result_console()
    for result, file in zip(results, files, strict=True):
        if result.trace:
            show_table(console, trace_data(result))
        else:
            begins = (
                "it begins with a design that fits, and takes nothing away"
                if result.fits
                else "no step is left to take"
            )
            show_line(console, f"{_asked(result)}:", f"{begins}.")
        if details and result.actions == "paper" and result.trace and not 0 < result.images < ENOUGH:
            show_table(console, actions_data(result))
        fits = "fits" if result.fits else "does NOT fit"
        left = f"; {max(result.unused, 0.0):.0%} of the budget is left" if result.fits else ""
        show_line(
            console,
            result.device,
            f"{fits} {result.budget_ms:g} ms: predicted {result.latency_ms:.2f} ms, {_needed(result)} with a chance of "
            f"{result.confidence * 100:.6g}%{left}.",
        )
        if result.unpriced:
            kinds = ", ".join(result.unpriced)
            show_line(
                console,
                "Caution:",
                f"{result.device} has no evidence on {kinds}: the latency is an incomplete estimate.",
            )
        for change, why in result.not_identified.items():
            show_line(console, "Not considered:", f"{change}, because {why}.")
        for number, step in enumerate(result.trace, 1):
            if step.doubt:
                words = f"what step {number} changes the latency by is not identified on {result.device}"
                show_line(console, "Caution:", f"{words} ({step.doubt}).")
        for name, text in result.arch.summary().rows:
            show_line(console, f"  {name}", text)
        if result.fits:
            show_line(console, "Design", f"kept in {file}.")
        else:
            why = "these steps reach no design that fits; the last is shown"
            more = "Lower --confidence" if math.isnan(result.needs_ms) else "Raise the budget"
            show_line(console, "Next:", f"{why}. {more}, or train a supernet with a smaller --space.")
        console.print()
    first = results[0]
    show_line(
        console,
        "Sizes:",
        f"Weights were trained {first.trained}, at {first.training_px} px; latency is for {first.deployed_px} px "
        f"and {first.arch.num_classes:,} classes. Losses compare designs of this supernet alone: no design was trained to its end.",
    )
    for result, file in zip(results, files, strict=True):
        if result.fits:
            command = ["dsim", "train", str(file), "--data", str(data), "--from", str(file.parent)]
            command += ["--images", str(images), "--out", f"{file.stem}.model"]
            what = f"train the design for {result.device}, from the supernet's weights:"
            show(console, next_step(what, shlex.join(command), console.width))


def _needed(result: SlimResult) -> str:
    if math.isnan(result.needs_ms):
        return "and more than any budget can promise"
    return f"at most {result.needs_ms:.2f} ms"


def _asked(result: SlimResult) -> str:
    return f"From the supernet to {result.device} under {result.budget_ms:g} ms"


_HOW = {
    "all": "Each step is the change that raises the loss least for a millisecond, then what is left of the budget is used.",
    "paper": f"Each step is the one of the paper's three actions, {QUOTED}, that loses the fewest points for a millisecond. "
    "I is identity, MP a slot, MB3D an attention block.",
}


def trace_data(result: SlimResult) -> TableData:
    """Return the trace: what was done, and what each step lost and saved; no points where one picture is more than a point."""
    coarse = 0 < result.images < ENOUGH
    rows = [
        (
            str(number),
            step.words,
            "no budget" if math.isnan(step.needs_ms) else f"{step.needs_ms:.3f}",
            f"{step.saved_ms:+.3f}",
            f"{step.loss_rise:+.4f}",
            f"{step.accuracy_drop:+.2f}",
            f"{step.accuracy_drop / step.saved_ms:+.2f}" if step.saved_ms > 0 else "",
        )
        for number, step in enumerate(result.trace, 1)
    ]
    columns = ("step", "what", "needs ms", "saved ms", "loss rises", "points lost", "points a ms")
    shown = columns[:-2] if coarse else columns
    few = (
        f" Points of accuracy are not shown: of {result.images} search images one is {100 / result.images:.3g} points."
        if coarse
        else ""
    )
    return table(
        _asked(result),
        shown,
        [row[: len(shown)] for row in rows],
        tuple(name for name in shown if name != "what"),
        f"{_HOW[result.actions]} Loss and accuracy on the search images, with the supernet's weights.{few} "
        "Needs: the smallest budget that it fits. Saved: of the predicted time.",
    )


_ACTIONS = {"identity": "select I", "first 3D": "remove MB3D", "width": "reduce width"}


def actions_data(result: SlimResult) -> TableData:
    """Return the paper's three actions at every step, those that were not taken among them."""
    rows = []
    for number, step in enumerate(result.trace, 1):
        there = {one.kind: _fraction(one, one is step.compared[0]) for one in step.compared}
        rows.append((str(number), *(there.get(kind, "") for kind in _ACTIONS)))
    columns = ("step", *_ACTIONS.values())
    return table(
        "The three actions of each step: points lost / ms saved = points a ms",
        columns,
        rows,
        columns,
        "* is the one that was taken. An action that is not possible, or saves nothing, is left empty. --json and the kept file "
        "also say on which slot or stage each acts.",
    )


def _fraction(one: Option, taken: bool) -> str:
    """Write out what an action loses for a millisecond."""
    return f"{one.accuracy_drop:.2f} / {one.saved_ms:.3f} = {one.lost_per_ms:.2f} {'*' if taken else ' '}"
