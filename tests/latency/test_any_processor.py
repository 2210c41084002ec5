"""What a profile says does not hang on rounding: rows in another order, or off by a part in a million million, say the same.

Processors sum in different orders. Nobody here has them all, so the evidence itself is shaken as much as they do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest

from dsim.arch import PRESETS
from dsim.device.find import bundled_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.fit import fit_model
from dsim.latency.model import DeviceModel

_Row = TypeVar("_Row")
NETWORKS = ("efficientformer_l1", "efficientformer_l3", "poolformer_s12")
PROFILES = [
    pytest.param("m5-ane", id="operators"),
    pytest.param("galaxy-s24-onnx-w8a16", id="adapted"),
    pytest.param("mi8se-cpu-1large-float", id="fine", marks=pytest.mark.slow),
    pytest.param("epyc-zen3-torch-compile", id="operators and blocks", marks=pytest.mark.slow),
    pytest.param("iphone14", id="roofline", marks=pytest.mark.slow),
]


def permuted(profile: DeviceProfile, seed: int) -> DeviceProfile:
    """The same evidence, listed in another order."""
    random = np.random.default_rng(seed)

    def mixed(rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
        return tuple(rows[n] for n in random.permutation(len(rows)))

    return replace(profile, networks=mixed(profile.networks), ops=mixed(profile.ops))


def perturbed(profile: DeviceProfile, seed: int) -> DeviceProfile:
    """The same evidence, each figure off by a part in a million million."""
    random = np.random.default_rng(seed)

    def off(row: Any, *names: str) -> Any:
        return replace(row, **{n: getattr(row, n) * (1 + 1e-12 * random.choice((-1, 1))) for n in names})

    return replace(
        profile,
        networks=tuple(off(row, "latency_ms") for row in profile.networks),
        ops=tuple(off(row, "latency_ms") for row in profile.ops),
        contrasts=tuple(off(row, "a_ms", "b_ms") for row in profile.contrasts),
    )


def told(model: DeviceModel) -> list[object]:
    """Everything that is shown of a model: digits of estimates and intervals, and verdicts with their reasons."""
    out: list[object] = []
    for name in NETWORKS:
        found = model.estimate(PRESETS[name].to_graph())
        out += [name, *(f"{x:.4g}" for x in (found.latency_ms, found.low_ms, found.high_ms, found.p_cliff))]
        out.append([(kernel.kind, kernel.evidence) for kernel in found.kernels])
    out += [(key, one.identified, one.contradicted, one.why) for key, one in model.identified.items()]
    return out


@pytest.mark.parametrize("name", PROFILES)
def test_what_a_profile_says_is_the_same_for_evidence_that_is_shaken(name: str) -> None:
    profile = bundled_profile(name)
    wanted = told(fit_model(profile))
    shaken: tuple[Callable[[DeviceProfile, int], DeviceProfile], ...] = (permuted, perturbed)
    for shake in shaken:
        assert told(fit_model(shake(profile, 5))) == wanted, shake.__name__
