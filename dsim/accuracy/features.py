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

# rows of a table of sums, and of the features, that are worked out together
_MACS, _LAYERS = (np.array([INDEX[f"{kind}_{m}"] for m in MIXERS]) for kind in ("macs", "layers"))
_MIXING = tuple(
    np.array([INDEX[f"{kind}_{m}"] for m in MIXERS if m not in ("vector", "attention")])
    for kind in ("layers", "macs", "params")
)
_MACS_SHARES, _LAYER_SHARES = (
    np.array([NAMES.index(f"{kind}_share_{m}") for m in MIXERS]) for kind in ("macs", "layer")
)

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
    table = np.atleast_2d(
        np.asarray(summaries, dtype=np.float64)
    ).T  # a row each, for whatever runs along designs

    def column(name: str) -> FloatArray:
        found: FloatArray = table[INDEX[name]]
        return found

    def per(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
        return numerator / np.maximum(denominator, 1e-9)

    positions = np.where(column("input_positions") > 0, column("input_positions"), 224.0**2)
    side = 0.5 * np.log2(positions)
    macs = column("macs")
    layers, mixing_macs, mixing_params = (table[which].sum(0) for which in _MIXING)
    backbone = np.maximum(column("params") - column("classifier_params"), 1.0)
    features = np.empty((len(NAMES), table.shape[1]))
    out = dict(zip(NAMES, features, strict=True))  # views of its rows
    out["log_params"][:] = np.log(backbone)
    out["log_macs"][:] = np.log(np.maximum(macs, 1.0))
    out["log_activations"][:] = np.log(np.maximum(column("activations"), 1.0))
    out["log_resolution"][:] = side * np.log(2.0)
    out["log_macs_per_position"][:] = np.log(np.maximum(macs, 1.0) / positions)
    out["log_activations_per_position"][:] = np.log(np.maximum(column("activations"), 1.0) / positions)
    out["log_layers"][:] = np.log1p(layers)
    out["log_residuals"][:] = np.log1p(column("residuals"))
    out["attention_layers"][:] = np.log1p(column("softmaxes"))
    out["tokens"][:] = per(column("softmax_side"), column("softmaxes")) * (column("softmaxes") > 0)
    out["gates"][:] = np.log1p(column("gates"))
    out["concats"][:] = np.log1p(column("concats"))
    out["pools"][:] = np.log1p(column("pools"))
    out["vector_params"][:] = per(column("params_vector") - column("classifier_params"), backbone)
    weights = {"layers": layers, "macs": mixing_macs, "params": mixing_params}
    for name, weight in weights.items():
        mean = per(column(f"{name}_side"), weight)
        out[f"stride_{name}"][:] = side - mean
        if name != "layers":
            spread = per(column(f"{name}_side2"), weight) - mean**2
            out[f"spread_{name}"][:] = np.sqrt(np.maximum(spread, 0.0))
        out[f"width_{name}"][:] = per(column(f"{name}_width"), weight)
    every = layers + column("layers_vector") + column("layers_attention")
    features[_MACS_SHARES] = per(table[_MACS], macs)
    features[_LAYER_SHARES] = per(table[_LAYERS], every)
    return features.T
