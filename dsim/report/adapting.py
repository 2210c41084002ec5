"""How an import and an adaptation are shown."""

from __future__ import annotations

import math

from dsim.device import DeviceProfile
from dsim.device.add import Added
from dsim.latency.methods.few_shot.advice import Advice
from dsim.report.console import result_console, show_line, show_table
from dsim.report.table import table


def show_added(added: Added) -> None:
    """Show what was read, how it is learned, and what to do next."""
    console = result_console()
    show_line(console, "Profile:", f"{added.name}, in {added.folder}")
    own = f", {added.own_graphs} of them new to dsim" if added.own_graphs else ""
    show_line(console, "Evidence:", f"{added.networks} networks{own}; {added.ops} timed kernels")
    how = (
        f"from these networks and all bundled devices; stack taken to be that of {added.donor}"
        if added.method == "few-shot"
        else f"from the timed kernels; {f'stack taken to be that of {added.donor}' if added.donor else 'the file tells the stack'}"
    )
    show_line(console, "Learned:", how)
    for note in added.notes:
        show_line(console, "Note:", note)
    show_line(
        console,
        "Next:",
        f"{f'dsim device adapt {added.name}; ' if added.method == 'few-shot' else ''}"
        f"dsim predict efficientformer_l1 --device {added.name}",
    )


def show_advice(profile: DeviceProfile, advice: Advice) -> None:
    """Show what a device's measurements are worth and which to make next."""
    console = result_console()
    show_line(
        console,
        "Device:",
        f"{profile.name}, {len(advice.left_out)} networks; stack taken to be that of {profile.donor}",
    )
    show_table(
        console,
        table(
            "Nearest devices",
            ("device", "error after one factor, %", "weight"),
            ((name, f"{error:.1f}", f"{weight:.2f}") for name, error, weight in advice.nearest),
            ("error after one factor, %", "weight"),
        ),
    )
    median = advice.left_out_median
    show_line(
        console,
        "Left out:",
        "too few families to leave one out"
        if math.isnan(median)
        else f"median error {median:.1f}%, each family of your networks predicted from the others",
    )
    off = [(key, error) for key, error in advice.left_out.items() if not math.isnan(error)]
    show_table(
        console,
        table(
            "Predicted over measured, family left out",
            ("network", "error, %"),
            ((key, f"{error:+.1f}") for key, error in sorted(off, key=lambda item: -abs(item[1]))),
            ("error, %",),
        ),
    )
    if advice.curve:
        columns = ("measured networks", "median error, %", "nearest device scaled, %")
        rows = ((str(p.networks), f"{p.median:.1f}", f"{p.nearest:.1f}") for p in advice.curve)
        show_table(console, table("Error on the rest of your networks", columns, rows, columns))
    show_table(
        console,
        table(
            "Measure next",
            ("network", "spread of all networks then, %"),
            ((key, f"{(math.exp(after) - 1) * 100:.1f}") for key, _, after in advice.measure_next),
            ("spread of all networks then, %",),
            "Those that leave the least uncertainty over all reference networks, one after the other.",
        ),
    )
