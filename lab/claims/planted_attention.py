"""Ask of a task in which attention is needed, and of one in which it is not, whether a supernet finds it important.

Usage: python -m lab.claims.planted_attention [--docs] [--importance ablation] [--seeds 0,1,2] [--out ROWS.parquet]

What was asked, and by which rule it is answered, stands in studies/planted-attention/study.toml and was written before the run.
A finished training is a few rows; the same command goes on with what is missing. Pictures and weights lie in the machine's folder
for temporary files. It ends by printing the answer, which ``--docs`` makes of the rows alone.
"""

from __future__ import annotations

import argparse
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from dsim.arch import Mixer
from dsim.records import from_rows, from_toml, to_rows
from dsim.search.space import Space
from dsim.supernet import DEFAULT, Subnet, Supernet, train
from dsim.supernet.gumbel import alpha_name
from dsim.supernet.importance import alpha_importance
from lab.claims.planted_pictures import PX, Rule, write_pictures
from lab.places import STUDIES

FOLDER = STUDIES / "planted-attention"
DRAWS = 1000  # in which every sub-network of the small space turns up
ATTENTION = 1  # paths of a slot that may attend: 4D, 3D, identity
GRID = 1000

# blocks that mix no positions stand beside attention, which stands in stages 3 and 4
SPACE: Space = DEFAULT.fixed(
    mixers=((Mixer.IDENTITY,),) * 4,
    widths=((8,), (16,), (32,), (64,)),
    depths=((1,), (1,), (1, 2), (1, 2)),
    attention_blocks=((0, 1), (0, 1)),
    mlp_ratios=((1.0,), (1.0,), (2.0,), (2.0,)),
)


@dataclass(frozen=True)
class Asked:
    """What study.toml holds; each value is explained there."""

    seeds: dict[str, tuple[int, ...]]
    pictures: int
    images: dict[str, int]
    batch: int
    learning_rate: float
    t_quantile: dict[str, float]
    least_rise: float
    least_held: float
    most_share_of_relation: float
    question: str
    measure: str
    rule: str


@dataclass(frozen=True)
class Row:
    """One figure of one finished training.

    Attributes
    ----------
    rule, importance, seed
        Which training.
    stage
        3 or 4; 0 for both together.
    change
        ``all exchanged``, ``exchanged`` or ``taken out``: the mean rise of the loss over all sub-networks that hold the
        attention. ``attention held``: in what part of draws by alphas and noise a stage holds attention, or either of both
        does, less that part where alphas are equal. ``paper's``: the paper's importance of the slot that may hold
        attention, the share of its blocks over that of identity. In the first attempt also ``lead of 3D``: its path's share
        less the greater of the others'.
    value, error, count
        With its standard error over so many sub-networks; nan and 1 for what alphas say.
    train_loss
        Mean of the last 20 steps, of the largest network or of all paths.
    accuracy
        Of the largest sub-network on the search pictures, in percent.
    cpu_s
        Of the training and its evaluation.
    """

    rule: str
    importance: str
    seed: int
    stage: int
    change: str
    value: float
    error: float
    count: int
    train_loss: float
    accuracy: float
    cpu_s: float


def all_subnets(net: Supernet) -> list[Subnet]:
    """Return every sub-network of a small space."""
    rng = np.random.default_rng(0)
    found = {subnet.text(): subnet for subnet in (net.choices.draw(rng) for _ in range(DRAWS))}
    return [found[text] for text in sorted(found)]


def without(net: Supernet, subnet: Subnet, stages: Sequence[int], exchange: bool) -> Subnet | None:
    """Return a sub-network without the attention of some stages; None where it has none there, or nothing would be left."""
    changed = subnet
    for stage in stages:
        for slot, block in enumerate(subnet.slots[stage]):
            if block is None or not block.mixer.is_attention:
                continue
            if not exchange and len(changed.blocks(stage)) == 1:
                return None
            plain = net.choices.block(SPACE.mixers[stage][0], block.mlp_ratio) if exchange else None
            changed = changed.with_slot(stage, slot, plain)
    return changed if changed != subnet else None


def ablated(net: Supernet) -> Iterator[tuple[int, str, list[float]]]:
    """Yield by stage and change how much the loss of each sub-network rises."""
    subnets = all_subnets(net)
    loss = {found.subnet: found.loss for found in net.evaluate(subnets)}
    for stage, change, stages in (
        (0, "all exchanged", (2, 3)), (3, "exchanged", (2,)), (4, "exchanged", (3,)),
        (3, "taken out", (2,)), (4, "taken out", (3,)),
    ):  # fmt: skip
        pairs = [(subnet, without(net, subnet, stages, change != "taken out")) for subnet in subnets]
        yield stage, change, [loss[b.text()] - loss[a.text()] for a, b in pairs if b is not None]


def picked(alphas: Sequence[float], path: int) -> float:
    """Return how often a path has the greatest sum of its alpha and noise that is even in [0, 1)."""
    noise = (np.arange(GRID) + 0.5) / GRID
    others = [alpha for number, alpha in enumerate(alphas) if number != path]
    return float(np.prod([(alphas[path] + noise - alpha).clip(0, 1) for alpha in others], axis=0).mean())


def held(alphas: Sequence[Sequence[float]]) -> float:
    """Return how often the second path of three, attention, is picked in any of some slots, less how often with equal alphas."""
    missed = math.prod(1 - picked(row, ATTENTION) for row in alphas)
    return (2 / 3) ** len(alphas) - missed


