"""Arch: one candidate design, from image to class scores."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from dsim.arch.checks import member, parts, whole
from dsim.arch.choices import Activation, Downsample, Norm, Stem
from dsim.arch.head import Head
from dsim.arch.lower import (
    IMAGE_CHANNELS,
    Part,
    Piece,
    block_parts,
    graph_of_parts,
    head_part,
    map_size,
    stem_part,
    transition_part,
)
from dsim.arch.stage import Stage
from dsim.errors import InvalidValueError
from dsim.graph import Graph
from dsim.records import HasForm, from_json, from_plain, to_json, to_plain
from dsim.summaries import Summarised, Summary

STAGES = 4
MAX_RESOLUTION = 4096
MAX_CLASSES = 1_000_000
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ArchForm:
    """A design as files hold it; see `Arch`."""

    schema_version: int
    resolution: int
    num_classes: int
    stem: Stem
    stem_activation: Activation | None
    stages: tuple[Stage, ...]
    head: Head

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise InvalidValueError(
                f"a design has schema_version {SCHEMA_VERSION}, got {self.schema_version}; "
                "write it again with this version of dsim"
            )


@dataclass(frozen=True, repr=False)
class Arch(Summarised, HasForm):
    """An EfficientFormer-style vision backbone with its classifier.

    Attributes
    ----------
    stages
        Four, at 1/4, 1/8, 1/16 and 1/32 of the image. Attention blocks belong in the last two.
    stem
        See `Stem`; its output has the first stage's width.
    stem_activation
        For `Stem.TWO_CONVS` and only there (the other stems are one plain convolution): None otherwise.
    head
        See `Head`.
    resolution
        Height and width of the image in pixels, a multiple of 32.
    num_classes
        Class scores.

    Raises
    ------
    InvalidValueError
        The parts do not fit together.

    Examples
    --------
    >>> from dsim.arch import get_preset
    >>> arch = get_preset("efficientformer_l1")
    >>> arch.stages[3].attention_blocks
    1
    >>> Arch.from_json(arch.to_json()) == arch
    True
    """

    stages: tuple[Stage, ...]
    stem: Stem = Stem.TWO_CONVS
    stem_activation: Activation | None = Activation.RELU
    head: Head = field(default_factory=Head)
    resolution: int = 224
    num_classes: int = 1000

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", parts("the stages of a design", Stage, self.stages))
        object.__setattr__(self, "stem", member("stem", Stem, self.stem))
        if self.stem_activation is not None:
            object.__setattr__(
                self, "stem_activation", member("stem_activation", Activation, self.stem_activation)
            )
        whole("resolution", self.resolution, 32, MAX_RESOLUTION)
        whole("num_classes", self.num_classes, 1, MAX_CLASSES)
        if self.resolution % 32:
            raise InvalidValueError(
                f"resolution must be a multiple of 32, because four stages halve it five times, got {self.resolution}; "
                f"use {self.resolution // 32 * 32} or {self.resolution // 32 * 32 + 32}"
            )
        self._check_stages()
        self._check_stem()
        if self.head.norm is not Norm.LAYER and self.stages[-1].ends_in_tokens:
            raise InvalidValueError(
                f"a {self.head.norm} norm in the head works on a map, but stage 4 ends in 3D attention blocks; "
                "set the head's norm to 'layer'"
            )

    def _check_stages(self) -> None:
        if len(self.stages) != STAGES:
            raise InvalidValueError(f"a design has {STAGES} stages, got {len(self.stages)}; give four")
        for index, stage in enumerate(self.stages):
            if (stage.downsample is Downsample.NONE) != (index == 0):
                raise InvalidValueError(
                    f"stage 1 follows the stem and has downsample 'none', the others have one; stage {index + 1} has "
                    f"{stage.downsample!s}; change it"
                )
            if index < 2 and stage.attention_blocks:
                raise InvalidValueError(
                    f"attention blocks belong in stages 3 and 4 (its cost grows with the square of the positions), got "
                    f"{stage.attention_blocks} in stage {index + 1}; use another mixer there"
                )
            if index < 2 and stage.downsample is Downsample.ATTENTION:
                raise InvalidValueError(
                    f"attention downsampling leads to stage 3 or 4, got it before stage {index + 1}; use 'conv_norm'"
                )

    def _check_stem(self) -> None:
        needs = self.stem is Stem.TWO_CONVS
        if needs != (self.stem_activation is not None):
            raise InvalidValueError(
                f"stem {self.stem} {'has an activation' if needs else 'is one convolution without activation'}, got "
                f"stem_activation {self.stem_activation}; {'name one' if needs else 'set it to None'}"
            )
        if needs and self.stages[0].width < 2:
            raise InvalidValueError(
                f"the two-conv stem halves the first width, got {self.stages[0].width}; use 2 or more"
            )

    def map_size(self, stage: int) -> int:
        """Return the height and width of the map in stage 0, 1, 2 or 3, in positions."""
        return map_size(self.resolution, stage)

    # ---- what it is made of -----------------------------------------------------------------------------------

    def summary(self) -> Summary:
        """Return the design in words: stem, four stages, head."""
        rows = (line.partition(": ") for line in self.describe())
        return Summary("Design", tuple((name, text) for name, _, text in rows))

    def to_graph(self, input_shape: tuple[int, ...] | None = None) -> Graph:
        """Return the ops of the whole network. Needs no torch and takes milliseconds.

        Parameters
        ----------
        input_shape
            (batch, 3, height, width), both sides multiples of 32; None for one image at the design's resolution.

        Raises
        ------
        InvalidValueError
            The design cannot take that input.
        """
        default = (1, IMAGE_CHANNELS, self.resolution, self.resolution)
        image = default if input_shape is None else tuple(input_shape)
        if len(image) != 4 or image[1] != IMAGE_CHANNELS:
            raise InvalidValueError(
                f"a design takes images of {IMAGE_CHANNELS} channels, batch first, got {'x'.join(map(str, image))}; "
                f"give for example {'x'.join(map(str, default))}"
            )
        replace(self, resolution=image[3])  # refuses a width that no design can have
        return graph_of_parts(replace(self, resolution=image[2]).parts(), image)

    def parts(self) -> Iterator[tuple[str, Part]]:
        """Yield the parts in the order in which they run, each with its scope."""
        yield "stem", stem_part(self.stem, self.stem_activation, self.stages[0].width, self.resolution)
        for index, stage in enumerate(self.stages):
            if index:
                transition = transition_part(stage, self.stages[index - 1].width, self.map_size(index - 1))
                assert transition is not None
                yield f"stages.{index}.downsample", transition
            for i, block in enumerate(block_parts(stage, index, self.map_size(index))):
                yield f"stages.{index}.blocks.{i}", block
        last = len(self.stages) - 1
        yield "head", head_part(self.head, self.stages[last], self.map_size(last), self.num_classes)

    def pieces(self) -> tuple[Piece, ...]:
        """Cut the network into stem, blocks, transitions and head, in the order in which they run.

        The kernels that are left of the whole graph after any fusion passes are those of the pieces together, and
        pieces with equal keys have equal graphs.
        """
        return tuple(Piece(part, scope) for scope, part in self.parts())

    def describe(self) -> tuple[str, ...]:
        """Return the design in six lines of words: stem, four stages, head.

        Examples
        --------
        >>> from dsim.arch import get_preset
        >>> get_preset("efficientformer_l1").describe()[4]
        'stage 4: 7x7, width 448, conv_norm; 3 x pooling (MLP 4, gelu, batch), 1 x attention (MLP 4, gelu, layer)'
        """
        stem = f"stem: {self.stem}" + (f", {self.stem_activation}" if self.stem_activation else "")
        return (
            f"{stem}; image {self.resolution}x{self.resolution}",
            *(stage.describe(index, self.map_size(index)) for index, stage in enumerate(self.stages)),
            f"head: {self.head.describe()}, {self.num_classes} classes",
        )

    # ---- JSON -------------------------------------------------------------------------------------------------

    @classmethod
    def form(cls) -> type[ArchForm]:
        """Return the record that stands for a design in a file."""
        return ArchForm

    def to_form(self) -> ArchForm:
        """Return the design as files hold it."""
        head = (SCHEMA_VERSION, self.resolution, self.num_classes, self.stem, self.stem_activation)
        return ArchForm(*head, self.stages, self.head)

    @classmethod
    def from_form(cls, form: ArchForm) -> Arch:
        """Make a design of what a file holds."""
        return cls(form.stages, form.stem, form.stem_activation, form.head, form.resolution, form.num_classes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; equal neighbours among the blocks are written once, with a count."""
        return dict(to_plain(self))

    def to_json(self) -> str:
        """Return readable JSON."""
        return to_json(self, indent=2)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Arch:
        """Read what `to_dict` wrote; unknown or missing keys are refused.

        Raises
        ------
        FileFormatError
            A key is unknown, missing, or of the wrong type, or the design is impossible; the message names the place.
        """
        return from_plain(cls, raw, "design")

    @classmethod
    def from_json(cls, text: str) -> Arch:
        """Read what `to_json` wrote.

        Raises
        ------
        FileFormatError
            Not JSON, or not a design; the message names the place.
        """
        return from_json(cls, text, "design")

    def canonical_hash(self) -> str:
        """Return 64 hex digits: equal for equal designs, on any machine and in any run."""
        return self._canonical_hash

    @cached_property
    def _canonical_hash(self) -> str:
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
