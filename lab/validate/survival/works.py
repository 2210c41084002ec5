"""Pieces of work that take a second or two: what is killed, and what an uninterrupted run leaves behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsim.search import Space

DEVICES = ("iphone12", "i9-10940x")
IMAGES, BATCH = 32 * 6, 32


@dataclass(frozen=True)
class Work:
    """A piece of work.

    Attributes
    ----------
    name
        What it is, in words.
    run
        Does it, or goes on with it, in a folder; its second argument holds what all runs share.
    loads
        Modules to import before the clock starts.
    prepare
        Makes what all runs share.
    grows
        Pattern of the file that only grows: what a kill left of it stays as it is.
    """

    name: str
    run: Callable[[Path, Path], object]
    loads: tuple[str, ...]
    prepare: Callable[[Path], object] = lambda shared: None
    grows: str = ""


def _study(folder: Path, shared: Path) -> None:
    from dsim.search.run import search

    search(DEVICES[0], "2ms", trials=4, space=space(), name="study", out=folder)


def _compare(folder: Path, shared: Path, seeds: int = 0) -> None:
    from dsim.shift import compare

    few = space()
    compare(DEVICES, trials=2, fold_trials=1, seeds=seeds, refits=2, space=few, name="comparison", out=folder)


def _compare_halves(folder: Path, shared: Path) -> None:
    _compare(folder, shared, seeds=1)


def _measure(folder: Path, shared: Path) -> None:
    """Time designs as ``dsim measure compared`` does: the runtime, the loop and the journal of ``dsim measure``."""
    from dsim.arch import Head, Stem
    from dsim.measure.measurement import WITHOUT, Request, begin_compared, run_chosen, timing
    from dsim.measure.planned import planned_design
    from dsim.supernet.choices import Choices
    from tests.supernet.small import SMALL

    os.environ["DSIM_PROFILES"] = str(folder)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})  # one core: no helper process, which would take ten seconds to load
    smallest = Choices(SMALL).smallest
    designs = [planned_design(smallest.arch(Stem.TWO_CONVS, Head(), px, 4)) for px in range(32, 192, 32)]
    begun = begin_compared(Request(("onnxruntime",), "mine", "", 600.0, 0, 100, False, True, WITHOUT))
    with timing(begun) as show:
        run_chosen(begun, designs, show)


def _train(folder: Path, shared: Path, save_every_s: float = 0.0) -> None:
    """Train a tiny supernet, its state kept behind every step, and weigh its blocks."""
    from dsim.supernet import train
    from tests.supernet.small import SMALL

    train(
        shared / "digits",
        folder / "net",
        images=IMAGES,
        space=SMALL,
        importance="ablation",
        batch=BATCH,
        subnets=1,
        flip=False,
        precision="float32",
        threads=1,
        save_every_s=save_every_s,
    )


def _train_at_once(folder: Path, shared: Path) -> None:
    _train(folder, shared, save_every_s=600.0)


def _digits(shared: Path) -> None:
    from tests.supernet.small import write_digits

    write_digits(shared / "digits", per_class=12)


def space() -> Space:
    """Return a space of some hundred designs."""
    from dsim.arch import Mixer
    from dsim.search import Space

    pool = (Mixer.POOLING,)
    return Space().fixed(
        mixers=(pool, (*pool, Mixer.CONV3), pool, pool),
        widths=((32, 48), (64, 96), (144,), (288,)),
        depths=((1, 2), (2,), (4, 6), (2, 4)),
        attention_blocks=((0,), (0, 1)),
        mlp_ratios=((4.0,),) * 4,
    )


# one of each kind of work, for harms that take long
EACH = ("a study", "a comparison", "dsim measure", "training of a supernet")
_SEARCH = ("dsim.search.run", "dsim.shift", "dsim.latency", "torch", "optuna", "polars", "sklearn.ensemble")
_SMALL = ("torch", "polars", "tests.supernet.small", "dsim.supernet")
WORKS = {
    work.name: work
    for work in (
        Work("a study", _study, _SEARCH, grows="study/trials.jsonl"),
        Work("a comparison", _compare, _SEARCH),
        Work("a comparison with halves", _compare_halves, _SEARCH),
        Work(
            "dsim measure",
            _measure,
            (*_SMALL, "dsim.measure.front", "onnxruntime", "torch.onnx"),
            grows="*/mine.compared.jsonl",
        ),
        Work("training of a supernet", _train, (*_SMALL, "safetensors.torch"), _digits),
        Work(
            "training that keeps its state at its end",
            _train_at_once,
            (*_SMALL, "safetensors.torch"),
            _digits,
        ),
    )
}
