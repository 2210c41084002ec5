"""Block: one residual unit of a design, a token mixer followed by an MLP."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.arch.checks import member, number
from dsim.arch.choices import Activation, Mixer, Norm
from dsim.errors import InvalidValueError

MAX_MLP_RATIO = 16.0


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes
    ----------
    mixer
        The token mixer.
    mlp_ratio
        Hidden channels of the MLP as a multiple of the stage's width (rounded down), in (0, 16].
    activation
        The activation between the MLP's layers.
    norm
        See `Norm`. `Mixer.ATTENTION` works on tokens behind layer norm and allows nothing else.
    layer_scale
        Initial value of the learned scale per channel on each residual branch, or None for no scale.

    Raises
    ------
    InvalidValueError
        A value is out of its range, or mixer and norm contradict each other.
    """

    mixer: Mixer
    mlp_ratio: float = 4.0
    activation: Activation = Activation.GELU
    norm: Norm = Norm.BATCH
    layer_scale: float | None = 1e-5

    def __post_init__(self) -> None:
        assign = object.__setattr__  # coerced once, here, so that equal designs compare and hash equal
        assign(self, "mixer", member("mixer", Mixer, self.mixer))
        assign(self, "activation", member("activation", Activation, self.activation))
        assign(self, "norm", member("norm", Norm, self.norm))
        assign(self, "mlp_ratio", number("mlp_ratio", self.mlp_ratio))
        if not 0 < self.mlp_ratio <= MAX_MLP_RATIO:
            raise InvalidValueError(
                f"mlp_ratio must lie in (0, {MAX_MLP_RATIO:g}], got {self.mlp_ratio:g}; published designs use 1 to 6"
            )
        if self.layer_scale is not None:
            assign(self, "layer_scale", number("layer_scale", self.layer_scale))
            if not 0 < self.layer_scale <= 1:
                raise InvalidValueError(
                    f"layer_scale must lie in (0, 1] or be None, got {self.layer_scale:g}; EfficientFormer uses 1e-5"
                )
        if self.mixer is Mixer.ATTENTION and self.norm is not Norm.LAYER:
            raise InvalidValueError(
                f"the 3D attention block works on tokens behind layer norm, got norm {self.norm}; "
                "give it norm 'layer', or use mixer 'attention_v2'"
            )

    def hidden(self, width: int) -> int:
        """Return the hidden channels of the MLP in a stage of ``width`` channels."""
        return int(width * self.mlp_ratio)

    def describe(self) -> str:
        """Return the block in a few words."""
        scale = "" if self.layer_scale is not None else ", no layer scale"
        return f"{self.mixer} (MLP {self.mlp_ratio:g}, {self.activation}, {self.norm}{scale})"
