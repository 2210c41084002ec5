"""Build a torch module from a Graph, so that every stored network can run on any runtime.

Weights are random: what a network computes does not matter here, only how long it takes.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dsim.attrs import ConstantAttrs, UnknownAttrs
from dsim.errors import UnsupportedOpError
from dsim.op import BINARY, Op, OpKind

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dsim.graph import Graph

_BINARY: dict[OpKind, Callable[[Any, Any], Any]] = {
    OpKind.ADD: operator.add,
    OpKind.SUB: operator.sub,
    OpKind.MUL: operator.mul,
    OpKind.DIV: operator.truediv,
    OpKind.MATMUL: operator.matmul,
}
SUPPORTED: frozenset[OpKind] = frozenset(OpKind) - {OpKind.UNKNOWN, OpKind.INDEX}


def can_run(graph: Graph) -> bool:
    """Return whether `network_of` can build every op of a graph."""
    return all(op.kind in SUPPORTED or not op.outputs for op in graph.ops)


def network_of(graph: Graph) -> nn.Module:
    """Return a module that computes a graph's ops in their order, in eval mode, for one image (1, 3, H, W).

    Raises
    ------
    UnsupportedOpError
        The graph holds an op that no reader could name, or one that picks elements by a table that is not on record.
    """
    import torch
    from torch import nn

    for op in graph.ops:
        if op.kind not in SUPPORTED and op.outputs:
            raise UnsupportedOpError(
                f"a network must hold nothing but known ops to run, got {op.label!r}; leave it out"
            )

    class Network(nn.Module):  # made here, for torch is not loaded before it is needed
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleDict()
            self.steps: list[Callable[..., Any] | None] = []
            for index, node in enumerate(graph.nodes):
                layer = _layer(node.op) if node.op.outputs else None
                if isinstance(layer, nn.Module):
                    self.layers[str(index)] = layer
                self.steps.append(layer)

        def forward(self, *images: Tensor) -> Tensor:
            known: dict[tuple[int, int], Tensor] = {(-1 - n, 0): image for n, image in enumerate(images)}
            for index, (node, step) in enumerate(zip(graph.nodes, self.steps, strict=True)):
                if step is None:
                    continue
                out = step(*(known[ref.node, ref.slot] for ref in node.inputs))
                for slot, tensor in enumerate(out if isinstance(out, tuple | list) else (out,)):
                    known[index, slot] = tensor
            last = graph.outputs[0]
            return known[last.node, last.slot]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Network().eval()


def _layer(op: Op) -> Callable[..., Any]:
    """Return what computes one op."""
    import torch
    from torch import nn
    from torch.nn import functional

    a: Any = op.attrs
    shape = op.inputs[0].shape if op.inputs else ()
    assert not isinstance(a, UnknownAttrs)
    if op.kind is OpKind.CONV2D:
        return nn.Conv2d(
            shape[1], a.out_channels, a.kernel, a.stride, a.padding, a.dilation, a.groups, bias=a.bias
        )
    if op.kind is OpKind.LINEAR:
        return nn.Linear(shape[-1], a.out_features, bias=a.bias)
    if op.kind is OpKind.BATCH_NORM:
        return _batch_norm(shape, a.affine)
    if op.kind is OpKind.LAYER_NORM:
        return nn.LayerNorm(shape[-a.axes :], elementwise_affine=a.affine, bias=a.bias)
    if op.kind is OpKind.GROUP_NORM:
        return nn.GroupNorm(a.groups, shape[1], affine=a.affine)
    if op.kind in _BINARY and isinstance(a, ConstantAttrs):
        return _binary(op, a)
    simple: dict[OpKind, Callable[[], Callable[..., Any]]] = {
        OpKind.SOFTMAX: lambda: nn.Softmax(a.axis),
        OpKind.RELU: nn.ReLU,
        OpKind.RELU6: nn.ReLU6,
        OpKind.GELU: nn.GELU,
        OpKind.SILU: nn.SiLU,
        OpKind.HARDSWISH: nn.Hardswish,
        OpKind.HARDSIGMOID: nn.Hardsigmoid,
        OpKind.SIGMOID: nn.Sigmoid,
        OpKind.TANH: nn.Tanh,
        OpKind.AVG_POOL: lambda: nn.AvgPool2d(
            a.kernel, a.stride, a.padding, a.ceil_mode, a.count_include_pad
        ),
        OpKind.MAX_POOL: lambda: nn.MaxPool2d(a.kernel, a.stride, a.padding, ceil_mode=a.ceil_mode),
        OpKind.GLOBAL_POOL: lambda: lambda x: x.mean(a.axes, keepdim=a.keepdim),
        OpKind.MEAN: lambda: lambda x: x.mean(a.axes, keepdim=a.keepdim),
        OpKind.SUM: lambda: lambda x: x.sum(a.axes, keepdim=a.keepdim),
        OpKind.CONCAT: lambda: lambda *parts: torch.cat(parts, a.axis),
        OpKind.SPLIT: lambda: lambda x: torch.split(x, list(a.sizes), a.axis),
        OpKind.SLICE: lambda: lambda x: x[(slice(None),) * a.axis + (slice(a.start, a.stop, a.step),)],
        OpKind.RESHAPE: lambda: lambda x: _reshape(x, a.shape),
        OpKind.TRANSPOSE: lambda: lambda x: x.permute(a.order),
        OpKind.PAD: lambda: lambda x: functional.pad(x, [n for pair in reversed(a.pads) for n in pair]),
        OpKind.UPSAMPLE: lambda: lambda x: functional.interpolate(x, a.shape[2:], mode=a.mode or "nearest"),
    }
    return simple[op.kind]()


def _reshape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Reshape to the graph's shape for one image, with the number of images first."""
    return x.reshape(shape[0] * (x.numel() // math.prod(shape)), *shape[1:]) if shape else x.reshape(shape)


def _batch_norm(shape: tuple[int, ...], affine: bool) -> nn.Module:
    from torch import nn

    made = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)](shape[1], affine=affine)
    assert made.running_var is not None
    made.running_var.uniform_(0.5, 1.5)  # statistics that are all alike would be folded away
    return made


def _binary(op: Op, attrs: ConstantAttrs) -> Callable[..., Any]:
    """Return an op on two activations, or on one and a constant of the network's own."""
    import torch
    from torch import nn

    apply = _BINARY[op.kind]
    if attrs.constant is None:
        return apply
    if attrs.constant == ():
        return (lambda x: apply(2.5, x)) if attrs.reverse else (lambda x: apply(x, 2.5))

    class WithConstant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.constant = nn.Parameter(torch.rand(attrs.constant or ()) + 0.5)

        def forward(self, x: Tensor) -> Any:
            return apply(self.constant, x) if attrs.reverse else apply(x, self.constant)

    return WithConstant()


assert set(_BINARY) >= set(BINARY)
