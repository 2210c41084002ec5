"""The pieces that the designs of a space are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeVar

from dsim.arch import Arch
from dsim.arch.lower import BlockPart, HeadPart, Part, StemPart, TransitionPart
from dsim.search.mix import Mix
from dsim.search.space import Space

_Choice = TypeVar("_Choice")


def parts_of(space: Space) -> tuple[Part, ...]:
    """Return every piece that some design of a space has, each once: stems, downsamplers and blocks by stage, heads."""
    found = dict.fromkeys(part for arch in _covering(space) for _, part in arch.parts())
    order = {StemPart: 0, TransitionPart: 1, BlockPart: 2, HeadPart: 3}
    return tuple(sorted(found, key=lambda part: (order[type(part)], -getattr(part, "size", 0))))


def _covering(space: Space) -> Iterator[Arch]:
    """Yield designs that hold every piece between them.

    A piece depends on its own stage alone, and a downsampler on two, so that the stages go through their choices side by side.
    """
    sizes = [list(product(*rows)) for rows in zip(space.widths, space.mlp_ratios, strict=True)]
    least = (min(space.attention_blocks[0]), min(space.attention_blocks[1]))
    most = max(map(len, space.mixers))
    kinds = [
        # every mixer, with as few attention blocks as may be; then every number of attention blocks
        *((n, space.attentions[0], least) for n in range(most)),
        *(
            (0, kind, (_nth(space.attention_blocks[0], n), _nth(space.attention_blocks[1], n)))
            for kind in space.attentions
            for n in range(max(map(len, space.attention_blocks)))
        ),
    ]
    for (number, kind, counts), activation, norm in product(kinds, space.activations, space.norms):
        mixers = tuple(_nth(row, number) for row in space.mixers)
        mix = Mix(space.stems[0], mixers, kind, counts, activation, norm)
        for n in range(max(map(len, sizes))):
            chosen = [_nth(row, n) for row in sizes]
            yield _design(space, mix, [width for width, _ in chosen], [ratio for _, ratio in chosen])
    plain = Mix(
        space.stems[0], tuple(row[0] for row in space.mixers), space.attentions[0], least,
        space.activations[0], space.norms[0],
    )  # fmt: skip
    ratios = [row[0] for row in space.mlp_ratios]
    for stem, width in product(space.stems, space.widths[0]):
        yield _design(
            space, replace(plain, stem=stem), [width, *(row[0] for row in space.widths[1:])], ratios
        )
    for stage in (1, 2, 3):
        for before, here in product(space.widths[stage - 1], space.widths[stage]):
            widths = [row[0] for row in space.widths]
            widths[stage - 1 : stage + 1] = before, here
            yield _design(space, plain, widths, ratios)


def _design(space: Space, mix: Mix, widths: list[int], ratios: list[float]) -> Arch:
    """Make the design of a mix that has as few blocks as hold one of each kind."""
    fewest = [mix.attention_in(stage) for stage in range(4)]
    depths = [count + 1 if max(space.depths[stage]) > count else count for stage, count in enumerate(fewest)]
    return mix.arch(widths, depths, ratios, space.resolution)


def _nth(row: Sequence[_Choice], n: int) -> _Choice:
    return row[n % len(row)]
