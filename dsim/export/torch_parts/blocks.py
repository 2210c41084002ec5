"""Blocks: token mixer and MLP, each on a residual branch."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from dsim.export.torch_parts.attention import TokenAttention
from dsim.export.torch_parts.mlps import LinearMlp
from dsim.export.torch_parts.residual import ResidualBlock


class Block4D(ResidualBlock):
    """A block on maps (N, C, H, W); batch norms are inside its branches."""

    def __init__(self, width: int, token_mixer: nn.Module, mlp: nn.Module, layer_scale: float | None) -> None:
        super().__init__()
        self.token_mixer = token_mixer
        self.mlp = mlp
        self.layer_scale_1 = self.scale(width, layer_scale)
        self.layer_scale_2 = self.scale(width, layer_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        x = self.add(x, self.token_mixer(x), self.layer_scale_1)
        return self.add(x, self.mlp(x), self.layer_scale_2)


class PreNormBlock4D(ResidualBlock):
    """A block on maps (N, C, H, W); a norm stands before each branch."""

    def __init__(
        self,
        width: int,
        norm: Callable[[int], nn.Module],
        token_mixer: nn.Module,
        mlp: nn.Module,
        layer_scale: float | None,
    ) -> None:
        super().__init__()
        self.norm1 = norm(width)
        self.token_mixer = token_mixer
        self.norm2 = norm(width)
        self.mlp = mlp
        self.layer_scale_1 = self.scale(width, layer_scale)
        self.layer_scale_2 = self.scale(width, layer_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        x = self.add(x, self.token_mixer(self.norm1(x)), self.layer_scale_1)
        return self.add(x, self.mlp(self.norm2(x)), self.layer_scale_2)


class MlpBlock(ResidualBlock):
    """A block on maps (N, C, H, W) that is an MLP alone; batch norms are inside it."""

    def __init__(self, width: int, mlp: nn.Module, layer_scale: float | None) -> None:
        super().__init__()
        self.mlp = mlp
        self.layer_scale = self.scale(width, layer_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        return self.add(x, self.mlp(x), self.layer_scale)


class PreNormMlpBlock(ResidualBlock):
    """A block on maps (N, C, H, W) that is an MLP alone, with a norm before it."""

    def __init__(
        self, width: int, norm: Callable[[int], nn.Module], mlp: nn.Module, layer_scale: float | None
    ) -> None:
        super().__init__()
        self.norm = norm(width)
        self.mlp = mlp
        self.layer_scale = self.scale(width, layer_scale)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        return self.add(x, self.mlp(self.norm(x)), self.layer_scale)


class Block3D(ResidualBlock):
    """EfficientFormer's attention block on tokens (N, H * W, C)."""

    def __init__(
        self, width: int, size: int, hidden: int, activation: type[nn.Module], layer_scale: float | None
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.token_mixer = TokenAttention(width, size)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = LinearMlp(width, hidden, activation)
        self.layer_scale_1 = self.scale(width, layer_scale)
        self.layer_scale_2 = self.scale(width, layer_scale)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Run the block on the tokens of a map of ``size``."""
        x = self.add(x, self.token_mixer(self.norm1(x), size), self.layer_scale_1)
        return self.add(x, self.mlp(self.norm2(x)), self.layer_scale_2)


class Flat(nn.Module):
    """From a map (N, C, H, W) to tokens (N, H * W, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """Flatten."""
        return x.flatten(2).transpose(1, 2)


class TokenStage(nn.Sequential):
    """Blocks of one stage, the last of which work on tokens and need to know the map's size.

    With ``to_map`` the tokens become a map again at the end.
    """

    to_map = False

    def forward(self, x: Tensor) -> Tensor:
        """Run the blocks on a map (N, C, H, W)."""
        size = (x.shape[2], x.shape[3])
        for block in self:
            x = block(x, size) if isinstance(block, Block3D) else block(x)
        return x.transpose(1, 2).reshape(x.shape[0], -1, *size) if self.to_map else x
