"""Run a Core ML program's ops one by one with torch: what the written program says, wherever it is read.

This is not Core ML: Apple's compiler may fuse, reorder and round as it likes. It shows that the package holds the
right ops, shapes, dtypes and weights, which no Linux machine could see otherwise. Arithmetic is in float32, and every
result is rounded to the dtype that the program states.

Source: https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dsim.errors import ExportError
from dsim.export.mil_program import ops_of

if TYPE_CHECKING:
    from torch import Tensor

Inputs = dict[str, Any]  # tensors for what varies and for float constants, Python values for the rest


def run_program(function: Any, image: Tensor) -> Tensor:
    """Run a program with one input and one output.

    Parameters
    ----------
    function
        From `load_program`.
    image
        (1, 3, H, W), float32.

    Raises
    ------
    ExportError
        An op is unknown here, or gives another shape or dtype than the program states.
    """
    (name,) = function.inputs
    values: dict[str, Tensor] = {name: image.half().float()}
    for op in ops_of(function):
        rule = RULES.get(op.op_type)
        if rule is None:
            raise ExportError(
                f"the program must hold ops that dsim knows, got {op.op_type}; report this design"
            )
        result = rule({key: _value(var, values) for key, var in op.inputs.items()})
        results = result if isinstance(result, tuple | list) else (result,)
        for var, tensor in zip(op.outputs, results, strict=True):
            values[var.name] = _rounded(op.op_type, var, tensor)
    return values[function.outputs[0].name]


def _value(var: Any, values: dict[str, Tensor]) -> Any:
    """Return what an input stands for."""
    import numpy as np
    import torch

    if isinstance(var, tuple | list):
        return [_value(one, values) for one in var]
    if var.name in values:
        return values[var.name]
    constant = var.val
    if isinstance(constant, np.ndarray | np.floating) and np.asarray(constant).dtype.kind == "f":
        return torch.from_numpy(np.asarray(constant, np.float32))
    return constant.tolist() if isinstance(constant, np.ndarray | np.generic) else constant


def _rounded(op: str, var: Any, tensor: Tensor) -> Tensor:
    from coremltools.converters.mil.mil import types

    dtype = types.builtin_to_string(var.dtype)
    if dtype != "fp16" or tuple(tensor.shape) != tuple(var.shape):
        raise ExportError(
            f"{op} must give fp16 of shape {tuple(tensor.shape)}, the program states {dtype} {tuple(var.shape)}; "
            "report this design"
        )
    return tensor.half().float()


def _conv(i: Inputs) -> Tensor:
    import torch.nn.functional as F  # noqa: N812  (torch's own habit)

    pads = i["pad"] if i["pad_type"] == "custom" else [0, 0, 0, 0]
    x = F.pad(i["x"], (pads[2], pads[3], pads[0], pads[1]))
    return F.conv2d(x, i["weight"], i.get("bias"), i["strides"], 0, i["dilations"], i["groups"])


def _avg_pool(i: Inputs) -> Tensor:
    import torch.nn.functional as F  # noqa: N812  (torch's own habit)

    top, _, left, _ = i["pad"] if i["pad_type"] == "custom" else [0, 0, 0, 0]
    return F.avg_pool2d(
        i["x"],
        i["kernel_sizes"],
        i["strides"],
        (top, left),
        i["ceil_mode"],
        not i["exclude_padding_from_average"],
    )


def _max_pool(i: Inputs) -> Tensor:
    import torch.nn.functional as F  # noqa: N812  (torch's own habit)

    top, bottom, left, right = i["pad"] if i["pad_type"] == "custom" else [0, 0, 0, 0]
    x = F.pad(i["x"], (left, right, top, bottom), value=float("-inf"))
    return F.max_pool2d(x, i["kernel_sizes"], i["strides"], ceil_mode=i["ceil_mode"])


def _expand_dims(i: Inputs) -> Tensor:
    x: Tensor = i["x"]
    for axis in sorted(i["axes"]):
        x = x.unsqueeze(axis)
    return x


def _concat(i: Inputs) -> Tensor:
    import torch

    return torch.cat(i["values"], i["axis"])


def _batch_norm(i: Inputs) -> Tensor:
    shape = (-1,) + (1,) * (i["x"].ndim - 2)
    mean, variance, gamma, beta = (i[key].view(shape) for key in ("mean", "variance", "gamma", "beta"))
    result: Tensor = (i["x"] - mean) / (variance + i["epsilon"]).sqrt() * gamma + beta
    return result


def _layer_norm(i: Inputs) -> Tensor:
    x, axes = i["x"], i["axes"]
    centred = x - x.mean(axes, keepdim=True)
    normal = centred / (centred.square().mean(axes, keepdim=True) + i["epsilon"]).sqrt()
    result: Tensor = normal * i["gamma"] + i["beta"]
    return result


def _matmul(i: Inputs) -> Tensor:
    x = i["x"].transpose(-1, -2) if i["transpose_x"] else i["x"]
    y = i["y"].transpose(-1, -2) if i["transpose_y"] else i["y"]
    result: Tensor = x @ y
    return result


_GELU_MODES = {"EXACT": "none", "TANH_APPROXIMATION": "tanh"}


def _gelu(i: Inputs) -> Tensor:
    import torch.nn.functional as F  # noqa: N812  (torch's own habit)

    if i["mode"] not in _GELU_MODES:
        raise ExportError(f"GELU must be by erf or by tanh, got mode {i['mode']}; report this design")
    return F.gelu(i["x"], approximate=_GELU_MODES[i["mode"]])


def _upsample(i: Inputs) -> Tensor:
    import torch.nn.functional as F  # noqa: N812  (torch's own habit)

    scales = (float(i["scale_factor_height"]), float(i["scale_factor_width"]))
    return F.interpolate(i["x"], scale_factor=scales, mode="bilinear", align_corners=i["align_corners"])


RULES: dict[str, Callable[[Inputs], Any]] = {
    "conv": _conv,
    "linear": lambda i: i["x"] @ i["weight"].T + i["bias"],
    "matmul": _matmul,
    "softmax": lambda i: i["x"].softmax(i["axis"]),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "relu": lambda i: i["x"].relu(),
    "clip": lambda i: i["x"].clamp(i["alpha"], i["beta"]),
    "gelu": _gelu,
    "silu": lambda i: i["x"] * i["x"].sigmoid(),
    "sigmoid": lambda i: i["x"].sigmoid(),
    "tanh": lambda i: i["x"].tanh(),
    "relu6": lambda i: i["x"].clamp(0, 6),
    "thresholded_relu": lambda i: i["x"] * (i["x"] >= i["alpha"]),
    "sigmoid_hard": lambda i: (i["alpha"] * i["x"] + i["beta"]).clamp(0, 1),
    "avg_pool": _avg_pool,
    "max_pool": _max_pool,
    "reduce_mean": lambda i: i["x"].mean(i["axes"], keepdim=i["keep_dims"]),
    "upsample_bilinear": _upsample,
    "add": lambda i: i["x"] + i["y"],
    "sub": lambda i: i["x"] - i["y"],
    "mul": lambda i: i["x"] * i["y"],
    "real_div": lambda i: i["x"] / i["y"],
    "square": lambda i: i["x"].square(),
    "sqrt": lambda i: i["x"].sqrt(),
    "reshape": lambda i: i["x"].reshape(i["shape"]),
    "transpose": lambda i: i["x"].permute(i["perm"]),
    "squeeze": lambda i: i["x"].squeeze(tuple(i["axes"])),
    "expand_dims": _expand_dims,
    "concat": _concat,
    "split": lambda i: i["x"].split(i["split_sizes"], i["axis"]),
}
