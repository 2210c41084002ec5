"""What every donor says of some networks, and which donor a new device resembles most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.combine import scaled_errors
from dsim.latency.methods.few_shot.own import said_of
from dsim.latency.methods.few_shot.reference import reference
from dsim.latency.methods.few_shot.table import donor_table
from dsim.latency.methods.few_shot.teachers import donors
from dsim.latency.networks import stored
from dsim.threads import one_blas_thread


@one_blas_thread()
def said_about(keys: Sequence[str], graphs: Mapping[str, Graph]) -> FloatArray:
    """Return log milliseconds (n, D) of networks by donor.

    Parameters
    ----------
    keys
        (n,) networks; one may stand there several times.
    graphs
        Networks that do not come with dsim, by key.
    """
    table, at = donor_table(learner_of), reference().at
    others = sorted({key for key in keys if key not in at})
    rows = {key: table.log_ms[at[key]] for key in keys if key in at}
    if others:
        bundled = stored(set(others) - set(graphs))
        found = said_of(table, [graphs[key] if key in graphs else bundled[key] for key in others])
        rows |= dict(zip(others, found, strict=True))
    return np.array([rows[key] for key in keys])


@one_blas_thread()
def nearest_donor(figures: Mapping[str, float], graphs: Mapping[str, Graph], measures: str) -> str:
    """Return the name of the donor that is least off after one factor.

    Parameters
    ----------
    figures
        Milliseconds by key.
    graphs
        Networks that do not come with dsim, by key.
    measures
        ``latency`` or ``throughput``: only donors that measure the same are asked.
    """
    names = donor_table(learner_of).names
    same = {profile.name for profile in donors() if profile.measures == measures}
    kept: NDArray[np.int64] = np.array([n for n, name in enumerate(names) if str(name) in same])
    said = said_about(tuple(figures), graphs)[:, kept]
    error = scaled_errors(said, np.arange(len(said)), np.log(list(figures.values())))[1]
    return str(names[kept[int(error.argmin())]])
