"""The plain network behind a module that torch.export cannot trace as it is: quantised layers, layers without a size yet.

A quantised layer computes what the float layer of the same sizes does; only the numbers are smaller. It is read as that
layer, so that operations and parameters are those of the network before it was quantised.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

Layer = Callable[[Any], nn.Module]  # from a quantised layer to the float layer of its sizes


def _convolution(kind: Any) -> Layer:
    def make(q: Any) -> nn.Module:
        options = {"output_padding": q.output_padding} if q.transposed else {}
        sizes = (q.in_channels, q.out_channels, q.kernel_size, q.stride, q.padding)
        bias = q.bias() is not None
        made: nn.Module = kind(*sizes, dilation=q.dilation, groups=q.groups, bias=bias, **options)
        return made

    return make


def _recurrent(kind: Any) -> Layer:
    def make(q: Any) -> nn.Module:
        made: nn.Module = kind(
            q.input_size,
            q.hidden_size,
            q.num_layers,
            q.bias,
            q.batch_first,
            bidirectional=q.bidirectional,
        )
        return made

    return make


FLOAT: dict[str, Layer] = {
    **{
        kind.__name__: _convolution(kind)
        for kind in (
            nn.Conv1d,
            nn.Conv2d,
            nn.Conv3d,
            nn.ConvTranspose1d,
            nn.ConvTranspose2d,
            nn.ConvTranspose3d,
        )
    },
    **{kind.__name__: _recurrent(kind) for kind in (nn.LSTM, nn.GRU)},
    "Linear": lambda q: nn.Linear(q.in_features, q.out_features, q.bias() is not None),
    "BatchNorm2d": lambda q: nn.BatchNorm2d(q.num_features),
    "BatchNorm3d": lambda q: nn.BatchNorm3d(q.num_features),
    "LayerNorm": lambda q: nn.LayerNorm(q.normalized_shape, elementwise_affine=q.weight is not None),
    "GroupNorm": lambda q: nn.GroupNorm(q.num_groups, q.num_channels, affine=q.weight is not None),
    "Embedding": lambda q: nn.Embedding(q.num_embeddings, q.embedding_dim),
    "ReLU6": lambda q: nn.ReLU6(),
    "Hardswish": lambda q: nn.Hardswish(),
    "Sigmoid": lambda q: nn.Sigmoid(),
    "ELU": lambda q: nn.ELU(),
    "LeakyReLU": lambda q: nn.LeakyReLU(),
    "Softmax": lambda q: nn.Softmax(q.dim),
    "Dropout": lambda q: nn.Identity(),
    # these only pass from one kind of numbers to another
    "Quantize": lambda q: nn.Identity(),
    "DeQuantize": lambda q: nn.Identity(),
    **dict.fromkeys(
        ("QFunctional", "FloatFunctional", "FXFloatFunctional"),
        lambda q: torch.ao.nn.quantized.FloatFunctional(),
    ),
}
BEHIND: dict[str, Callable[[], nn.Module]] = {"LeakyReLU": nn.LeakyReLU, "ReLU": nn.ReLU, "Tanh": nn.Tanh}


def is_quantised(part: nn.Module) -> bool:
    """Return whether a layer computes with integers."""
    return ".quantized" in type(part).__module__ and "torch." in type(part).__module__


def float_twin(module: nn.Module) -> nn.Module:
    """Return a module with float layers in place of quantised ones; the same module where it has none.

    Layers that have no float counterpart here stay, and torch.export will say so.
    """
    if not any(is_quantised(part) for part in module.modules()):
        return module
    return _swap(module)


def _swap(module: nn.Module) -> nn.Module:
    if is_quantised(module):
        return _plain(module) or module
    made = copy.copy(module)  # shares what is not swapped; the caller's module stays as it is
    made._modules = {name: None if part is None else _swap(part) for name, part in module._modules.items()}
    return made


def _plain(part: nn.Module) -> nn.Module | None:
    """Make the float layer of the same sizes, with the activation that runs inside the quantised one."""
    name = type(part).__name__
    base = next((cls.__name__ for cls in type(part).__mro__ if cls.__name__ in FLOAT), None)
    if base is None or name.startswith("ConvAdd"):
        return None
    layer = FLOAT[base](part).eval()
    if name == base:
        return layer
    behind = next((made for known, made in BEHIND.items() if known in name), None)
    return nn.Sequential(layer, behind()) if behind else layer


def with_sizes(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> nn.Module:
    """Return a module whose lazy layers have taken their sizes from the input; the same module where it has none."""
    if not any(nn.parameter.is_lazy(parameter) for parameter in module.parameters()):
        return module
    made = copy.deepcopy(module).eval()
    with torch.no_grad():
        made(*args, **kwargs)
    return made
