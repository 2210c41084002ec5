"""A supernet for people: what it was trained on, what each block is worth, its loss, and what it cost."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from dsim.records import to_plain
from dsim.report.console import result_console, show, show_line, show_table, step
from dsim.report.table import TableData, table
from dsim.supernet.anchors import FLOOR, Check
from dsim.supernet.importance import stage_importance
from dsim.supernet.overview import Overview, read_overview


def supernet_facts(folder: Path) -> dict[str, Any]:
    """Return what `show_supernet` shows, as plain values."""
    found = read_overview(folder)
    header = found.header
    return {
        "folder": str(folder),
        "finished": found.finished,
        "trained": header.trained_on(),
        "importance_by": header.asked.importance,
        "training_px": header.asked.px,
        "deployed_px": header.asked.space.resolution,
        "map_sides": list(found.maps()),
        "classes": list(header.classes),
        "images": {"train": header.counts[0], "search": header.counts[1], "test": header.counts[2]},
        "split": header.split,
        "left_out": list(header.notes),
        "images_asked": header.asked.images,
        "images_planned": header.images,
        "images_seen": found.trained.images,
        "evaluated": found.evaluated,
        "importance": [to_plain(row) for row in found.importance],
        "curve": [{"images": seen, "loss": loss} for seen, loss in found.curve],
        "ledger": to_plain(found.ledger),
    }


def show_supernet(folder: Path) -> None:
    """Print a supernet."""
    console = result_console()
    found = read_overview(folder)
    header = found.header
    train, search, test = header.counts
    seen = found.trained.images
    state = f"{seen:,} images seen" if found.finished else f"{seen:,} of {header.images:,} images seen so far"
    show_line(
        console, "Supernet", f"{folder}: importance by {header.asked.importance}, on {header.name}, {state}."
    )
    show_line(
        console,
        "Images:",
        f"{len(header.classes)} classes; {train:,} to train, {search:,} to compare designs, {test:,} kept for the end "
        f"({header.split}).",
    )
    show_line(console, "Sizes:", found.sizes())
    if header.images < header.asked.images - header.asked.batch:
        show_line(
            console,
            "Time:",
            f"{header.asked.images:,} images were asked for; the time allows {header.images:,}.",
        )
    for note in header.notes:
        show_line(console, "Note:", note)
    console.print()
    if found.importance:
        show_table(console, importance_data(found))
    if found.curve:
        show_table(console, curve_data(found))
    show_table(console, ledger_data(found))
    if not found.finished:
        show_line(console, "Next:", "run the same `dsim supernet train` again; it continues from here.")
        return
    slim = ["dsim", "slim", str(folder), "--device", "iphone12", "--budget", "2ms"]
    what = "find a design for your device and the latency that one run may take, here iphone12 and 2 ms:"
    show(console, step(what, shlex.join(slim), console.width))
    check = ["dsim", "supernet", "check", str(folder)]
    what = "or train some designs alone first, to see how far its order of designs can be trusted:"
    show(console, step(what, shlex.join(check), console.width))


def importance_data(found: Overview) -> TableData:
    """Return the table of what each block is worth."""
    stages = stage_importance(found.importance)
    by_alpha = found.header.asked.importance == "gumbel"
    rows = [
        (
            f"stage {row.stage + 1}, block {row.slot + 1}",
            f"{row.importance:.2f}" if by_alpha else f"{row.importance:+.4f} ± {row.error:.4f}",
            "" if by_alpha else str(row.subnets),
            f"{stages[row.stage]:+.4f}" if row.slot == 0 and not by_alpha else "",
        )
        for row in found.importance
    ]
    if by_alpha:
        return table(
            "What each block is worth",
            ("block", "alpha ratio"),
            (row[:2] for row in rows),
            ("alpha ratio",),
            "The share of the block's paths over the share of identity: at 1 the network does as well without it.",
        )
    return table(
        "What each block is worth",
        ("block", "loss rises by", "designs", "stage in all"),
        rows,
        ("loss rises by", "designs", "stage in all"),
        f"Validation loss when the block is taken out of random designs, with its standard error; {found.header.trained_on()}.",
    )


def curve_data(found: Overview) -> TableData:
    """Return the table of the training's loss."""
    rows = ((f"{seen:,}", f"{loss:.3f}") for seen, loss in found.curve)
    return table(
        "Loss of the largest design", ("images seen", "training loss"), rows, ("images seen", "training loss")
    )


def ledger_data(found: Overview) -> TableData:
    """Return the table of what was planned and spent."""
    ledger = found.ledger
    rows = []
    for stage, word, one in ledger.lines():
        seconds = f"{one.cpu_seconds:,.1f}" + (f" + GPU {one.gpu_seconds:,.1f}" if one.gpu_seconds else "")
        rows.append(
            (
                f"{stage}, {word}",
                f"{one.images:,}",
                f"{one.passes:,}",
                f"{one.macs / 1e9:,.0f}",
                f"{one.evaluations:,}",
                seconds,
            )
        )
    columns = ("stage", "images", "passes", "GMACs", "evaluations", "CPU seconds")
    gpu = f", and {ledger.peak_gpu_memory_mb:,.0f} MB of the GPU" if ledger.peak_gpu_memory_mb else ""
    return table("Cost", columns, rows, columns[1:], f"Peak memory: {ledger.peak_memory_mb:,.0f} MB{gpu}.")


def show_check(found: Check) -> None:
    """Print how well a supernet ranks designs."""
    console = result_console()
    show_line(
        console,
        "Rank correlation",
        f"{found.tau:.2f} ({found.low:.2f} to {found.high:.2f}, 90%): Kendall's tau between the loss that {len(found.anchors)} "
        f"designs have in the supernet and the loss that they reach alone with {found.anchors[0].images:,} images each; "
        f"supernet trained {found.trained}.",
    )
    if not found.useful:
        show_line(
            console,
            "Caution:",
            f"even the upper end is below {FLOOR}: this supernet's order of designs says nothing. Train it on more images "
            "(--images), or with a smaller --space.",
        )
    elif not found.sure:
        show_line(
            console,
            "Not known yet:",
            f"the interval reaches from below {FLOOR}, where the order says too little, to above. More designs make it narrower: "
            f"--anchors {2 * len(found.anchors)} trains only the new ones.",
        )
