"""The measured networks of a device with their published top-1, and the front that they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.accuracy.recipe import Recipe
from dsim.device import DeviceProfile
from dsim.device.profile import Measurement
from dsim.unbeaten import unbeaten
from lab.claims.reality.recipes import Checkpoint, nearest_to_reference, recipe_of


@dataclass(frozen=True)
class PublishedNetwork:
    """A published network on one device.

    Attributes
    ----------
    network, graph
        The source's name, and the key of the graph, empty where none is known.
    latency_ms
        Median of its figures in the reference protocol, each told for the first time.
    top1
        Published, in percent.
    recipe
        How it was trained, None where nothing tells.
    quoted
        True where the source of the latency names the top-1 itself; False where it was looked up among timm's
        published results, at the recipe most like the reference's.
    """

    network: str
    graph: str
    latency_ms: float
    top1: float
    recipe: Recipe | None
    quoted: bool


def figures_of(profile: DeviceProfile, checkpoints: Sequence[Checkpoint]) -> tuple[PublishedNetwork, ...]:
    """Return a device's measured networks with a published top-1, fastest first.

    Rows count as `dsim.search.published` counts them: reference protocol, on the accelerator, told for the first time.
    """
    rows: dict[str, list[Measurement]] = {}
    for row in profile.networks:
        if profile.is_reference(row) and row.counts and not row.cliff:
            rows.setdefault(row.graph or row.network, []).append(row)
    found = (_figure(same, checkpoints) for same in rows.values())
    return tuple(sorted((f for f in found if f is not None), key=lambda f: (f.latency_ms, f.network)))


def _figure(rows: Sequence[Measurement], checkpoints: Sequence[Checkpoint]) -> PublishedNetwork | None:
    latency_ms = float(np.median([row.latency_ms for row in rows]))
    for row in rows:
        if row.top1 is not None:
            recipe = recipe_of(row.graph, row.top1, checkpoints)
            return PublishedNetwork(row.network, row.graph, latency_ms, row.top1, recipe, True)
    first = rows[0]
    best = nearest_to_reference(first.graph, checkpoints) if first.graph else None
    if best is None:
        return None
    recipe = best.recipe if best.recipe.is_known else None
    return PublishedNetwork(first.network, first.graph, latency_ms, best.top1, recipe, False)


def measured_front(figures: Iterable[PublishedNetwork]) -> tuple[PublishedNetwork, ...]:
    """Return the networks that no other beats in both latency and top-1, fastest first."""
    every = list(figures)
    ms, top1 = np.array([(one.latency_ms, one.top1) for one in every]).reshape(-1, 2).T
    return tuple(every[n] for n in unbeaten(ms, top1))
