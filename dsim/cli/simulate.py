"""What ``dsim device simulate`` does: few-shot learning on every bundled device, with and without known networks."""

from __future__ import annotations

import click

from dsim.latency.fewshot.simulate import Outcome, simulate, simulated_devices
from dsim.threads import one_blas_thread


@one_blas_thread()
def simulate_all() -> tuple[Outcome, ...]:
    """Simulate every device, first with networks that donors measured, then with networks new to all."""
    devices = simulated_devices()
    found: list[Outcome] = []
    for new_network in (False, True):
        what = "networks that no donor measured either" if new_network else "networks that donors measured"
        for outcome in simulate(devices, new_network=new_network):
            found.append(outcome)
            if outcome.way == "dsim" and outcome.size == 10:
                click.echo(f"{outcome.device}, {what}: median error {outcome.median:.1f}%", err=True)
    return tuple(found)
