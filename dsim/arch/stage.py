"""Stage: blocks of one width at one resolution, and the transition that leads to them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from dsim.arch.block import Block
from dsim.arch.checks import member, parts, whole
from dsim.arch.choices import Activation, Downsample, Mixer, Norm
from dsim.arch.serial import MAX_DEPTH, StageForm, runs_of
from dsim.errors import InvalidValueError
from dsim.records import HasForm

MAX_WIDTH = 4096


@dataclass(frozen=True, slots=True)
class Stage(HasForm):
    """One of the four stages.

    Attributes
    ----------
    width
        Channels.
    blocks
        At least one. Attention blocks come last, and 3D blocks after V2's: once flattened, a map stays tokens.
    downsample
        The transition from the stage before; `Downsample.NONE` for the first stage and only there.

    Raises
    ------
    InvalidValueError
        A value is out of its range, or the order of blocks is impossible.
    """

    width: int
    blocks: tuple[Block, ...]
    downsample: Downsample = Downsample.CONV_NORM

    def __post_init__(self) -> None:
        whole("width", self.width, 1, MAX_WIDTH)
        object.__setattr__(self, "blocks", parts("the blocks of a stage", Block, self.blocks))
        object.__setattr__(self, "downsample", member("downsample", Downsample, self.downsample))
        whole("the number of blocks in a stage", len(self.blocks), 1, MAX_DEPTH)
        rank = [_rank(block.mixer) for block in self.blocks]
        if rank != sorted(rank):
            raise InvalidValueError(
                "attention blocks come last in a stage, 3D ones after V2's, got "
                f"{', '.join(block.mixer for block in self.blocks)}; reorder them"
            )
        for block in self.blocks:
            if block.hidden(self.width) < 1:
                raise InvalidValueError(
                    f"an MLP must have a hidden channel, got ratio {block.mlp_ratio:g} of width {self.width}; "
                    "raise one of them"
                )

    @classmethod
    def form(cls) -> type[StageForm]:
        """Return the record that stands for a stage in a file."""
        return StageForm

    def to_form(self) -> StageForm:
        """Return the stage as files hold it."""
        return StageForm(self.width, self.downsample, runs_of(self.blocks))

    @classmethod
    def from_form(cls, form: StageForm) -> Stage:
        """Make a stage of what a file holds."""
        blocks = tuple(block for run in form.blocks for block in (run.block(),) * run.count)
        return cls(form.width, blocks, form.downsample)

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return len(self.blocks)

    @property
    def attention_blocks(self) -> int:
        """Number of attention blocks of either kind."""
        return sum(block.mixer.is_attention for block in self.blocks)

    @property
    def ends_in_tokens(self) -> bool:
        """True where the last block is a 3D block, which works on tokens and not on a map."""
        return self.blocks[-1].mixer is Mixer.ATTENTION

    def describe(self, index: int, size: int) -> str:
        """Return the stage in words, on one line.

        Parameters
        ----------
        index
            Its place in the design, from 0.
        size
            Height and width of its map, in positions.
        """
        via = f", {self.downsample}" if index else ""
        runs = (f"{len(list(run))} x {block.describe()}" for block, run in itertools.groupby(self.blocks))
        return f"stage {index + 1}: {size}x{size}, width {self.width}{via}; {', '.join(runs)}"

    @classmethod
    def of(
        cls,
        width: int,
        depth: int,
        mixer: Mixer,
        *,
        downsample: Downsample = Downsample.CONV_NORM,
        attention_blocks: int = 0,
        attention: Mixer = Mixer.ATTENTION,
        mlp_ratio: float | Sequence[float] = 4.0,
        activation: Activation = Activation.GELU,
        norm: Norm = Norm.BATCH,
        layer_scale: float | None = 1e-5,
    ) -> Stage:
        """Make a stage of ``depth`` blocks, the last ``attention_blocks`` of which are attention.

        Parameters
        ----------
        mlp_ratio
            One ratio for all blocks, or one for each.
        norm
            For all blocks but 3D attention, which always has layer norm.

        Raises
        ------
        InvalidValueError
            More attention blocks than blocks, a wrong number of ratios, or a value out of range.

        Examples
        --------
        >>> Stage.of(448, 4, Mixer.POOLING, attention_blocks=1).blocks[-1].norm
        <Norm.LAYER: 'layer'>
        """
        whole("depth", depth, 1, MAX_DEPTH)
        whole("attention_blocks", attention_blocks, 0, depth)
        ratios = tuple(mlp_ratio) if isinstance(mlp_ratio, Sequence) else (mlp_ratio,) * depth
        if len(ratios) != depth:
            raise InvalidValueError(
                f"a stage of {depth} blocks takes one MLP ratio or {depth}, got {len(ratios)}; give as many as blocks"
            )
        mixers = [mixer] * (depth - attention_blocks) + [attention] * attention_blocks
        made: dict[
            tuple[Mixer, float], Block
        ] = {}  # blocks check themselves: those that are equal are made once
        for m, ratio in zip(mixers, ratios, strict=True):
            if (m, ratio) not in made:
                own = Norm.LAYER if m is Mixer.ATTENTION else norm
                made[m, ratio] = Block(m, ratio, activation, own, layer_scale)
        return cls(width, tuple(made[which] for which in zip(mixers, ratios, strict=True)), downsample)


def _rank(mixer: Mixer) -> int:
    return 2 if mixer is Mixer.ATTENTION else 1 if mixer is Mixer.ATTENTION_V2 else 0
