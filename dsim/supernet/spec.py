"""TrainSpec: everything that determines the weights of a supernet, beside its pictures."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from pathlib import Path

from dsim.errors import InvalidValueError
from dsim.search.space import Space
from dsim.supernet.choices import DEFAULT, Choices

IMPORTANCES = (
    "gumbel",
    "ablation",
)  # how blocks are weighed, which decides how the supernet is trained; the default first
ALONE = "none"  # one design by itself: no block is weighed
PRECISIONS = ("float32", "bfloat16")
PLAIN, PAPER = (
    "plain",
    "paper",
)  # pictures in memory, shifted and mirrored; EfficientFormer's recipe for ImageNet
RECIPES = (PLAIN, PAPER)
_COUNT = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*([kM]?)\s*")


def parse_count(text: str | int) -> int:
    """Read a number of images such as ``160000``, ``160k`` or ``1.5M``.

    Raises
    ------
    InvalidValueError
        It is something else, or not positive.
    """
    match = _COUNT.fullmatch(str(text))
    count = round(float(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]]) if match else 0
    if count < 1:
        raise InvalidValueError(f"images must be a positive number, got {text!r}; write 160k or 1.5M")
    return count


@dataclass(frozen=True)
class TrainSpec:
    """What was asked for.

    Attributes
    ----------
    images
        Pictures to show, rounded down to whole steps: the bound of the cost.
    px
        Height and width of the pictures.
    importance
        ``gumbel`` or ``ablation``; ``none`` for one design.
    seed
        Of weights, order, augmentation, sub-networks and split.
    batch
        Pictures in a step.
    learning_rate
        At its peak; AdamW's.
    weight_decay, label_smoothing
        The paper's: 0.025 and 0.1.
    flip
        Whether pictures are mirrored at random; False where left and right mean something.
    device
        ``cpu`` or ``cuda``.
    threads
        Of torch on the processor: sums in another order give other last digits.
    precision
        ``float32`` or ``bfloat16``.
    shards
        Equal parts of a batch, each with statistics of its own in batch norms; several processes share them.
    subnets
        Random sub-networks out of which blocks are taken, for the importance of blocks.
    start
        Hash of the file whose weights it begins with; empty for fresh weights.
    teacher
        Hash of the weights of a trained model that teaches it, or timm's name of it; empty for labels alone.
    space
        What may vary.
    recipe
        ``plain`` or ``paper``: what pictures go through, the learning rate, and whether gradients are clipped.

    Raises
    ------
    InvalidValueError
        A value is out of its range.
    """

    images: int
    px: int = 32
    importance: str = IMPORTANCES[0]
    seed: int = 0
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.025
    label_smoothing: float = 0.1
    flip: bool = True
    device: str = "cpu"
    threads: int = 1
    precision: str = "float32"
    shards: int = 1
    subnets: int = 4
    start: str = ""
    teacher: str = ""
    space: Space = field(default=DEFAULT)
    recipe: str = PLAIN

    def __post_init__(self) -> None:
        for name, known in (
            ("importance", (*IMPORTANCES, ALONE)),
            ("precision", PRECISIONS),
            ("recipe", RECIPES),
        ):
            if getattr(self, name) not in known:
                raise InvalidValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}; choose one of them"
                )
        if type(self.images) is int and type(self.batch) is int and self.images < self.batch:
            raise InvalidValueError(
                f"images must be at least those of one step, {self.batch}, got {self.images}; show more, or use a smaller --batch"
            )
        for name, least, most in (
            ("batch", 8, 65_536),
            ("images", 1, 10**12),
            ("threads", 1, 4096),
            ("shards", 1, self.batch // 2 if type(self.batch) is int else 1),
            ("subnets", 1, 1000),
            ("seed", 0, 2**32 - 1),
        ):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise InvalidValueError(
                    f"{name} must be a whole number from {least} to {most}, got {value!r}; change it"
                )
        if self.batch % self.shards:
            raise InvalidValueError(
                f"batch must be a multiple of shards, got {self.batch} images in {self.shards} shards; change one of them"
            )
        for name, most_value in (("learning_rate", 1.0), ("weight_decay", 1.0), ("label_smoothing", 0.9)):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= most_value):
                raise InvalidValueError(f"{name} must lie in 0 to {most_value:g}, got {value!r}; change it")
        if not re.fullmatch(r"cpu|cuda(:\d+)?", self.device):
            raise InvalidValueError(f"device must be cpu or cuda, got {self.device!r}; choose one of them")
        Choices(self.space)

    @property
    def steps(self) -> int:
        """How often weights change."""
        return self.images // self.batch


def differences(one: TrainSpec, other: TrainSpec) -> list[str]:
    """Return the fields in which two specs differ, with both values."""
    pairs = ((f.name, getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return [f"{name} {a} and {b}" if name != "space" else "another space" for name, a, b in pairs if a != b]


def begun_otherwise(out: str | Path, differ: list[str]) -> InvalidValueError:
    """Return the error of a run that would go on with what was begun with other inputs."""
    return InvalidValueError(
        f"{out} must be trained on as it was begun, and this asks for something else: {'; '.join(differ)}; use the same "
        "options, or another --out"
    )
