"""A new device's own figures beside the donors' table, its own networks included where the table lacks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.fields import check_file
from dsim.device.profile import DeviceProfile
from dsim.errors import FileFormatError
from dsim.graph.graph import Graph
from dsim.graph.passes import run_passes
from dsim.graph.store import load_graphs
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.reference import fine_vectors, medians, reference
from dsim.latency.methods.few_shot.table import Table, donor_table
from dsim.latency.methods.few_shot.teachers import Ask, donor_of, donors
from dsim.latency.methods.fine.costs import total
from dsim.latency.networks import stored
from dsim.threads import one_blas_thread


@dataclass(frozen=True)
class Own:
    """A handful of figures, and what every donor says of the networks around them.

    Attributes
    ----------
    keys, families
        (N,) the reference networks, and after them the device's own.
    table, names
        (N, D) log milliseconds by donor, and the donors' names (D,).
    measured, log_ms
        (n,) rows that were measured, and their log milliseconds.
    lead
        Place of the donor whose passes, kind of stack and budgets of time are taken over.
    vectors
        (N, F) fine vectors after the lead's passes.
    log_rate
        (P + 1,) fine log rates of the lead.
    """

    keys: tuple[str, ...]
    families: NDArray[np.str_]
    table: FloatArray
    names: NDArray[np.str_]
    measured: NDArray[np.int64]
    log_ms: FloatArray
    lead: int
    vectors: FloatArray
    log_rate: FloatArray


@one_blas_thread()
def gather_own(profile: DeviceProfile, ask: Ask) -> Own:
    """Put a profile's figures beside the donors' table.

    Parameters
    ----------
    profile
        Its donor leads.
    ask
        Returns how a bundled profile is learned.

    Raises
    ------
    FileFormatError
        A network's graph is stored nowhere.
    """
    known, table, figures = reference(), donor_table(ask), medians(profile.networks)
    at = known.at
    others = tuple(key for key in figures if key not in at)
    lead = [str(name) for name in table.names].index(donor_of(profile).name)
    log, vectors = table.log_ms, fine_vectors(profile.passes)
    if others:
        graphs = _graphs(profile, others)
        log = np.vstack([log, said_of(table, graphs)])
        vectors = np.vstack([vectors, _vectors(graphs, profile.passes)])
    keys = (*known.keys, *others)
    place = {key: n for n, key in enumerate(keys)}
    families = np.array([*known.families, *(family_of(key, profile.name) for key in others)])
    return Own(
        keys,
        families,
        log,
        table.names,
        np.array([place[key] for key in figures]),
        np.log(list(figures.values())),
        lead,
        vectors,
        table.log_rate(lead),
    )


def _graphs(profile: DeviceProfile, keys: tuple[str, ...]) -> tuple[Graph, ...]:
    """Read networks that are not among the reference: bundled graphs, or the profile's own."""
    file, found = profile.folder / "graphs.parquet", stored(keys)
    if file.exists():
        check_file(file)
        found = load_graphs(file, set(keys) - set(found)) | found
    missing = [key for key in keys if key not in found]
    if missing:
        raise FileFormatError(
            f"{profile.folder}: graph {missing[0]!r} is stored nowhere; put it into the profile's graphs.parquet"
        )
    return tuple(found[key] for key in keys)


def _vectors(graphs: Sequence[Graph], passes: tuple[str, ...]) -> FloatArray:
    return np.array([total(run_passes(graph, passes)) for graph in graphs])


def said_of(table: Table, graphs: Sequence[Graph]) -> FloatArray:
    """Return log milliseconds (M, D) of networks that are not among the reference, by donor."""
    return table.of_others({passes: _vectors(graphs, passes) for passes in {p.passes for p in donors()}})
