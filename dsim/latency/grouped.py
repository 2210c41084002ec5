"""Grouped convolutions, more than one group and not depthwise, of a kind that a profile's evidence does not hold.

What they cost is the runtime's own affair: some have no kernel for them and cut them into one convolution a group, or run plain
loops. TFLite networks with 1x1 convolutions in groups came out by -57 to +148%. This is the one place that says where a price
rests on no such measurement: `dsim.network.price` tells the reader, and a shortlist leaves such networks out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dsim.attrs import ConvAttrs
from dsim.device.profile import DeviceProfile
from dsim.graph.graph import Graph
from dsim.latency.facts import GRAPHS
from dsim.op import Op


@dataclass(frozen=True, slots=True)
class Grouped:
    """A kind of grouped convolution: its kernel, how many groups it has, and how many channels each writes."""

    kernel: tuple[int, int]
    groups: int
    channels: int

    @property
    def size(self) -> str:
        """Its kernel in words."""
        return f"{self.kernel[0]}x{self.kernel[1]}"


def grouped(op: Op) -> Grouped | None:
    """Return what kind of grouped convolution an op is; None for any other op."""
    attrs = op.attrs
    if not isinstance(attrs, ConvAttrs) or attrs.groups == 1 or op.is_depthwise:
        return None
    return Grouped(attrs.kernel, attrs.groups, attrs.out_channels // attrs.groups)


def grouped_notes(profile: DeviceProfile, graph: Graph) -> tuple[str, ...]:
    """Say where a network's grouped convolutions are of a kind that was not measured there.

    A kind is a kernel's size; the channels of a group must lie between those measured. What a device's donors or pool hold is no
    evidence here: which kernels a runtime has differs between devices.
    """
    asked = {found: op for op in graph.ops if (found := grouped(op))}
    if not asked:
        return ()
    guessed = _guessed(profile, asked)
    if not guessed:
        return ()
    macs = sum(op.macs for op in graph.ops if grouped(op) in guessed)
    first = max(guessed, key=lambda one: asked[one].macs)
    kinds = " and ".join(sorted({one.size for one in guessed}))
    return (
        f"its {kinds} convolutions in groups (such as {first.groups} groups of {first.channels} channels, "
        f"{macs / max(graph.macs, 1):.0%} of the MACs in all) are of no kind that was measured there: the estimate is a guess, and a "
        "runtime without a kernel for them takes up to 50 times as long; measure it",
    )


def guessed_keys(profile: DeviceProfile, keys: Collection[str]) -> frozenset[str]:
    """Return the keys of those networks among the ones that come with dsim of which `grouped_notes` says that they are guessed."""
    held = {key: kinds for path in GRAPHS.glob("*.parquet") for key, kinds in _stored(path).items()}
    asked = {key: held[key] for key in keys if key in held}
    guessed = set(_guessed(profile, set().union(*asked.values())))
    return frozenset(key for key, kinds in asked.items() if guessed & kinds)


def _guessed(profile: DeviceProfile, asked: Collection[Grouped]) -> list[Grouped]:
    """Return the kinds that were not measured there."""
    known: dict[tuple[int, int], list[int]] = {}
    for one in _measured(profile):
        known.setdefault(one.kernel, []).append(one.channels)
    return [
        one
        for one in asked
        if one.kernel not in known or not min(known[one.kernel]) <= one.channels <= max(known[one.kernel])
    ]


def _measured(profile: DeviceProfile) -> Iterator[Grouped]:
    """Yield the kinds of grouped convolutions that a profile's own networks and operators hold."""
    for row in profile.ops:
        if one := grouped(row.op):
            yield one
    keys = {str(row.graph) for row in profile.networks if row.counts and row.graph}
    for path in (*sorted(GRAPHS.glob("*.parquet")), profile.folder / "graphs.parquet"):
        if path.exists():
            for key, kinds in _stored(path).items():
                if key in keys:
                    yield from kinds


@lru_cache(maxsize=32)
def _stored(path: Path) -> dict[str, frozenset[Grouped]]:
    """Return the grouped convolutions of each graph in a file, read without building a graph."""
    import polars as pl  # slow to import, and most networks have no grouped convolution

    attrs = pl.col("attrs")
    groups = attrs.str.extract(r'"groups":(\d+)').cast(pl.Int64)
    out = attrs.str.extract(r'"out_channels":(\d+)').cast(pl.Int64)
    kernel = [attrs.str.extract(r'"kernel":\[(\d+),(\d+)\]', n).cast(pl.Int64) for n in (1, 2)]
    frame = (
        pl.scan_parquet(path)
        .filter((pl.col("kind") == "conv2d") & attrs.str.contains('"groups"'))
        .select("key", groups=groups, out=out, height=kernel[0], width=kernel[1])
        # a file does not say what a convolution reads; one that writes a channel a group is depthwise
        .filter((pl.col("groups") > 1) & (pl.col("groups") < pl.col("out")))
        .unique()
        .collect()
    )
    found: dict[str, set[Grouped]] = {}
    for key, number, channels, height, width in frame.rows():
        found.setdefault(key, set()).add(Grouped((height, width), number, channels // number))
    return {key: frozenset(kinds) for key, kinds in found.items()}
