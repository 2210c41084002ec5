"""Write dsim/data/facts.npz: vectors and kernels by kind of the networks that most profiles were measured with, and of those with a published top-1."""

from __future__ import annotations

from collections import defaultdict

from dsim.accuracy.tables import read_rows
from dsim.device.folders import bundled_folders
from dsim.device.load import load_profile
from dsim.files import write_atomic
from dsim.latency.facts import FILE, facts_of, facts_to_bytes
from dsim.latency.features import kernels
from dsim.latency.networks import shared_keys, stored

LEAST = 250  # networks: fewer are read in a second or two


def main() -> None:
    """Find the facts anew from every graph."""
    wanted: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for folder in bundled_folders():
        profile = load_profile(folder)
        wanted[profile.passes] |= {row.graph for row in profile.networks if row.graph}
        wanted[profile.passes] |= {
            key for one in profile.contrasts for key in (one.graph_a, one.graph_b) if key
        }
    published = {f"{row['network']}@{row['resolution']}" for row in read_rows("top1.csv")}
    found = {}
    for passes, keys in sorted(wanted.items()):
        if len(keys & shared_keys()) >= LEAST:
            graphs = stored((keys | published) & shared_keys())
            found[passes] = {key: facts_of(kernels(graph, passes)) for key, graph in graphs.items()}
            print(f"{' '.join(passes)}: {len(graphs)} networks")
    content = facts_to_bytes(found)
    write_atomic(FILE, content)
    print(f"{FILE.name}: {len(content) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
