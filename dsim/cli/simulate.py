"""What ``dsim device simulate`` does: few-shot learning on bundled devices, with and without known networks."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.errors import unknown_name
from dsim.latency.fewshot.simulate import Outcome, simulate, simulated_devices
from dsim.progress import working


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
