"""Mix: the choices of one design that Optuna makes; widths, depths and MLP ratios are swept for each mix."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dsim.arch import Activation, Arch, Downsample, Head, Mixer, Norm, Stage, Stem
from dsim.search.space import Space


@dataclass(frozen=True, slots=True)
class Mix:
    """What kind of blocks a design has, without how many and how wide.

    Attributes
    ----------
    mixers
        Token mixer of each stage's blocks before attention.
    attention
        Kind of the attention blocks.
    attention_blocks
        How many of the last blocks of stages 3 and 4 are attention.
    """

    stem: Stem
    mixers: tuple[Mixer, ...]
    attention: Mixer
    attention_blocks: tuple[int, int]
    activation: Activation
    norm: Norm

    def attention_in(self, stage: int) -> int:
        """Return the attention blocks of stage 0, 1, 2 or 3."""
        return self.attention_blocks[stage - 2] if stage >= 2 else 0

    def ends_in_tokens(self, stage: int) -> bool:
        """Tell whether a stage ends in 3D attention blocks."""
        return self.attention is Mixer.ATTENTION and self.attention_in(stage) > 0

    def canonical(self, space: Space) -> Mix:
        """Return the one mix that stands for all that make the same designs: without attention blocks, their kind does not matter."""
        return self if any(self.attention_blocks) else replace(self, attention=space.attentions[0])

    def arch(
        self, widths: Sequence[int], depths: Sequence[int], mlp_ratios: Sequence[float], resolution: int = 224
    ) -> Arch:
        """Make the design with these widths, depths and MLP ratios, one per stage.

        Raises
        ------
        InvalidValueError
            The parts do not fit together.
        """
        stages = tuple(self.stage(i, widths[i], depths[i], mlp_ratios[i]) for i in range(4))
        return Arch(stages, self.stem, self.stem_activation, self.head, resolution)

    def stage(self, index: int, width: int, depth: int, mlp_ratio: float) -> Stage:
        """Make the stage at ``index`` (0 to 3) with this width, depth and MLP ratio."""
        return Stage.of(
            width,
            depth,
            self.mixers[index],
            downsample=Downsample.CONV_NORM if index else Downsample.NONE,
            attention_blocks=self.attention_in(index),
            attention=self.attention,
            mlp_ratio=mlp_ratio,
            activation=self.activation,
            norm=self.norm,
        )

    @property
    def stem_activation(self) -> Activation | None:
        """Of the stem that has one."""
        return Activation.RELU if self.stem is Stem.TWO_CONVS else None

    @property
    def head(self) -> Head:
        """What follows the last stage: V1 ends in tokens behind layer norm, V2 in a map behind batch norm."""
        return Head(norm=Norm.LAYER if self.ends_in_tokens(3) else Norm.BATCH)


def parameters(space: Space) -> dict[str, tuple[object, ...]]:
    """Return the choices that Optuna makes, by parameter name; those with one option are left out."""
    rows: dict[str, tuple[object, ...]] = {
        "stem": space.stems,
        **{f"mixer_{i + 1}": row for i, row in enumerate(space.mixers)},
        "attention": space.attentions,
        "attention_blocks_3": space.attention_blocks[0],
        "attention_blocks_4": space.attention_blocks[1],
        "activation": space.activations,
        "norm": space.norms,
    }
    return {name: row for name, row in rows.items() if len(row) > 1}


def mix_from(space: Space, chosen: dict[str, object]) -> Mix:
    """Make the mix of Optuna's choices; a parameter that is left out has its first option."""

    def pick(name: str, row: tuple[object, ...]) -> str:
        return str(chosen.get(name, row[0]))

    blocks = [int(pick(f"attention_blocks_{i + 3}", row)) for i, row in enumerate(space.attention_blocks)]
    return Mix(
        stem=Stem(pick("stem", space.stems)),
        mixers=tuple(Mixer(pick(f"mixer_{i + 1}", row)) for i, row in enumerate(space.mixers)),
        attention=Mixer(pick("attention", space.attentions)),
        attention_blocks=(blocks[0], blocks[1]),
        activation=Activation(pick("activation", space.activations)),
        norm=Norm(pick("norm", space.norms)),
    ).canonical(space)


def choices_of(space: Space, mix: Mix) -> dict[str, object]:
    """Return Optuna's choices for a mix: the inverse of `mix_from`."""
    values: dict[str, object] = {
        "stem": str(mix.stem),
        **{f"mixer_{i + 1}": str(mixer) for i, mixer in enumerate(mix.mixers)},
        "attention": str(mix.attention),
        "attention_blocks_3": mix.attention_blocks[0],
        "attention_blocks_4": mix.attention_blocks[1],
        "activation": str(mix.activation),
        "norm": str(mix.norm),
    }
    return {name: values[name] for name in parameters(space)}


def count_combinations(space: Space) -> int:
    """Count the combinations of Optuna's choices; canonical mixes are fewer."""
    return math.prod(len(row) for row in parameters(space).values())


def count_designs(space: Space) -> int:
    """Count the designs of a space at most: those that stand for one canonical mix are counted each."""
    return count_combinations(space) * space.points_per_mix


def all_mixes(space: Space) -> Iterator[Mix]:
    """Yield every canonical mix once, in a fixed order."""
    rows = parameters(space)
    for values in itertools.product(*rows.values()):
        chosen = dict(zip(rows, values, strict=True))
        mix = mix_from(space, chosen)
        # a combination that stands for another mix is skipped: that one comes, or came, by itself
        if choices_of(space, mix) == {name: _plain(value) for name, value in chosen.items()}:
            yield mix


def _plain(value: object) -> object:
    return value if isinstance(value, int) else str(value)
