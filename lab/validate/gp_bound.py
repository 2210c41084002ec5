"""How near a bound over a whole space comes to the best that is known, for the ImageNet model; writes a table into lab/notes/search.md.

Boxes of options are split, as a study does it for small spaces (`dsim/search/boxes`), here without its limits and in three ways. Run:
``python -m lab.validate.gp_bound [--case small:iphone12=2ms:curve ...] [--seconds 60] [--keep]``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from dsim.accuracy.asked_recipe import model_for
from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.errors import NothingFitsError
from dsim.latency import load_model
from dsim.report.table import TableData, table
from dsim.search import Space, StudySpec
from dsim.search.boxes.box import WAYS
from dsim.search.boxes.branch import Branch, State
from dsim.search.boxes.room import rooms_of
from dsim.search.identified import keep_identified
from dsim.search.judge import scorer_of
from dsim.search.mix import all_mixes, count_designs
from dsim.search.study import search_mixes
from dsim.threads import one_blas_thread
from dsim.units import milliseconds
from lab.marked import replace_block

NOTES = Path("lab/notes/search.md")
SECONDS = (10.0, 60.0, 300.0, 900.0)  # of processor time, at which the bound is looked at
CASES = (
    *(f"small:iphone12=2ms:{way}" for way in WAYS),
    "medium:iphone12=2ms:slope",
    "medium:iphone12=2ms:curve",
    "one mix:iphone12=2ms:curve",
    "one mix:epyc-zen4-onnxruntime=20ms:curve",
    "16 mixers:iphone12=2ms:curve",
    "default:iphone12=2ms:curve",
)
_POOL, _CONV = (Mixer.POOLING,), (Mixer.POOLING, Mixer.CONV3)
_ONE = Space(
    stems=(Stem.TWO_CONVS,),
    attentions=(Mixer.ATTENTION,),
    activations=(Activation.GELU,),
    norms=(Norm.BATCH,),
)
SPACES: Mapping[str, Space] = {
    "small": _ONE.fixed(
        mixers=(_POOL, _POOL, _CONV, _POOL),
        attention_blocks=((0,), (1, 2)),
        widths=((40, 48, 56), (80, 96, 112), (160, 192, 224), (320, 384, 448)),
        depths=((2, 3), (2, 3), (4, 6, 8), (3, 4, 6)),
        mlp_ratios=((3.0, 4.0), (3.0, 4.0), (2.0, 3.0, 4.0), (3.0, 4.0)),
    ),
    "medium": _ONE.fixed(
        mixers=(_POOL, _CONV, _CONV, _POOL),
        attention_blocks=((0, 1), (1, 2)),
        widths=((40, 48, 56), (80, 96, 112), (160, 192, 224, 256), (288, 320, 384, 448)),
        depths=((2, 3, 4), (2, 3, 4), (4, 6, 8, 10), (3, 4, 6)),
        mlp_ratios=((3.0, 4.0), (3.0, 4.0), (2.0, 3.0, 4.0), (3.0, 4.0)),
    ),
    "one mix": _ONE.fixed(mixers=(_POOL,) * 4, attention_blocks=((0,), (1,))),
    "16 mixers": _ONE.fixed(mixers=(_CONV,) * 4, attention_blocks=((0,), (0, 1, 2))),
    "default": Space(),
}


@dataclass
class Watch:
    """Stops after the last of some seconds of processor time, and keeps where the bound stood after each.

    Attributes
    ----------
    seconds
        Rising.
    states
        One for each of them that came.
    """

    seconds: tuple[float, ...]
    start: float = field(default_factory=time.process_time)
    states: list[State] = field(default_factory=list)

    def __call__(self, state: State) -> bool:
        """Tell whether to go on."""
        while len(self.states) < len(self.seconds) and self.spent >= self.seconds[len(self.states)]:
            self.states.append(state)
        return len(self.states) < len(self.seconds)

    @property
    def spent(self) -> float:
        """Seconds of processor time since the start."""
        return time.process_time() - self.start


@one_blas_thread()
def row_of(name: str, device: str, budget_ms: float, way: str, seconds: tuple[float, ...]) -> tuple[str, ...]:
    """Search, then bound."""
    latency, accuracy = load_model(device), model_for("", SPACES[name].resolution)
    spec = StudySpec(device, budget_ms)
    spec = replace(spec, space=keep_identified(SPACES[name], latency.identified)[0])
    scorer = scorer_of(spec, latency, accuracy)
    chosen = search_mixes(spec, scorer, "bound").chosen
    if chosen is None:
        raise NothingFitsError(
            f"a case needs a design that fits, and none fits {budget_ms:g} ms on {device}; give more"
        )
    sums = latency.sums(spec.confidence)
    assert sums is not None, f"time on {device} is held by no sums; take iphone12"
    watch = Watch(seconds)
    bounds = accuracy.bounds(spec.space.resolution, spec.confidence)
    row = scorer.table.whole(chosen.arch)
    rooms = rooms_of(spec.space, scorer, sums, bounds, next(all_mixes(spec.space)), row)
    assert rooms is not None, f"nothing is known of what designs need on {device}; take iphone12"
    branch = Branch(scorer, chosen.top1_low, way)
    last = branch.through(rooms, watch)
    spent = watch.spent
    above = [f"{state.bound - state.best:.2f}" for state in watch.states]
    above += ["0.00"] * (len(seconds) - len(above))  # proved before
    designs = count_designs(spec.space)
    return (
        name,
        device,
        f"{budget_ms:g} ms",
        f"{designs:.1e}",
        way,
        f"{last.best:.3f}",
        *above,
        f"{spent:.1f} s" if last.proved else "",
        str(last.boxes),
        str(last.scored),
        f"{branch.left:.1e}" if branch.left else "0",
    )


def table_of(rows: list[tuple[str, ...]], seconds: tuple[float, ...]) -> TableData:
    """Return the table of all cases."""
    columns = (
        *("space", "device", "budget", "designs", "bound by", "best known"),
        *(f"bound above it after {one:g} s" for one in seconds),
        *("proved after", "boxes", "designs scored", "designs left"),
    )
    note = (
        "Points of pessimistic top-1 that the bound is above the best known design, after so much processor time; the search of 240 trials "
        "before it does not count. Bound by: the value at a box's middle alone, its slope too, or its curvature and the two derivatives "
        "after it. Left: designs in boxes that may hold a better one. There are boxes for designs near EfficientFormer's networks and for others, "
        "with a warning sign and without, and a design is counted in each that may hold it."
    )
    return table(
        "A bound over a whole space, for the ImageNet model", columns, rows, (columns[3], *columns[5:]), note
    )


@click.command()
@click.option(
    "--case",
    "cases",
    multiple=True,
    default=CASES,
    help=f"SPACE:DEVICE=BUDGET:WAY; spaces are {', '.join(SPACES)}.",
)
@click.option("--seconds", default=SECONDS[-1], show_default=True, help="Processor time of a case at most.")
@click.option("--keep", is_flag=True, help="Write the block of the notes, anew after each case.")
def main(cases: tuple[str, ...], seconds: float, keep: bool) -> None:
    """Print the rows, and keep them."""
    rows = []
    limits = (*(one for one in SECONDS if one < seconds), seconds)
    for case in cases:
        name, what, way = case.split(":")
        device, _, budget = what.partition("=")
        rows.append(row_of(name, device, milliseconds(budget), way, limits))
        click.echo(" | ".join(rows[-1]))
        if keep:
            replace_block(NOTES, "gp_bound", table_of(rows, limits).markdown())


if __name__ == "__main__":
    main()
