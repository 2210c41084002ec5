"""A design as the backbone of a detector or segmenter: the four maps of an image of any size, without a head."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dsim.arch.arch import MAX_RESOLUTION, Arch
from dsim.arch.choices import Mixer
from dsim.arch.lower import IMAGE_CHANNELS, BlockPart, HeadPart, Part, Piece, StemPart, graph_of_parts
from dsim.errors import InvalidValueError
from dsim.graph import Graph

_SIDES = re.compile(r"(\d{1,5})(?:x(\d{1,5}))?")
_STEP = 32  # pixels: four stages halve the image five times in all


def read_sides(text: str, step: int = _STEP) -> tuple[int, int]:
    """Read the size of an image, ``640`` or ``512x640`` (height x width).

    Parameters
    ----------
    step
        Both sides are multiples of it; a design's are multiples of 32.

    Raises
    ------
    InvalidValueError
        It is something else.

    Examples
    --------
    >>> read_sides("512x640"), read_sides("640")
    ((512, 640), (640, 640))
    """
    match = _SIDES.fullmatch(text.strip())
    sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(step <= side <= MAX_RESOLUTION and side % step == 0 for side in sides):
        numbers = f"multiples of {step}" if step > 1 else "whole numbers"
        raise InvalidValueError(
            f"an image's height and width must be {numbers} from {step} to {MAX_RESOLUTION}, got {text[:40]!r}; write "
            "640 or 512x640"
        )
    return sides


def backbone_pieces(arch: Arch, image: tuple[int, int]) -> tuple[Piece, ...]:
    """Cut a design without its head into pieces, for images of some height and width.

    The maps at strides 4, 8, 16 and 32 are what its four stages give. A last stage that ends in tokens makes a map of them.
    """
    return tuple(Piece(part, scope) for scope, part in _parts(arch, image))


def backbone_graph(arch: Arch, image: tuple[int, int]) -> Graph:
    """Return the ops of a design without its head, for one image of some height and width."""
    return graph_of_parts(_parts(arch, image), (1, IMAGE_CHANNELS, *image))


def _parts(arch: Arch, image: tuple[int, int]) -> Iterator[tuple[str, Part]]:
    return backbone_parts(replace(arch, resolution=image[0]).parts(), image)


def backbone_parts(parts: Iterable[tuple[str, Part]], image: tuple[int, int]) -> Iterator[tuple[str, Part]]:
    """Yield parts of a design at the image's height as a backbone has them: of the image's width, without the head.

    Where they go up to the end of a stage, they are all that the stage has there: its last block leaves a map.
    """
    found = [(scope, _widened(part, *image)) for scope, part in parts if not isinstance(part, HeadPart)]
    if not found:
        return
    *before, (scope, last) = found
    yield from before
    if isinstance(last, BlockPart):
        last = replace(last, map_out=last.mixer is Mixer.ATTENTION)
    yield scope, last


def _widened(part: Part, height: int, width: int) -> Part:
    """Return a part of a square image of that height, for images of another width."""
    if height == width or isinstance(part, HeadPart):
        return part
    size = part.resolution if isinstance(part, StemPart) else part.size
    return replace(part, columns=size * width // height)
