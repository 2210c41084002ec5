"""Which space a supernet is asked to hold: that of a file, or all that can be cut out of a design."""

from __future__ import annotations

from pathlib import Path

from dsim.arch import Arch, Mixer
from dsim.arch.named import read_design
from dsim.errors import FileFormatError, InvalidValueError
from dsim.search.space import Space
from dsim.search.space_file import load_space
from dsim.supernet.choices import DEFAULT, Choices

MULTIPLE = 16  # channels by which the EfficientFormer paper narrows a stage
LEAST_SHARE = 2  # a stage becomes no narrower than its width divided by this
RATIOS = (2.0, 3.0, 4.0)  # that a block's MLP ratio may fall to


def load_choices(name: str | Path | None) -> Space:
    """Return the space of a TOML file, or of all that can be cut out of a design.

    Parameters
    ----------
    name
        A file whose name ends in ``.toml``, in which keys that are left out are those of `DEFAULT`; or a preset's name, an
        arch.json, or the folder of a model that `train_design` made. None for `DEFAULT`.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not TOML, or not a space for a supernet.
    UnknownNameError
        There is no such preset.
    InvalidValueError
        The design is not built like EfficientFormer (V1).
    """
    if name is None:
        return DEFAULT
    path = Path(name)
    if path.suffix != ".toml":
        return space_below(read_design(name))
    space = load_space(path, DEFAULT)
    try:
        Choices(space)
    except InvalidValueError as error:
        raise FileFormatError(f"{path}: {error}") from error
    return space


def space_below(arch: Arch) -> Space:
    """Return the space whose largest design is a given one.

    Stages become shallower, down to one block, and narrower, down to half, by multiples of 16 channels; MLP ratios fall
    to 2; attention may go. Nothing is added that the design lacks, so that its weights are those of the largest design.

    Raises
    ------
    InvalidValueError
        The design is not built like EfficientFormer (V1): its parts are not those that a supernet shares.
    """
    plain = [
        next((block for block in stage.blocks if not block.mixer.is_attention), None) for stage in arch.stages
    ]
    known = next((block for block in plain if block is not None), None)
    if known is None:
        raise _not_alike()
    counts = [stage.attention_blocks for stage in arch.stages]
    attentions = [block.mixer for stage in arch.stages for block in stage.blocks if block.mixer.is_attention]
    greatest = [max(block.mlp_ratio for block in stage.blocks) for stage in arch.stages]
    space = DEFAULT.fixed(
        stems=(arch.stem,),
        mixers=tuple((block.mixer if block else known.mixer,) for block in plain),
        attentions=(attentions[0] if attentions else Mixer.ATTENTION,),
        attention_blocks=tuple(tuple(range(count, -1, -1)) for count in counts[2:]),
        activations=(known.activation,),
        norms=(known.norm,),
        widths=tuple(
            (
                *range(-(-stage.width // (LEAST_SHARE * MULTIPLE)) * MULTIPLE, stage.width, MULTIPLE),
                stage.width,
            )
            for stage in arch.stages
        ),
        depths=tuple(tuple(range(1, stage.depth + 1)) for stage in arch.stages),
        mlp_ratios=tuple((*(one for one in RATIOS if one < ratio), ratio) for ratio in greatest),
        resolution=arch.resolution,
    )
    choices = Choices(space)
    if choices.largest.arch(choices.stem, choices.head, arch.resolution, arch.num_classes) != arch:
        raise _not_alike()
    return space


def _not_alike() -> InvalidValueError:
    return InvalidValueError(
        "the largest design of a supernet must be built like EfficientFormer (V1), with one mixer, activation and MLP ratio "
        "in each stage, and this one is not; use efficientformer_l1, _l3 or _l7, or a space file"
    )
