"""Treat bundled devices as new, by default all, and show what few measurements are worth.

    python -m lab.validate.fewshot [NAME ...] [--known-only]
    python -m lab.validate.fewshot --errors dsim/data/fewshot.csv --write lab/notes/adapting.md

One device takes some minutes, all of them about an hour.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dsim.errors import DsimError, unknown_name
from dsim.files import write_atomic
from dsim.latency.methods.few_shot.errors import quantiles_csv
from dsim.progress import working
from dsim.report.console import result_console, show_table
from dsim.report.progress import shown
from lab.marked import replace_block
from lab.validate.fewshot.simulate import Outcome, simulate, simulated_devices
from lab.validate.fewshot.tables import simulation_tables, standardised_errors


def simulate_devices_as_new(names: Sequence[str] = (), known_only: bool = False) -> tuple[Outcome, ...]:
    """Simulate devices, first with networks that donors measured, then with networks new to all.

    Parameters
    ----------
    names
        Bundled profiles with enough networks, all of them by default.
    known_only
        Whether to leave the second part out, which takes four times as long as the first.

    Raises
    ------
    UnknownNameError
        There is no such profile among those with enough networks.
    """
    known = {profile.name: profile for profile in simulated_devices()}
    for name in names:
        if name not in known:
            raise unknown_name("device", name, known)
    devices = [known[name] for name in names or known]
    found: list[Outcome] = []
    for new_network in (False,) if known_only else (False, True):
        what = "networks that no donor measured either" if new_network else "networks that donors measured"
        with working(f"simulating {what}", total=len(devices), unit="devices") as work:
            for done, profile_outcomes in enumerate(simulate(devices, new_network=new_network), 1):
                found += profile_outcomes
                median = [one.median for one in profile_outcomes if (one.way, one.size) == ("dsim", 10)]
                note = f"{profile_outcomes[0].device}: median error {median[0]:.1f}%" if median else ""
                work.step(done, note)
    return tuple(found)


def main() -> None:
    """Print the tables, and write them and the errors where asked."""
    parser = argparse.ArgumentParser(description="What a few measurements of a new device are worth.")
    parser.add_argument("names", nargs="*", help="bundled profiles; all of them by default")
    parser.add_argument("--known-only", action="store_true", help="leave out networks new to every device")
    parser.add_argument("--errors", type=Path, help="file for the standardised errors")
    parser.add_argument("--write", type=Path, help="document to put the tables into")
    asked = parser.parse_args()
    if (asked.errors or asked.write) and (asked.names or asked.known_only):
        parser.error("--errors and --write need every device; leave names and --known-only out")
    try:
        with shown():
            found = simulate_devices_as_new(asked.names, asked.known_only)
    except DsimError as error:
        sys.exit(str(error))
    tables = simulation_tables(found)
    if asked.errors:
        write_atomic(asked.errors, quantiles_csv(standardised_errors(found)))
    if asked.write:
        replace_block(asked.write, "few-shot", "\n".join(data.markdown() for data in tables))
    console = result_console()
    for data in tables:
        show_table(console, data)


if __name__ == "__main__":
    main()
