"""Draw designs of a space at random."""

from __future__ import annotations

import random

from dsim.arch import Arch
from dsim.errors import DsimError
from dsim.search.mix import mix_from, parameters
from dsim.search.space import Space


def random_design(rng: random.Random, space: Space, growing: bool = False) -> Arch:
    """Draw one design: every choice is equally likely; combinations that make no design are drawn again.

    Parameters
    ----------
    growing
        Sort the widths, so that no stage is narrower than the one before.
    """
    rows = parameters(space)
    while True:
        mix = mix_from(space, {name: rng.choice(row) for name, row in rows.items()})
        widths = [rng.choice(row) for row in space.widths]
        depths = [rng.choice(row) for row in space.depths]
        ratios = [rng.choice(row) for row in space.mlp_ratios]
        try:
            return mix.arch(sorted(widths) if growing else widths, depths, ratios, space.resolution)
        except DsimError:  # more attention blocks than the stage is deep
            continue
