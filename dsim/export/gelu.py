"""By which formula an export writes GELU, and how much that changes what the network gives."""

from __future__ import annotations

import copy
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from dsim.arch import Activation, Arch
from dsim.errors import InvalidValueError

if TYPE_CHECKING:
    from torch import nn

    from dsim.export.subject import Subject

INPUTS = 1_000_000  # normal numbers on which the two formulas are compared


class Gelu(StrEnum):
    """The formula of GELU in an export."""

    AUTO = "auto"  # as the module has it: erf, unless a trained module says otherwise
    ERF = "erf"  # x / 2 * (1 + erf(x / sqrt 2)), exact
    TANH = "tanh"  # x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))

    @property
    def approximate(self) -> str:
        """What torch calls it."""
        return "tanh" if self is Gelu.TANH else "none"


def check_gelu(arch: Arch, gelu: Gelu) -> None:
    """Refuse a formula of GELU for a design that has none.

    Raises
    ------
    InvalidValueError
        The design uses other activations.
    """
    if gelu is Gelu.AUTO or uses_gelu(arch):
        return
    found = sorted({str(block.activation) for stage in arch.stages for block in stage.blocks})
    raise InvalidValueError(
        f"a formula of GELU needs a design that uses GELU, got {gelu} and {', '.join(found)}; leave --gelu out"
    )


def uses_gelu(arch: Arch) -> bool:
    """Tell whether a design has a GELU anywhere."""
    blocks = {block.activation for stage in arch.stages for block in stage.blocks}
    return Activation.GELU in {*blocks, arch.stem_activation}


def with_gelu(module: nn.Module, gelu: Gelu) -> nn.Module:
    """Return a module whose GELUs compute by a formula; the given one stays as it is.

    Raises
    ------
    InvalidValueError
        It has no ``nn.GELU``.
    """
    from torch import nn

    if gelu is Gelu.AUTO:
        return module
    changed = copy.deepcopy(module)
    found = [part for part in changed.modules() if isinstance(part, nn.GELU)]
    if not found:
        raise InvalidValueError(
            f"a formula of GELU needs a module with torch.nn.GELU in it, got {gelu} and {type(module).__name__}, which "
            "has none; leave --gelu out"
        )
    for part in found:
        part.approximate = gelu.approximate
    return changed


def gap() -> tuple[float, float]:
    """Return the largest difference of the two formulas on normal numbers, and where it lies."""
    import torch
    from torch.nn.functional import gelu

    x = torch.randn(INPUTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    apart = (gelu(x) - gelu(x, approximate="tanh")).abs()
    at = int(apart.argmax())
    return float(apart[at]), float(x[at].abs())


def formula_line(gelu: Gelu) -> str:
    """Say which formula was written, and how far it is from the other on random numbers."""
    apart, at = gap()
    other = Gelu.ERF if gelu is Gelu.TANH else Gelu.TANH
    return f"GELU by {gelu}: on {INPUTS:,} random normal numbers at most {apart:.1e} from {other} (near {at:.2g})"


def scores_line(subject: Subject, gelu: Gelu) -> str:
    """Say how far a design's scores by one formula are from those by the other, on the image that exports compare with."""
    import torch

    other = Gelu.ERF if gelu is Gelu.TANH else Gelu.TANH
    with torch.no_grad():
        scores = with_gelu(subject.module, other).eval()(subject.image)
    apart, largest = float((scores - subject.scores).abs().max()), float(subject.scores.abs().max())
    same = bool(scores.argmax() == subject.scores.argmax())
    weights = "the given weights" if subject.trained else "random weights"
    return (
        f"{formula_line(gelu)}; the design's own scores, for one image of noise with {weights}: at most {apart:.1e} from "
        f"{other} (scores up to {largest:.3g}; {'the same' if same else 'another'} class comes first)"
    )


def with_formula(subject: Subject, gelu: Gelu) -> Subject:
    """Return a subject whose module and scores are by a formula of GELU."""
    import torch

    if gelu is Gelu.AUTO:
        return subject
    module = with_gelu(subject.module, gelu).eval()
    with torch.no_grad():
        return replace(subject, module=module, scores=module(subject.image))