def told_by_alphas(net: Supernet) -> Iterator[tuple[int, str, list[float]]]:
    """Yield by stage how often attention is held, and the paper's importance of the slot that may hold it."""
    places = [(stage, net.choices.depth(stage) - 1) for stage in (2, 3)]
    alphas = [net.own[alpha_name(*place)].detach().tolist() for place in places]
    yield 0, "attention held", [held(alphas)]
    for (stage, slot), row in zip(places, alphas, strict=True):
        yield stage + 1, "attention held", [held([row])]
        worth = {(one.stage, one.slot): one.importance for one in alpha_importance(net.choices, net.own)}
        yield stage + 1, "paper's", [worth[stage, slot]]


def run_one(asked: Asked, rule: Rule, importance: str, seed: int) -> list[Row]:
    """Write the pictures, train one supernet, and return its rows."""
    place = Path(tempfile.gettempdir()) / "dsim-planted-attention" / f"{rule}-{importance}-{seed}"
    shutil.rmtree(place, ignore_errors=True)
    data = write_pictures(place / "pictures", rule, asked.pictures, seed)
    start = time.process_time()
    net = train(
        data, place / "net.supernet", images=asked.images[importance], px=PX, space=SPACE, importance=importance, seed=seed,
        flip=False, batch=asked.batch, learning_rate=asked.learning_rate, subnets=1, precision="float32", threads=1,
    )  # fmt: skip
    found = list(ablated(net) if importance == "ablation" else told_by_alphas(net))
    (largest,) = net.evaluate([net.choices.largest])
    loss = float(pl.read_parquet(net.home.folder / "curve.parquet")["loss"].tail(20).mean())  # type: ignore[arg-type]
    cpu_s = time.process_time() - start
    shutil.rmtree(place)
    return [
        Row(
            str(rule), importance, seed, stage, change, statistics.fmean(values),
            statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan"),
            len(values), loss, largest.accuracy, cpu_s,
        )
        for stage, change, values in found
    ]  # fmt: skip


def main() -> None:
    """Run what is missing, and print the answer."""
    parser = argparse.ArgumentParser(description="Is attention found where it is needed?")
    parser.add_argument("--docs", action="store_true", help="print the answer of the rows that are there")
    parser.add_argument("--seeds", help="others than study.toml's, or some of them")
    parser.add_argument("--importance", choices=("ablation", "gumbel"), help="one of them; both otherwise")
    parser.add_argument("--out", type=Path, default=FOLDER / "rows.parquet")
    options = parser.parse_args()
    asked = read_asked()
    rows = read_rows(options.out)
    done = {(row.rule, row.importance, row.seed) for row in rows}
    for importance in (options.importance,) if options.importance else ("ablation", "gumbel"):
        others = tuple(map(int, options.seeds.split(","))) if options.seeds else None
        for seed in () if options.docs else others or asked.seeds[importance]:
            for rule in Rule:
                if (str(rule), importance, seed) not in done:
                    rows += run_one(asked, rule, importance, seed)
                    to_rows(rows, Row).write_parquet(options.out)
    print("\n".join(answer(rows, asked)))


def read_asked() -> Asked:
    """Read what was asked before the run."""
    path = FOLDER / "study.toml"
    return from_toml(Asked, path.read_text(encoding="utf-8"), str(path), "correct it")


def read_rows(path: Path) -> list[Row]:
    """Read the rows of finished trainings."""
    return list(from_rows(Row, pl.read_parquet(path), str(path), "remove it")) if path.exists() else []


def answer(rows: Sequence[Row], asked: Asked) -> list[str]:
    """Return the figures in words, and what the study's rule says of them."""
    lines = []
    for importance, change, least in (
        ("ablation", "all exchanged", asked.least_rise), ("gumbel", "attention held", asked.least_held),
    ):  # fmt: skip
        values = {rule: _by_seed(rows, rule, importance, change) for rule in Rule}
        for rule, found in values.items():
            if len(found) < len(asked.seeds[importance]):
                there = f"{len(found)} of {len(asked.seeds[importance])} seeds are there"
                lines.append(f"{importance}, {rule}: {there}, no answer yet")
            else:
                lines.append(
                    f"{importance}, {rule}: {change} {_words(_interval(found, asked.t_quantile[importance]))}"
                )
        if all(len(found) == len(asked.seeds[importance]) for found in values.values()):
            quantile = asked.t_quantile[importance]
            relation, local = (_interval(values[rule], quantile) for rule in (Rule.RELATION, Rule.LOCAL))
            pairs = [a - b for a, b in zip(values[Rule.RELATION], values[Rule.LOCAL], strict=True)]
            high, low = relation[0] > least, local[2] < asked.most_share_of_relation * relation[1]
            lines.append(f"{importance}: difference, seed by seed, {_words(_interval(pairs, quantile))}")
            lines.append(f"{importance}: high where it is needed: {high}; near zero where it is not: {low}")
    lines.append(
        f"{sum({(r.rule, r.importance, r.seed): r.cpu_s for r in rows}.values()) / 60:.1f} CPU minutes"
    )
    return lines


def _interval(values: Sequence[float], t_quantile: float) -> tuple[float, float, float]:
    """Return the lower end, the mean and the upper end."""
    middle = statistics.fmean(values)
    half = t_quantile * statistics.stdev(values) / len(values) ** 0.5
    return middle - half, middle, middle + half


def _words(interval: tuple[float, float, float]) -> str:
    low, middle, high = interval
    return f"{middle:+.4f} ({low:+.4f} to {high:+.4f}, 90%)"


def _by_seed(rows: Sequence[Row], rule: Rule, importance: str, change: str) -> list[float]:
    """Return one figure a seed, of both stages together."""
    wanted = (str(rule), importance, change, 0)
    found = {
        row.seed: row.value for row in rows if (row.rule, row.importance, row.change, row.stage) == wanted
    }
    return [found[seed] for seed in sorted(found)]


if __name__ == "__main__":
    main()
