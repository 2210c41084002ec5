"""From sums to what accuracy depends on: logarithms of size, shares of work, means of stride and width.

Sums are additive and therefore cheap to tabulate; accuracy is not additive, so everything non-linear happens here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dsim.accuracy.summary import INDEX, MIXERS, FloatArray

_SHAPE = (
    "stride_layers",
    "stride_macs",
    "stride_params",
    "spread_macs",
    "spread_params",
    "width_layers",
    "width_macs",
    "width_params",
)
_SHARES = (*(f"macs_share_{m}" for m in MIXERS), *(f"layer_share_{m}" for m in MIXERS))
_MIX = (*_SHARES, "attention_layers", "tokens", "gates", "concats", "pools", "vector_params")
_AS_TRACED = ("log_params", "log_macs", "log_activations", "log_resolution")
_PER_POSITION = ("log_params", "log_macs_per_position", "log_activations_per_position")

NAMES: tuple[str, ...] = (*_AS_TRACED, *_PER_POSITION[1:], "log_layers", "log_residuals", *_SHAPE, *_MIX)

Layout = Mapping[str, tuple[str, ...]]
LAYOUTS: dict[str, Layout] = {
    "as_traced": {"size": _AS_TRACED, "depth": ("log_layers", "log_residuals"), "shape": _SHAPE, "mix": _MIX},
    "per_position": {
        "size": _PER_POSITION,
        "depth": ("log_layers", "log_residuals"),
        "shape": _SHAPE,
        "mix": _MIX,
    },
    "deep_shape": {
        "size": _PER_POSITION,
        "depth": ("log_residuals",),
        "shape": (*_SHAPE, "log_layers"),
        "mix": _MIX,
    },
    "lean_mix": {
        "size": _PER_POSITION,
        "depth": ("log_layers", "log_residuals"),
        "shape": _SHAPE,
        "mix": tuple(name for name in _MIX if name not in ("concats", "pools")),
    },
}
"""Ways to sort features into groups that share a length; which one is used is a hyper-parameter like the others."""


def featurise(summaries: FloatArray) -> FloatArray:
    """Turn summaries into features.

    Parameters
    ----------
    summaries
        Shape (N, len(COLUMNS)), of whole networks.

    Returns
    -------
    float64 array, shape (N, len(NAMES))
        Sizes are natural logarithms, strides and widths log2, shares lie in [0, 1].
    """
    table = np.atleast_2d(np.asarray(summaries, dtype=np.float64))

    def column(name: str) -> FloatArray:
        return table[:, INDEX[name]]

    def per(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
        return numerator / np.maximum(denominator, 1e-9)

    positions = np.where(column("input_positions") > 0, column("input_positions"), 224.0**2)
    side = 0.5 * np.log2(positions)
    macs = column("macs")
    mixing = [m for m in MIXERS if m not in ("vector", "attention")]
    layers = sum((column(f"layers_{m}") for m in mixing), start=np.zeros(len(table)))
    mixing_macs = sum((column(f"macs_{m}") for m in mixing), start=np.zeros(len(table)))
    mixing_params = sum((column(f"params_{m}") for m in mixing), start=np.zeros(len(table)))
    backbone = np.maximum(column("params") - column("classifier_params"), 1.0)
    out: dict[str, FloatArray] = {
        "log_params": np.log(backbone),
        "log_macs": np.log(np.maximum(macs, 1.0)),
        "log_activations": np.log(np.maximum(column("activations"), 1.0)),
        "log_resolution": side * np.log(2.0),
        "log_macs_per_position": np.log(np.maximum(macs, 1.0) / positions),
        "log_activations_per_position": np.log(np.maximum(column("activations"), 1.0) / positions),
        "log_layers": np.log1p(layers),
        "log_residuals": np.log1p(column("residuals")),
        "attention_layers": np.log1p(column("softmaxes")),
        "tokens": per(column("softmax_side"), column("softmaxes")) * (column("softmaxes") > 0),
        "gates": np.log1p(column("gates")),
        "concats": np.log1p(column("concats")),
        "pools": np.log1p(column("pools")),
        "vector_params": per(column("params_vector") - column("classifier_params"), backbone),
    }
    weights = {"layers": layers, "macs": mixing_macs, "params": mixing_params}
    for name, weight in weights.items():
        mean = per(column(f"{name}_side"), weight)
        out[f"stride_{name}"] = side - mean
        out[f"spread_{name}"] = np.sqrt(np.maximum(per(column(f"{name}_side2"), weight) - mean**2, 0.0))
        out[f"width_{name}"] = per(column(f"{name}_width"), weight)
    every = layers + column("layers_vector") + column("layers_attention")
    for mixer in MIXERS:
        out[f"macs_share_{mixer}"] = per(column(f"macs_{mixer}"), macs)
        out[f"layer_share_{mixer}"] = per(column(f"layers_{mixer}"), every)
    return np.column_stack([out[name] for name in NAMES])
