"""Slimming: take from a sub-network what costs the least accuracy for each millisecond, until it fits a device's budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dsim.arch import Arch
from dsim.rounding import finite
from dsim.supernet.elastic import Elastic
from dsim.supernet.evaluator import Evaluation
from dsim.supernet.moves import Move
from dsim.supernet.prices import Price, Prices
from dsim.supernet.subnet import Subnet

REFILLS = 6  # moves that use up what is left of the budget, at most

Moves = Callable[[Subnet], Iterable[Move]]
Evaluate = Callable[[Subnet], Evaluation]
Doubt = Callable[[Subnet, Subnet], str]


@dataclass(frozen=True)
class Option:
    """One move that a step compared with others.

    Attributes
    ----------
    kind, words
        What it does; see `Move`.
    saved_ms
        Of the estimate; negative where a refill spends.
    loss_rise, accuracy_drop
        On the search pictures, with the supernet's weights.
    lost_per_ms
        By what moves are compared: points of accuracy lost for each millisecond saved with the paper's actions, rise of the
        loss for each with all; 0 where a refill adds something.
    """

    kind: str
    words: str
    saved_ms: float
    loss_rise: float
    accuracy_drop: float
    lost_per_ms: float


@dataclass(frozen=True)
class Step:
    """One move of the trace.

    Attributes
    ----------
    words
        What was done.
    latency_ms, needs_ms
        Of what is left: the estimate, and the smallest budget that it fits; nan where none is enough.
    saved_ms
        Of the estimate; negative where a refill spends.
    loss_rise, accuracy_drop
        On the search pictures, with the supernet's weights.
    tried
        How many moves were compared.
    doubt
        Why the device's evidence does not tell what the step saves; empty where it does.
    compared
        The moves that were evaluated for it, itself the first, then by what they lose for each millisecond.
    """

    words: str
    latency_ms: float
    needs_ms: float
    saved_ms: float
    loss_rise: float
    accuracy_drop: float
    tried: int
    doubt: str = ""
    compared: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Slimmed:
    """What slimming left for one device."""

    subnet: Subnet
    price: Price
    evaluation: Evaluation
    trace: tuple[Step, ...]
    fits: bool


@dataclass(frozen=True)
class Scored:
    """A move with what it costs and what it saves."""

    move: Move
    price: Price
    evaluation: Evaluation
    loss_rise: float
    accuracy_drop: float
    saved_ms: float

    def lost(self, by_accuracy: bool) -> float:
        """Return what it loses: points of accuracy, or loss."""
        return self.accuracy_drop if by_accuracy else self.loss_rise


def slim_for(
    net: Elastic,
    start: Subnet,
    prices: Prices,
    moves: Moves,
    evaluate: Evaluate,
    *,
    by_accuracy: bool,
    tries: int | None,
    expected: dict[tuple[str, int, int], float],
    growths: Moves | None,
    doubt: Doubt,
) -> Slimmed:
    """Slim a sub-network until it fits one device's budget.

    Parameters
    ----------
    net, start
        The supernet, and where to begin.
    prices
        Of the device.
    moves
        What may be done to a sub-network.
    evaluate
        Returns loss and accuracy of a sub-network.
    by_accuracy
        Compare moves by accuracy lost, as the paper does; by loss otherwise, which is less coarse.
    tries
        How many moves of a round are evaluated, those that are expected to be the best; None for all.
    expected
        The rise of the loss that each move (kind, stage, slot) is expected to bring; it is updated.
    growths
        What may be added in the end, to use up what is left of the budget; None for nothing.
    doubt
        Returns why the evidence does not tell what a step saves; empty where it does.
    """
    subnet, price, reached = start, prices(_arch(net, start)), evaluate(start)
    trace: list[Step] = []
    while not prices.fits(price):
        options = [(move, prices(_arch(net, move.subnet))) for move in moves(subnet)]
        options = [(move, cost) for move, cost in options if cost.latency_ms < price.latency_ms]
        if not options:
            return Slimmed(subnet, price, reached, tuple(trace), False)
        options.sort(
            key=lambda one: _worth(expected.get(_key(one[0]), 0.0), price.latency_ms - one[1].latency_ms)
        )
        scored = [
            _scored(move, cost, price, reached, evaluate(move.subnet)) for move, cost in options[:tries]
        ]
        expected.update({_key(one.move): one.loss_rise for one in scored})
        scored.sort(key=lambda one: _worth(one.lost(by_accuracy), one.saved_ms))
        best = scored[0]
        trace.append(_step(scored, by_accuracy, doubt(subnet, best.move.subnet)))
        subnet, price, reached = best.move.subnet, best.price, best.evaluation
    for _ in range(REFILLS if growths else 0):
        assert growths is not None
        scored = _refill(net, growths(subnet), price, reached, prices, evaluate, tries)
        if not scored or scored[0].loss_rise >= 0:
            break
        best = scored[0]
        trace.append(_step(scored, by_accuracy, doubt(subnet, best.move.subnet)))
        subnet, price, reached = best.move.subnet, best.price, best.evaluation
    return Slimmed(subnet, price, reached, tuple(trace), True)


def _arch(net: Elastic, subnet: Subnet) -> Arch:
    return net.arch(subnet, net.choices.space.resolution)


def _key(move: Move) -> tuple[str, int, int]:
    return (move.kind, move.stage, move.slot)


def _worth(lost: float, saved_ms: float) -> tuple[float, float]:
    """Order moves: by what is lost for a millisecond; among those that lose nothing, the one that saves most is first."""
    return (max(lost, 0.0) / saved_ms, -saved_ms)


def _scored(move: Move, cost: Price, price: Price, reached: Evaluation, found: Evaluation) -> Scored:
    return Scored(
        move,
        cost,
        found,
        found.loss - reached.loss,
        reached.accuracy - found.accuracy,
        price.latency_ms - cost.latency_ms,
    )


def _step(scored: Sequence[Scored], by_accuracy: bool, doubt: str) -> Step:
    """Return the step that takes the first of the moves that were compared."""
    best = scored[0]
    compared = tuple(
        Option(
            one.move.kind,
            one.move.words,
            one.saved_ms,
            one.loss_rise,
            one.accuracy_drop,
            one.lost(by_accuracy) / one.saved_ms if one.saved_ms > 0 else 0.0,
        )
        for one in scored
    )
    return Step(
        best.move.words,
        best.price.latency_ms,
        finite(best.price.needs_ms),
        best.saved_ms,
        best.loss_rise,
        best.accuracy_drop,
        len(scored),
        doubt,
        compared,
    )


def _refill(
    net: Elastic,
    growths: Iterable[Move],
    price: Price,
    reached: Evaluation,
    prices: Prices,
    evaluate: Evaluate,
    tries: int | None,
) -> list[Scored]:
    """Return the growths that fit and were evaluated, the one that lowers the loss most first."""
    options = [(move, prices(_arch(net, move.subnet))) for move in growths]
    options = [(move, cost) for move, cost in options if prices.fits(cost)]
    options.sort(key=lambda one: -one[1].latency_ms)  # the more of the budget it uses, the more it may bring
    scored = [_scored(move, cost, price, reached, evaluate(move.subnet)) for move, cost in options[:tries]]
    return sorted(scored, key=lambda one: one.loss_rise)
