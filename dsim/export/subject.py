"""What is exported: a design's module with its weights, an image, and the scores that torch gives for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from dsim.errors import InvalidValueError
from dsim.export.torch_export import build_module

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dsim.arch import Arch
    from dsim.graph import Graph

SEED = 0
IMAGES = 4  # batch norms take their statistics from so many images of noise, or more
POSITIONS = 128  # where the last map is small: few positions give variances near 0 by chance, and scores that overflow


class Exportable(Protocol):
    """What forms ask of what they write: a design, or any other classifier."""

    @property
    def resolution(self) -> int:
        """Side of the image in pixels."""

    @property
    def num_classes(self) -> int:
        """How many scores it gives."""

    def to_graph(self) -> Graph:
        """Return its graph."""


@dataclass(frozen=True)
class Subject:
    """A design ready for a converter: its module, an example image, and the scores that torch gives for it.

    Attributes
    ----------
    arch
        The design, or what forms ask of another network.
    module
        In eval mode.
    image
        (1, 3, resolution, resolution), normal noise; converters trace with it and results are compared on it.
    scores
        (1, classes): what torch gives for the image.
    trained
        Whether the weights are the caller's own.
    """

    arch: Exportable
    module: nn.Module
    image: Tensor
    scores: Tensor
    trained: bool


def prepare(arch: Arch, module: nn.Module | None = None) -> Subject:
    """Make a subject from a design and, where there is one, a module that was trained.

    Without a module, weights are drawn so that every layer moves the scores: those that training starts from have
    layer scales near 0, and a comparison of scores would then see no block. torch's own random state is left alone.

    Parameters
    ----------
    module
        From `build_module` or from the design's exported ``model.py``; it is left as it is, but for eval mode.

    Raises
    ------
    InvalidValueError
        The module does not give class scores for the design's images.
    """
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(SEED)
        image = torch.randn(1, 3, arch.resolution, arch.resolution)
        subject = _drawn(arch) if module is None else module
        try:
            scores = subject.eval()(image)
        except Exception as error:  # whatever a stranger's module raises
            raise InvalidValueError(
                f"the module must take images of shape {tuple(image.shape)}, got {type(error).__name__}: {error}; "
                "pass the design's own module, on the CPU"
            ) from error
    shape = tuple(scores.shape) if isinstance(scores, torch.Tensor) else type(scores).__name__
    if not (isinstance(shape, tuple) and len(shape) == 2 and shape[0] == 1):
        raise InvalidValueError(
            f"the module must give class scores of shape (1, classes), got {shape}; pass the design's own classifier"
        )
    arch = replace(arch, num_classes=shape[1])  # whoever trains on own images has other classes than ImageNet
    return Subject(arch, subject, image, scores, trained=module is not None)


def prepare_network(network: Exportable, module: nn.Module) -> Subject:
    """Make a subject from a network that has its weights."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(SEED)
        image = torch.randn(1, 3, network.resolution, network.resolution)
        return Subject(network, module, image, module(image), trained=True)


def _drawn(arch: Arch) -> nn.Module:
    """Build a design with weights that keep activations near 1 and give every layer a say."""
    import torch
    from torch import nn

    module = build_module(arch)
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.normal_(part.weight, std=part.weight[0].numel() ** -0.5)
            if part.bias is not None:
                nn.init.normal_(part.bias, std=0.1)
        elif isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d | nn.LayerNorm | nn.GroupNorm):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.1)
    for name, parameter in module.named_parameters():
        if "layer_scale" in name:
            nn.init.uniform_(parameter, 0.5, 1.0)
        elif name.endswith("attention_biases"):
            nn.init.normal_(parameter)
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d)]
    for norm in norms:
        norm.momentum = None  # statistics of this one batch
    images = max(IMAGES, POSITIONS // (arch.resolution // 32) ** 2)
    module.train()(torch.randn(images, 3, arch.resolution, arch.resolution))
    for norm in norms:
        norm.momentum = 0.1  # torch's default, for whoever trains on
    return module
