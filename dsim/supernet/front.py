"""The verbs on a trained supernet, for whoever has only its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.supernet.evaluator import Evaluation
from dsim.supernet.importance import Importance, ablation
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.subnet import Subnet


def evaluate(
    supernet: Supernet | str | Path, designs: Sequence[Subnet | Arch | str | Path]
) -> tuple[Evaluation, ...]:
    """Evaluate designs with a supernet's weights on its search pictures; none is evaluated twice.

    Parameters
    ----------
    supernet
        A folder, or what `load_supernet` gives.
    designs
        Sub-networks, or designs of its space: a design, a preset's name, an arch.json, a study's folder.

    Raises
    ------
    DsimError
        The folder, the pictures or a design cannot be used.
    """
    loaded = supernet if isinstance(supernet, Supernet) else load_supernet(supernet)
    wanted = [one if isinstance(one, Subnet) else read_design(one) for one in designs]
    return tuple(loaded.evaluate(wanted))


def importance(supernet: Supernet | str | Path, subnets: int | None = None) -> tuple[Importance, ...]:
    """Return what each block of a supernet is worth.

    Parameters
    ----------
    subnets
        Take each block out of so many random sub-networks, whatever way the supernet was trained in; None for what the
        training left: the same, or the alphas of ``gumbel``.

    Raises
    ------
    DsimError
        The folder or the pictures cannot be used.
    """
    loaded = supernet if isinstance(supernet, Supernet) else load_supernet(supernet)
    if subnets is None:
        return loaded.importance
    with loaded.alone():
        return ablation(loaded.evaluator, subnets, "evaluation")
