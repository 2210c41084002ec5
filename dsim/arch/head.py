"""Head: what turns the last map into class scores."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.arch.checks import flag, member
from dsim.arch.choices import Norm
from dsim.errors import InvalidValueError


@dataclass(frozen=True, slots=True)
class Head:
    """Norm, global average pooling and one or two linear classifiers.

    Attributes
    ----------
    norm
        The last norm. Batch and group norm work on a map, so stage 4 must not end in 3D blocks.
    distilled
        Two classifiers, one of which learns from a teacher; their scores are averaged.
    pool_first
        Pool, then layer norm (PoolFormer in timm), instead of norm, then pool (EfficientFormer).

    Raises
    ------
    InvalidValueError
        ``pool_first`` with another norm than layer norm: one position leaves nothing to normalise over.
    """

    norm: Norm = Norm.LAYER
    distilled: bool = True
    pool_first: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "norm", member("head norm", Norm, self.norm))
        flag("distilled", self.distilled)
        flag("pool_first", self.pool_first)
        if self.pool_first and self.norm is not Norm.LAYER:
            raise InvalidValueError(
                f"a head that pools first normalises with layer norm, got {self.norm}; set norm 'layer' or pool_first false"
            )

    def describe(self) -> str:
        """Return the head in a few words."""
        order = "pool, then norm" if self.pool_first else "norm, then pool"
        return f"{self.norm} {order}; {'two classifiers (distilled)' if self.distilled else 'one classifier'}"
