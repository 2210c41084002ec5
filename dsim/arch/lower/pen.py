"""Pen: writes layers into a graph under one scope, so that the lowerings read like the network they describe."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.arch.choices import Activation, Norm
from dsim.attrs import (
    AxisAttrs,
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NormAttrs,
    OrderAttrs,
    ReduceAttrs,
    ShapeAttrs,
)
from dsim.graph import GraphBuilder, Ref
from dsim.op import OpKind


@dataclass(frozen=True, slots=True)
class Pen:
    """A builder and the scope to write under."""

    builder: GraphBuilder
    scope: str

    def shape(self, x: Ref) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return self.builder.shape(x)

    def conv(
        self, x: Ref, out: int, kernel: int, stride: int = 1, padding: int | None = None, groups: int = 1
    ) -> Ref:
        """Write a square convolution with bias; padding defaults to half the kernel."""
        pad = kernel // 2 if padding is None else padding
        attrs = ConvAttrs(out, (kernel, kernel), (stride, stride), (pad, pad), groups=groups)
        return self.builder.add(OpKind.CONV2D, x, attrs=attrs, scope=self.scope)

    def conv_norm(
        self, x: Ref, out: int, kernel: int, stride: int = 1, groups: int = 1, norm: bool = True
    ) -> Ref:
        """Write a convolution and, where ``norm``, a batch norm behind it."""
        x = self.conv(x, out, kernel, stride, groups=groups)
        return self.batch_norm(x) if norm else x

    def depthwise_norm(self, x: Ref, kernel: int, stride: int = 1, norm: bool = True) -> Ref:
        """Write a depthwise convolution and, where ``norm``, a batch norm behind it."""
        channels = self.shape(x)[1]
        return self.conv_norm(x, channels, kernel, stride, channels, norm)

    def linear(self, x: Ref, out: int) -> Ref:
        """Write a linear layer with bias on the last axis."""
        return self.builder.add(OpKind.LINEAR, x, attrs=LinearAttrs(out), scope=self.scope)

    def batch_norm(self, x: Ref) -> Ref:
        """Write a batch norm."""
        return self.builder.add(OpKind.BATCH_NORM, x, attrs=NormAttrs(), scope=self.scope)

    def layer_norm(self, x: Ref) -> Ref:
        """Write a layer norm over the last axis."""
        return self.builder.add(OpKind.LAYER_NORM, x, attrs=NormAttrs(), scope=self.scope)

    def map_norm(self, x: Ref, norm: Norm) -> Ref:
        """Write a norm over an NCHW map; layer norm turns it channels-last and back."""
        if norm is Norm.LAYER:
            return self.transpose(self.layer_norm(self.transpose(x, 0, 2, 3, 1)), 0, 3, 1, 2)
        kind = OpKind.BATCH_NORM if norm is Norm.BATCH else OpKind.GROUP_NORM
        return self.builder.add(kind, x, attrs=NormAttrs(), scope=self.scope)

    def activate(self, x: Ref, activation: Activation) -> Ref:
        """Write an activation."""
        return self.builder.add(activation.op_kind, x, scope=self.scope)

    def add(self, left: Ref, right: Ref) -> Ref:
        """Write a sum of two activations."""
        return self.builder.add(OpKind.ADD, left, right, attrs=ConstantAttrs(), scope=self.scope)

    def with_constant(self, kind: OpKind, x: Ref, shape: tuple[int, ...] = (), params: int = 0) -> Ref:
        """Write an element-wise op whose right operand belongs to the network."""
        return self.builder.add(kind, x, attrs=ConstantAttrs(shape, params), scope=self.scope)

    def matmul(self, left: Ref, right: Ref) -> Ref:
        """Write a matrix product of two activations."""
        return self.builder.add(OpKind.MATMUL, left, right, attrs=ConstantAttrs(), scope=self.scope)

    def softmax(self, x: Ref) -> Ref:
        """Write a softmax over the last axis."""
        return self.builder.add(OpKind.SOFTMAX, x, attrs=AxisAttrs(len(self.shape(x)) - 1), scope=self.scope)

    def reshape(self, x: Ref, *shape: int) -> Ref:
        """Write a reshape."""
        return self.builder.add(OpKind.RESHAPE, x, attrs=ShapeAttrs(shape), scope=self.scope)

    def transpose(self, x: Ref, *order: int) -> Ref:
        """Write a transpose."""
        return self.builder.add(OpKind.TRANSPOSE, x, attrs=OrderAttrs(order), scope=self.scope)

    def mean_positions(self, x: Ref) -> Ref:
        """Write the mean over positions, of a map or of tokens."""
        if len(self.shape(x)) == 4:
            return self.builder.add(OpKind.GLOBAL_POOL, x, attrs=ReduceAttrs((2, 3)), scope=self.scope)
        return self.builder.add(OpKind.MEAN, x, attrs=ReduceAttrs((1,)), scope=self.scope)

    def to_tokens(self, x: Ref) -> Ref:
        """Write (N, C, H, W) to (N, H * W, C)."""
        n, c, h, w = self.shape(x)
        return self.transpose(self.reshape(x, n, c, h * w), 0, 2, 1)

    def to_map(self, x: Ref, height: int, width: int) -> Ref:
        """Write (N, height * width, C) to (N, C, height, width)."""
        n, _, c = self.shape(x)
        return self.reshape(self.transpose(x, 0, 2, 1), n, c, height, width)
