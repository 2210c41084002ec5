"""Measured networks, read once: their vectors, and the kernels that they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dsim.device.fields import check_file
from dsim.device.profile import DeviceProfile
from dsim.errors import FileFormatError
from dsim.graph.batch import rebatch
from dsim.graph.graph import Graph
from dsim.graph.store import graph_keys, load_graphs
from dsim.latency.coverage import Kinds, kinds_in
from dsim.latency.features import FloatArray, kernels, total

GRAPHS = Path(__file__).resolve().parents[1] / "data" / "graphs"


@dataclass(frozen=True)
class Network:
    """A measured network after the device's passes: its vector (F,), its kernels by kind, and the graph that runs."""

    vector: FloatArray
    kinds: Kinds
    run: Graph


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
    """Give the files of graphs that profiles bring along."""
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
    graphs = stored(keys, extra)
    missing = sorted(keys - set(graphs))
    if missing:
        raise FileFormatError(
            f"graph {missing[0]!r} is named by a profile and stored nowhere; "
            "store it in the profile's graphs.parquet (dsim.graph.store) or leave the column empty"
        )
    out = {}
    for key in sorted(graphs):
        run = kernels(rebatch(graphs[key], batch), passes)
        out[key] = Network(total(run), kinds_in(run.ops), run)
    return out


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
        raise FileFormatError(f"graph {key!r} is stored nowhere; trace it (scripts/trace_networks.py)")
    return found[key]
