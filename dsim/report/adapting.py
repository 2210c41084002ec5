"""Show a profile that was made of a user's measurements, and what those are worth."""

from __future__ import annotations

import math

from dsim.device import DeviceProfile
from dsim.device.add import Added
from dsim.latency.learners import LEARNERS
from dsim.latency.methods.few_shot.advice import Advice
from dsim.report.console import result_console, show, show_line, show_table, step
from dsim.report.table import table


def show_added(added: Added) -> None:
    """Show what was read, how it is learned, and what to do next."""
    console, few = result_console(), LEARNERS[added.method].few
    show_line(console, "Profile:", f"{added.name}, in {added.folder}")
    own = f", {added.own_graphs} of them new to dsim" if added.own_graphs else ""
    show_line(console, "Measured:", f"{added.networks} networks{own}; {added.ops} timed operators")
    stack = f"runtime and precision are taken to be those of {added.donor}" if added.donor else ""
    if few:
        how = f"these networks and all bundled devices; {stack}"
    else:
        how = f"the timed operators; {stack or 'the file states runtime and precision'}"
    show_line(console, "Learned from:", how)
    for note in added.notes:
        show_line(console, "Note:", note)
    steps = {"predict a network there:": f"dsim predict efficientformer_l1 --device {added.name}"}
    if few:
        steps = {"see how good it is, and what to measure next:": f"dsim device adapt {added.name}", **steps}
    for what, command in steps.items():
        show(console, step(what, command, console.width))


def show_advice(profile: DeviceProfile, advice: Advice) -> None:
    """Show what a device's measurements are worth and which to make next."""
    console = result_console()
    show_line(
        console,
        "Device:",
        f"{profile.name}, {len(advice.left_out)} networks; runtime and precision are taken to be those of {profile.donor}",
    )
    show_table(
        console,
        table(
            "Most similar devices",
            ("device", "error when scaled, %", "weight"),
            ((name, f"{error:.1f}", f"{weight:.2f}") for name, error, weight in advice.nearest),
            ("error when scaled, %", "weight"),
            "Error when scaled: how far off the device's times are after one factor for all networks. Weight: how much it counts.",
        ),
    )
    median = advice.left_out_median
    show_line(
        console,
        "How far off:",
        "your networks are of too few families to predict one from the others"
        if math.isnan(median)
        else f"median {median:.1f}%, each family of your networks predicted from the others",
    )
    off = [(key, error) for key, error in advice.left_out.items() if not math.isnan(error)]
    show_table(
        console,
        table(
            "Your networks, each predicted without its family",
            ("network", "error, %"),
            ((key, f"{error:+.1f}") for key, error in sorted(off, key=lambda item: -abs(item[1]))),
            ("error, %",),
        ),
    )
    if advice.curve:
        columns = ("measured networks", "median error, %", "most similar device scaled, %")
        rows = ((str(p.networks), f"{p.median:.1f}", f"{p.nearest:.1f}") for p in advice.curve)
        title = "Error on the rest of your networks, after so many measured ones"
        show_table(console, table(title, columns, rows, columns))
    show_table(
        console,
        table(
            "Measure next",
            ("network", "error left, %"),
            ((key, f"{(math.exp(after) - 1) * 100:.1f}") for key, _, after in advice.measure_next),
            ("error left, %",),
            "In this order: each one tells most about all other networks. Error left: how far off predictions of all reference "
            "networks are then expected to be.",
        ),
    )
