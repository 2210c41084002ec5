"""The model of a backend while it is being measured, which says what it is least sure of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dsim.device.add.write import write_profile
from dsim.device.batches import at_batch
from dsim.device.load import load_profile
from dsim.errors import UnavailableError
from dsim.graph import Graph
from dsim.graph.batch import rebatch
from dsim.latency.evidence import ALL
from dsim.latency.learners import learner_of
from dsim.measure.journal import Entry, Head
from dsim.measure.make_profile import make_profile
from dsim.measure.plan import Doubt
from dsim.threads import one_blas_thread

_NAME = "present"


@one_blas_thread()
def doubt_of(head: Head, backend: str, entries: Sequence[Entry]) -> Doubt:
    """Learn from what was timed, and return the spread of log milliseconds of further networks.

    Raises
    ------
    UnavailableError
        The backend tells nothing of its operators, or the machine was busy.
    """
    made = make_profile(_NAME, _NAME, head, backend, entries, allow_busy=True)
    if not made.addition.ops:
        raise UnavailableError(
            f"{backend} does not tell how long its operators take; nothing is learned on the way"
        )
    with TemporaryDirectory(prefix="dsim-") as folder:
        profile = at_batch(load_profile(write_profile(Path(folder), made.addition)))
        learner = learner_of(profile)
        pricing = learner.learn(learner.gather(profile), ALL)

    def doubt(graphs: Sequence[Graph]) -> Sequence[float]:
        runs = [pricing.kernels(rebatch(graph, profile.batch), profile.passes) for graph in graphs]
        phi = np.array([pricing.vectors([placed.kernel for placed in run]).sum(0) for run in runs])
        return [float(value) for value in pricing.log_ms(phi)[1]]

    return doubt
