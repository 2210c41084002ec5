"""Fit one small profile by each method afresh, and write its digits beside the format of fits (dsim/data/fits.toml).

Run it after a change of how models are learned: where digits differ, the format is raised by one, so that nobody's cache
serves a fit of before. ``--check`` writes nothing and fails where digits differ.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dsim.accuracy.cache import load_hyperparameters
from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.model import fit
from dsim.arch import PRESETS
from dsim.cache import FITS
from dsim.device.find import bundled_profile
from dsim.device.profile import DeviceProfile
from dsim.files import write_atomic
from dsim.latency.fit import fit_model
from dsim.latency.strata import Strata

# a small profile for each method; m5-ane has too few operators for trees, epyc-zen3-litert has some
SAMPLES = ("iphone13", "pixel4-dsp", "pixel4-cpu-1large-float", "m5-ane", "epyc-zen3-litert", "few-shot")
DESIGNS = ("efficientformer_l1", "efficientformerv2_s0")
RELATIVE = 1e-5  # what another processor may round otherwise
NOTHING = 1e-6  # the distance of a design from itself is the root of what sums round, 1e-8 on one processor or another
BY_TREES = 3e-2  # where trees split elsewhere for that: 1% under another kernel of OpenBLAS


def sample(name: str) -> DeviceProfile:
    """Return a profile to fit; ``few-shot`` is five networks of one that is bundled, as if somebody had brought them."""
    if name != "few-shot":
        return bundled_profile(name)
    donor = bundled_profile("pixel4-cpu-1large-float")
    own = [row for row in bundled_profile("pixel4-cpu-3med-float").networks if row.graph and row.counts][
        :50:10
    ]
    return replace(donor, name="few-shot", method="few-shot", donor=donor.name, networks=tuple(own))


def digits_of(name: str) -> list[float]:
    """Fit afresh: of two designs estimate and interval in milliseconds, numbers of kernels, joins and scales; of all contrasts the sum of sizes."""
    if name == "accuracy":
        accuracy = fit(load_evidence(), fit_effects(load_contrasts()), *load_hyperparameters())
        table = np.array([accuracy.summarise(PRESETS[d].to_graph()) for d in DESIGNS])
        said, kin = accuracy.predict(table), accuracy.predict(table, designs=True)
        rows = (said.top1, said.low, said.high, said.distance, kin.top1, kin.low, kin.high)
        return [float(value) for row in rows for value in row]
    # a variant's interval rests on predictions that come with dsim, and those are made anew only after the format was raised
    model = fit_model(sample(name))
    model = replace(model, strata=Strata.same(model.strata.foreign))
    out = []
    for design in DESIGNS:
        graph = PRESETS[design].to_graph()
        found = model.estimate(graph)
        out += [found.latency_ms, found.low_ms, found.high_ms]
        # what kernels are made of may change by less than trees are allowed to
        kernels = [placed.kernel for placed in model.kernels(graph)]
        out += [len(kernels), sum(one.joins for one in kernels), sum(one.scales for one in kernels)]
    return [*out, sum(abs(item.contrast_ms) for item in model.choices)]


def tolerance(name: str) -> float:
    """Return how far digits may be from those stored, relatively."""
    return BY_TREES if name == "epyc-zen3-litert" else RELATIVE


def differ(name: str, fresh: list[float], stored: list[float]) -> bool:
    """Tell whether digits are other ones."""
    return len(fresh) != len(stored) or not np.allclose(fresh, stored, rtol=tolerance(name), atol=NOTHING)


def stored_digits() -> tuple[int, dict[str, list[float]]]:
    """Read the format and the digits beside it."""
    raw = tomllib.loads(FITS.read_text(encoding="utf-8"))
    return int(raw["format"]), {name: list(values) for name, values in raw.get("digits", {}).items()}


def as_toml(number: int, digits: Mapping[str, list[float]]) -> str:
    """Write the file."""
    lines = [
        "# The format of fits, in the key of every cache; raised by lab/validate/fits.py where the same data give other digits.",
        f"format = {number}",
        "",
        "[digits]",
        *(f"{name} = [{', '.join(f'{value:.12g}' for value in digits[name])}]" for name in sorted(digits)),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Fit all, and write the file or fail."""
    number, stored = stored_digits()
    fresh = {name: digits_of(name) for name in (*SAMPLES, "accuracy")}
    changed = [name for name, values in fresh.items() if differ(name, values, stored.get(name, []))]
    print(f"format {number}; other digits: {', '.join(changed) or 'none'}")
    if "--check" in sys.argv:
        return int(bool(changed))
    if changed:
        write_atomic(FITS, as_toml(number + bool(stored), fresh))
    return 0


if __name__ == "__main__":
    sys.exit(main())
