"""Parts: a design as the choices and sizes that a search makes, so that two designs can be compared choice by choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from dsim.arch import Arch, Mixer
from dsim.errors import DsimError
from dsim.search.mix import Mix
from dsim.shift.swaps import Swap

STAGES = range(4)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Parts:
    """A design in the form in which searches make it: a mix, and four widths, depths and MLP ratios."""

    mix: Mix
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    mlp_ratios: tuple[float, ...]
    resolution: int = 224

    @classmethod
    def of(cls, arch: Arch) -> Parts:
        """Return the parts of a design; one with uneven blocks (a published one, say) is taken by its first blocks."""
        blocks = [block for stage in arch.stages for block in stage.blocks]
        attentions = [block.mixer for block in blocks if block.mixer.is_attention]
        first = [next((b for b in s.blocks if not b.mixer.is_attention), s.blocks[0]) for s in arch.stages]
        mixers = tuple(b.mixer if not b.mixer.is_attention else Mixer.POOLING for b in first)
        mix = Mix(
            arch.stem,
            mixers,
            attentions[0] if attentions else Mixer.ATTENTION,
            (arch.stages[2].attention_blocks, arch.stages[3].attention_blocks),
            first[0].activation,
            first[0].norm,
        )
        return cls(
            mix,
            tuple(stage.width for stage in arch.stages),
            tuple(stage.depth for stage in arch.stages),
            tuple(stage.blocks[0].mlp_ratio for stage in arch.stages),
            arch.resolution,
        )

    def arch(self) -> Arch:
        """Make the design.

        Raises
        ------
        InvalidValueError
            The parts do not fit together.
        """
        return self.mix.arch(self.widths, self.depths, self.mlp_ratios, self.resolution)

    def values(self) -> dict[str, str]:
        """Return every choice and size by name, in words; what a design has none of is left out."""
        mix = self.mix
        out = {"activation": str(mix.activation), "norm": str(mix.norm), "stem": str(mix.stem)}
        # a stage of nothing but attention has no other mixer
        for i in STAGES:
            if self.depths[i] > mix.attention_in(i):
                out[f"mixer {i + 1}"] = str(mix.mixers[i])
        if any(mix.attention_blocks):
            out["attention"] = str(mix.attention)
        out |= {f"attention blocks {i + 1}": str(mix.attention_in(i)) for i in (2, 3)}
        out |= {f"width {i + 1}": str(self.widths[i]) for i in STAGES}
        out |= {f"depth {i + 1}": str(self.depths[i]) for i in STAGES}
        out |= {f"MLP ratio {i + 1}": f"{self.mlp_ratios[i]:g}" for i in STAGES}
        return out


def swaps_between(a: Parts, b: Parts) -> tuple[Swap, ...]:
    """Return everything that differs from ``a`` to ``b``, one at a time."""
    said_a, said_b = a.values(), b.values()
    out = []
    for choice, changed in _steps(a, b):
        if choice in said_a and choice in said_b and said_a[choice] != said_b[choice]:
            out.append(Swap(choice, said_a[choice], said_b[choice], _made(changed)))
    return tuple(out)


def _steps(a: Parts, b: Parts) -> Iterator[tuple[str, Parts]]:
    def mix(**values: object) -> Parts:
        return replace(a, mix=replace(a.mix, **values))  # type: ignore[arg-type]

    yield "activation", mix(activation=b.mix.activation)
    yield "norm", mix(norm=b.mix.norm)
    yield "stem", mix(stem=b.mix.stem)
    for i in STAGES:
        yield f"mixer {i + 1}", mix(mixers=_put(a.mix.mixers, i, b.mix.mixers[i]))
    yield "attention", mix(attention=b.mix.attention)
    for i in (2, 3):
        counts = _put(a.mix.attention_blocks, i - 2, b.mix.attention_blocks[i - 2])
        # a design without attention has no kind of it: the block that comes is the other design's
        kind = a.mix.attention if any(a.mix.attention_blocks) else b.mix.attention
        yield f"attention blocks {i + 1}", mix(attention_blocks=counts, attention=kind)
    for i in STAGES:
        yield f"width {i + 1}", replace(a, widths=_put(a.widths, i, b.widths[i]))
    for i in STAGES:
        yield f"depth {i + 1}", replace(a, depths=_put(a.depths, i, b.depths[i]))
    for i in STAGES:
        yield f"MLP ratio {i + 1}", replace(a, mlp_ratios=_put(a.mlp_ratios, i, b.mlp_ratios[i]))


def _put(row: tuple[_T, ...], index: int, value: _T) -> tuple[_T, ...]:
    return (*row[:index], value, *row[index + 1 :])


def _made(parts: Parts) -> Arch | None:
    try:
        return parts.arch()
    except DsimError:
        return None  # fewer blocks than attention blocks, say
