"""How much it takes before a difference is called a finding, and how finely a chance may be stated."""

from __future__ import annotations

from collections.abc import Iterable

from dsim.shift.records import Comparison, Halved, Verdict

FINDING_REFITS, FINDING_HALVINGS = 20, 3


def count_halvings(halved: Iterable[Halved]) -> int:
    """Count the halvings of the evidence in which a search found a design."""
    return len({one.fold_seed for one in halved if one.arch is not None})


def too_few(refits: int, halvings: int) -> str:
    """Return why nothing may be called a finding; empty where something may."""
    if refits >= FINDING_REFITS and halvings >= FINDING_HALVINGS:
        return ""
    return (
        f"nothing here is called a finding, for that takes at least {FINDING_REFITS} refits and {FINDING_HALVINGS} "
        f"halvings of the evidence, and this comparison has {refits} and {halvings}; raise --refits and --seeds"
    )


def too_few_in(found: Comparison) -> str:
    """Return why nothing in a comparison may be called a finding; empty where something may."""
    return too_few(found.refits, count_halvings(found.halved))


def withheld(verdict: Verdict) -> Verdict:
    """Return the verdict where draws or halvings are too few: no difference is called one."""
    return Verdict.TOO_FEW if verdict is Verdict.DIFFERENCE else verdict


def resolved(chance: float, draws: int) -> float:
    """Return a chance no smaller than the draws can resolve: one in all of them."""
    return max(chance, 1.0 / max(draws, 1))
