"""``dsim measure --compared``: time the designs that a comparison names, and put the figures beside its predictions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from dsim.cli.measurement import Begun, Request, begin_compared, run_chosen, told_when_stopped
from dsim.cli.options import print_json
from dsim.device.find import find_profile
from dsim.device.profile import SEARCHED
from dsim.errors import InvalidValueError
from dsim.files import make_folder
from dsim.measure.planned import planned_design
from dsim.report.console import result_console, show_table
from dsim.report.progress import measure_progress
from dsim.report.timed import agreement_table, timed_table
from dsim.shift import Comparison, load_comparison
from dsim.shift.measured import (
    Timed,
    agreements,
    design_id,
    designs_to_time,
    read_measured,
    timed_cells,
    write_measured,
)


def measure_compared(request: Request, folder: Path, as_json: bool) -> None:
    """Time the designs of the comparison in a folder on the backends whose profiles it compares.

    Raises
    ------
    DsimError
        It is no comparison, compares none of these profiles, or they are of another chip.
    """
    found = load_comparison(folder)
    make_folder(folder)  # a place that cannot be written is told before the work, not after
    begun = begin_compared(request)
    for why in begun.found.missing.values():
        click.echo(f"Left out: {why}", err=True)
    devices = _profiles_of(begun, found)
    planned = [planned_design(arch, SEARCHED) for arch in designs_to_time(found, devices.values())]
    with told_when_stopped(begun), measure_progress(request.seconds) as show:
        run_chosen(begun, planned, show)
    timed = _timed(begun, devices, {one.key for one in planned})
    if timed:
        write_measured(folder, timed)
    left = len(planned) - len({one.design for one in timed})
    kept = read_measured(folder)
    if as_json:
        cells, sums = timed_cells(found, kept), agreements(found, kept)
        print_json(
            {
                "timed": [asdict(one) for one in cells],
                "agreement": [asdict(one) for one in sums],
                "left": left,
            }
        )
        return
    console = result_console()
    show_table(console, agreement_table(found, kept))
    for name in devices.values():
        show_table(console, timed_table(found, kept, name))
    if left:
        click.echo(
            f"Without a figure: {left} of {len(planned)} designs, for want of time (the same command goes on) or because "
            "something else had the core."
        )


def _profiles_of(begun: Begun, found: Comparison) -> dict[str, str]:
    """Return the profiles to test by backend: those that the comparison compares."""
    known = {device.device for device in found.devices}
    devices = {backend: name for backend, name in begun.profiles.items() if name in known}
    if not devices:
        raise InvalidValueError(
            f"a comparison must compare a profile that is timed, {', '.join(begun.profiles.values())}; this one has "
            f"{', '.join(sorted(known))}; give the --name and --backend of one of them"
        )
    for name in devices.values():
        chip, here = find_profile(name).chip, begun.journal.head.machine.processor
        if chip != here:
            raise InvalidValueError(
                f"{name} is of {chip}, and this machine has {here}; time its designs on such a machine"
            )
    return devices


def _timed(begun: Begun, devices: dict[str, str], keys: set[str]) -> tuple[Timed, ...]:
    head = begun.journal.head
    return tuple(
        Timed(
            devices[backend],
            design_id(entry.planned.arch),
            seen.latency_ms,
            seen.error_ms,
            seen.runs,
            entry.load,
            head.machine.processor,
            head.stacks[backend].runtime,
        )
        for entry in begun.journal.entries()
        if entry.planned.key in keys and entry.planned.arch is not None
        for backend, seen in entry.observed.seen.items()
        if backend in devices and not seen.busy
    )
