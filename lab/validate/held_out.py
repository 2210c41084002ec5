"""Write dsim/data/held.npz: held-out predictions of the profiles that are learned from operators.

What was made of the present evidence is kept; give --fresh to make all anew, and names of profiles for some.
"""

from __future__ import annotations

import sys

from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_names
from dsim.files import write_atomic
from dsim.latency.hold_out import hold_out
from dsim.latency.learners import LEARNERS
from dsim.latency.methods.operators.shipped import FILE, Logs, logs_to_bytes, mark_of, read_logs
from dsim.threads import one_blas_thread


@one_blas_thread()
def main() -> None:
    """Hold out the families of each profile whose predictions are missing, and write after each."""
    known = {} if "--fresh" in sys.argv else read_logs()
    asked = [name for name in sys.argv[1:] if not name.startswith("--")]
    found: dict[str, Logs] = dict(known) if asked else {}
    # phones first: a first answer is asked for sooner there
    for name in asked or sorted(bundled_names(), key=lambda name: bundled_profile(name).group != "phone-gpu"):
        profile = bundled_profile(name)
        if not profile.ops or not profile.networks:
            continue
        learner = LEARNERS["operators"]
        evidence = learner.gather(profile)
        mark = f"{name} {mark_of(evidence)}"
        if mark not in known:
            logs = hold_out(learner, evidence)
            known[mark] = logs.log_ms, logs.spread
            print(f"{name}: {len(evidence.keys)} networks", flush=True)
        found = {key: logs for key, logs in found.items() if key.split()[0] != name} | {mark: known[mark]}
        write_atomic(FILE, logs_to_bytes(found))


if __name__ == "__main__":
    main()
