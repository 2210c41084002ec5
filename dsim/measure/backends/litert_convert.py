"""Convert a network for LiteRT in the time that a measuring run can spare.

litert-torch traces a network four times over, and each batch norm is five operators in three of them. Folding batch norms
into convolutions first leaves the same operators in the file, for its converter folds them in the end (33 of 33 in
EfficientFormer-L1), and a third of the time goes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

CLOSE = 1e-3  # of the largest score: folding rounds anew, and no more


def convert(build: Callable[[], nn.Module], image: Tensor, path: Path) -> None:
    """Write a .tflite file: float32, batch 1, the image channels last.

    Parameters
    ----------
    build
        Makes the module, in eval mode.
    image
        (1, 3, H, W).
    path
        Of the file.
    """
    import litert_torch
    import torch

    module = folded(build(), image)
    if module is None:
        module = build()
    with torch.no_grad():
        model = litert_torch.convert(
            litert_torch.to_channel_last_io(module, args=[0]).eval(),
            (image.permute(0, 2, 3, 1).contiguous(),),
        )
    model.export(str(path))


def folded(module: nn.Module, image: Tensor) -> nn.Module | None:
    """Fold each batch norm into the convolution whose output it reads; None where that changes the scores.

    Which reads which is seen in a run. A convolution whose output something else reads too is found out by the scores.

    Parameters
    ----------
    module
        In eval mode; it is changed.
    """
    import torch
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    made: dict[int, nn.Conv2d] = {}
    kept: list[Any] = []  # outputs, so that no other tensor gets their id
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []

    def after_conv(conv: nn.Conv2d, _: Any, output: Tensor) -> None:
        made[id(output)] = conv
        kept.append(output)

    def before_norm(norm: nn.BatchNorm2d, given: tuple[Tensor, ...]) -> None:
        if id(given[0]) in made:
            pairs.append((made[id(given[0])], norm))

    hooks = [one.register_forward_hook(after_conv) for one in module.modules() if isinstance(one, nn.Conv2d)]
    hooks += [
        one.register_forward_pre_hook(before_norm)
        for one in module.modules()
        if isinstance(one, nn.BatchNorm2d)
    ]
    with torch.no_grad():
        wanted = module(image)
        for hook in hooks:
            hook.remove()
        for conv, norm in pairs:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            conv.weight, bias = fuse_conv_bn_weights(
                conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
            conv.bias = bias
            _replace(module, norm, nn.Identity())
        difference = (module(image) - wanted).abs().max() / wanted.abs().max().clamp_min(1e-12)
    return module if float(difference) < CLOSE else None


def _replace(module: nn.Module, old: nn.Module, new: nn.Module) -> None:
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if child is old:
                setattr(parent, name, new)
