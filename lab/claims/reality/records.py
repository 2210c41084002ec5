"""What the reality check and the backtest say, a flat record a network: what goes into parquet and tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lab.claims.reality.figures import PublishedNetwork
from lab.claims.reality.propose import FitsBy, Proposal
from lab.claims.reality.recipes import like_reference, words

NOTHING_FITS = "nothing fits"
BEYOND = "beyond the search"
_NAN = math.nan


@dataclass(frozen=True)
class Standing:
    """A proposed design beside the measured network whose latency was its budget.

    Attributes
    ----------
    device, network, graph
        Where, and which network.
    measured_ms, published_top1
        Of the network; the first is the budget.
    recipe, same_recipe, quoted
        How the network was trained, in words; whether that is the reference recipe; whether the source of the latency
        names the top-1.
    held
        What must fit the budget: a value of `FitsBy`.
    why_not
        `NOTHING_FITS`, `BEYOND`, or empty where the two can be compared.
    latency_ms, high_ms
        Predicted latency of the design, and the upper end.
    top1, top1_low, top1_high
        Claimed top-1 of the design at the reference recipe.
    alike, alike_low, alike_high
        The same at the network's own recipe, nan where that is unknown.
    design
        As JSON (`dsim.Arch.from_json` reads it), empty where nothing fits.
    """

    device: str
    network: str
    graph: str
    measured_ms: float
    published_top1: float
    recipe: str
    same_recipe: bool
    quoted: bool
    held: str
    why_not: str
    latency_ms: float = _NAN
    high_ms: float = _NAN
    top1: float = _NAN
    top1_low: float = _NAN
    top1_high: float = _NAN
    alike: float = _NAN
    alike_low: float = _NAN
    alike_high: float = _NAN
    design: str = ""

    @property
    def compared(self) -> bool:
        """True where something fits and the budget bound."""
        return not self.why_not

    @property
    def like(self) -> bool:
        """True where the two can be compared at one recipe."""
        return self.compared and not math.isnan(self.alike)


def standing_of(device: str, figure: PublishedNetwork, held: FitsBy, proposal: Proposal | None) -> Standing:
    """Put a proposal beside a measured network."""
    recipe = (words(figure.recipe), like_reference(figure.recipe), figure.quoted)
    head = (device, figure.network, figure.graph, figure.latency_ms, figure.top1, *recipe, str(held))
    if proposal is None:
        return Standing(*head, NOTHING_FITS)
    return Standing(
        *head,
        "" if proposal.binding else BEYOND,
        proposal.latency_ms,
        proposal.high_ms,
        proposal.top1,
        proposal.top1_low,
        proposal.top1_high,
        proposal.alike,
        proposal.alike_low,
        proposal.alike_high,
        proposal.arch.to_json(),
    )


@dataclass(frozen=True)
class Own:
    """What the models of an earlier time say of a later network itself.

    Attributes
    ----------
    family
        Of the later networks.
    own_ms, own_ms_low, own_ms_high
        Predicted latency.
    own_top1, own_top1_low, own_top1_high
        Predicted top-1 at the network's own recipe, nan where that is unknown.
    own_in_region
        Whether the accuracy model would have let a search go there.
    """

    device: str
    network: str
    graph: str
    family: str
    measured_ms: float
    published_top1: float
    recipe: str
    own_ms: float
    own_ms_low: float
    own_ms_high: float
    own_top1: float
    own_top1_low: float
    own_top1_high: float
    own_in_region: bool


@dataclass(frozen=True)
class Learned:
    """What the accuracy model of an earlier time was learned from; see `lab.claims.reality.accuracy.EarlierAccuracy`."""

    cutoff: str
    kept: int
    dropped: int
    families: int
    undated_recipes: int
    contrasts: int


@dataclass(frozen=True)
class Backtest:
    """Everything that a backtest found."""

    learned: Learned
    networks: tuple[Own, ...]
    claims: tuple[Standing, ...]
