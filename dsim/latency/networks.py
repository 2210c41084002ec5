"""Measured networks, read once: their vectors, and the kernels that they hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from dsim.device.fields import check_file
from dsim.device.profile import DeviceProfile
from dsim.errors import FileFormatError
from dsim.graph.batch import rebatch
from dsim.graph.graph import Graph
from dsim.graph.store import graph_keys, load_graphs
from dsim.latency.facts import GRAPHS, Facts, facts_of, shipped
from dsim.latency.features import FloatArray, kernels
from dsim.latency.seen import Kinds


@dataclass(frozen=True)
class Network:
    """A measured network, and what a device's passes make of it.

    Attributes
    ----------
    facts
        Its vectors and its kernels by kind, after the passes.
    passes
        Names of the passes.
    source
        Returns the graph before any pass; only few need it.
    """

    facts: Facts
    passes: tuple[str, ...]
    source: Callable[[], Graph]

    @property
    def vector(self) -> FloatArray:
        """Its vector (F,)."""
        return self.facts.vector

    @property
    def kinds(self) -> Kinds:
        """Its kernels by kind."""
        return self.facts.kinds

    @property
    def graph(self) -> Graph:
        """The graph before any pass."""
        return self.source()

    @property
    def run(self) -> Graph:
        """The graph that runs."""
        return kernels(self.graph, self.passes)


def stored(keys: Collection[str], extra: Sequence[Path] = ()) -> dict[str, Graph]:
    """Read graphs by key, bundled ones and then those of further files; those that are stored nowhere are left out.

    Raises
    ------
    FileAccessError
        A file cannot be read.
    FileFormatError
        A file is no file of graphs.
    """
    graphs: dict[str, Graph] = {}
    for path in sorted(GRAPHS.glob("*.parquet")):
        graphs |= load_graphs(path, set(keys) - set(graphs))
    for path in extra:
        check_file(path)  # a user's own
        graphs |= load_graphs(path, set(keys) - set(graphs))
    return graphs


@lru_cache(maxsize=1)
def shared_keys() -> frozenset[str]:
    """Return the keys of the graphs that come with dsim for everybody.

    A profile may bring further graphs in its own folder: nobody else finds those by key.
    """
    return frozenset(key for path in sorted(GRAPHS.glob("*.parquet")) for key in graph_keys(path))


def own_graphs(profiles: Iterable[DeviceProfile]) -> tuple[Path, ...]:
    """Return the files of graphs that profiles bring along."""
    files = (profile.folder / "graphs.parquet" for profile in profiles)
    return tuple(file for file in files if file.exists())


@lru_cache(maxsize=4)
def read_networks(
    keys: frozenset[str], passes: tuple[str, ...], extra: tuple[Path, ...] = (), batch: int = 1
) -> dict[str, Network]:
    """Read networks by key (``name@resolution``).

    Parameters
    ----------
    keys
        Those wanted.
    passes
        Names of the passes that the device's runtime does.
    extra
        Further files of graphs (a user's profile brings its own); they come after the bundled one.
    batch
        Images in the run that was measured.

    Raises
    ------
    BatchError
        A network cannot be had at that batch.
    FileFormatError
        A key is stored nowhere.
    """
    known = shipped(keys, passes) if batch == 1 else {}
    graphs = stored(keys - set(known), extra)
    missing = sorted(keys - set(graphs) - set(known))
    if missing:
        raise FileFormatError(
            f"graph {missing[0]!r} is named by a profile and stored nowhere; "
            "store it in the profile's graphs.parquet (dsim.graph.store) or leave the column empty"
        )
    out = {key: Network(facts, passes, partial(read_graph, key)) for key, facts in known.items()}
    for key, graph in graphs.items():
        run = rebatch(graph, batch)
        out[key] = Network(facts_of(kernels(run, passes)), passes, partial(_itself, run))
    return {key: out[key] for key in sorted(out)}


def _itself(graph: Graph) -> Graph:
    return graph


@lru_cache(maxsize=8)
def read_graph(key: str) -> Graph:
    """Read one bundled graph, before any pass.

    Raises
    ------
    FileFormatError
        It is stored nowhere.
    """
    found = stored({key})
    if key not in found:
        raise FileFormatError(f"graph {key!r} is stored nowhere; trace it (python -m lab.networks.trace)")
    return found[key]
