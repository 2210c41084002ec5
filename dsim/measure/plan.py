"""What to time next: designs of the search space and reference networks, the least known first."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dsim.arch import Arch, get_preset
from dsim.device.profile import CHECK
from dsim.graph import Graph
from dsim.measure.draw import draw_design, groups_in, reference_networks
from dsim.measure.planned import ANCHOR, Planned, planned_design
from dsim.search.space import Space

BATCH = 12
CANDIDATES = 48  # designs drawn for a batch, of which those are taken that the model is least sure of
ANCHORS = ("efficientformer_l1", "efficientformerv2_s0", "poolformer_s12")
NEAR = 24  # reference networks looked at for a batch
# log spread of a network's price by the present model
Doubt = Callable[[Sequence[Graph]], Sequence[float]]


@dataclass(frozen=True)
class Plan:
    """Draws batches; the same seed and the same answers of the model give the same batches.

    Attributes
    ----------
    checks
        How many designs to hold out for good. They are plain draws: no model has a say in them.
    seed
        Of the draws.
    space
        Where designs come from.
    """

    checks: int
    seed: int = 0
    space: Space = field(default_factory=Space)

    def batch(self, done: Collection[str], doubt: Doubt | None) -> tuple[Planned, ...]:
        """Return the next networks: half of them checks while those last, the rest designs and references in turn.

        Parameters
        ----------
        done
            Keys of what was timed.
        doubt
            The present model's; None while there is none, and what covers most new kinds of op comes first.
        """
        left = [one for one in self.check_designs if one.key not in done]
        checks = left[: BATCH // 3 if doubt is None else BATCH // 2]
        known = set(done) | {one.key for one in self.check_designs}
        number = BATCH - len(checks)
        references = self._references(known, number // 2, doubt)
        designs = self._designs(known, number - len(references), len(done), doubt)
        return tuple(_mixed([*checks], [*designs], [*references]))

    @cached_property
    def check_designs(self) -> tuple[Planned, ...]:
        """The designs to hold out."""
        rng = random.Random(f"check {self.seed}")
        return tuple(planned_design(draw_design(rng, self.space), CHECK) for _ in range(self.checks))

    def _designs(self, known: set[str], number: int, turn: int, doubt: Doubt | None) -> tuple[Planned, ...]:
        rng = random.Random(f"learn {self.seed} {turn}")
        drawn = {
            one.key: one for one in (planned_design(draw_design(rng, self.space)) for _ in range(CANDIDATES))
        }
        fresh = [one for key, one in drawn.items() if key not in known]
        return _least_known(fresh, number, doubt)

    def _references(self, known: set[str], number: int, doubt: Doubt | None) -> tuple[Planned, ...]:
        fresh = [one for one in reference_networks() if one.key not in known][:NEAR]
        return _least_known(fresh, number, doubt)


def _least_known(fresh: list[Planned], number: int, doubt: Doubt | None) -> tuple[Planned, ...]:
    """Return the networks that the model is least sure of; before there is a model, those with most new kinds of ops."""
    if doubt is not None:
        spread = doubt([one.graph for one in fresh]) if fresh else []
        order = sorted(range(len(fresh)), key=lambda n: -spread[n])
        return tuple(fresh[n] for n in order[:number])
    out: list[Planned] = []
    seen: set[str] = set()
    rest = list(fresh)
    while rest and len(out) < number:
        best = max(rest, key=lambda one: len(groups_in(one.graph) - seen))
        seen |= groups_in(best.graph)
        rest.remove(best)
        out.append(best)
    return tuple(out)


def _mixed(*queues: list[Planned]) -> list[Planned]:
    """Take from both in turns, so that a batch that is cut short has some of each."""
    out: list[Planned] = []
    while any(queues):
        out += [queue.pop(0) for queue in queues if queue]
    return out


def anchors() -> tuple[Planned, ...]:
    """Return the networks that show how a machine's own speed goes: unlike one another, and quick to run."""
    return tuple(planned_design(get_preset(name), ANCHOR) for name in ANCHORS)


def covering_designs(number: int, space: Space | None = None) -> tuple[Arch, ...]:
    """Return designs of a space, those first that add most kinds of ops to the ones before them."""
    rng = random.Random("covering")
    drawn = [planned_design(draw_design(rng, space or Space())) for _ in range(CANDIDATES)]
    return tuple(one.arch for one in _least_known(drawn, number, None) if one.arch is not None)
