"""One design for several devices, each with its own budget; and what it gives up against each device's own best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dsim.accuracy import load_accuracy_model
from dsim.accuracy.asked_recipe import ForRecipe, model_for
from dsim.accuracy.draws import draw_top1
from dsim.arch.named import CHOSEN
from dsim.device.find import find_profile
from dsim.device.rough import refuse_rough
from dsim.errors import InvalidValueError
from dsim.export.torch_export import write_torch
from dsim.files import check_folder, make_folder, write_atomic
from dsim.latency import load_model
from dsim.limits import Limits, LimitUse, read_limits
from dsim.records import to_json, to_plain, to_versioned
from dsim.rounding import without_rounding
from dsim.search.amounts import Ceiling
from dsim.search.candidate import Candidate
from dsim.search.identified import keep_identified
from dsim.search.joint_latency import JointLatency
from dsim.search.result import SCHEMA_VERSION, Cost, NotIdentified, StudyResult
from dsim.search.run import DRAWS, search
from dsim.search.score import POINTS, Scorer
from dsim.search.smallest import check_limits
from dsim.search.space import Space
from dsim.search.spec import DEFAULT_TRIALS, StudySpec
from dsim.search.study import judge, search_mixes, seed_mixes
from dsim.search.table import CostTable
from dsim.summaries import Summarised, Summary
from dsim.units import milliseconds


@dataclass(frozen=True)
class Lost:
    """Points of top-1 that the one design gives up, with the interval of that difference."""

    points: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """The loss in words."""
        return f"{self.points:.1f} ({self.low:.1f} to {self.high:.1f})"


@dataclass(frozen=True)
class OnDevice:
    """What the one design is on a device.

    Attributes
    ----------
    device, budget_ms
        Which, and what it must fit there.
    design
        With its figures there.
    own
        The best design for that device alone; None where nothing fits it.
    lost
        What the one design gives up against that; None without one.
    """

    device: str
    budget_ms: float
    design: Candidate
    own: Candidate | None
    lost: Lost | None


@dataclass(frozen=True)
class JointForm:
    """What ``chosen.json`` holds and ``dsim study --json`` prints for several devices; see `JointStudy`."""

    confidence: float
    top1_for: str
    chosen: Candidate | None
    devices: tuple[OnDevice, ...]
    not_identified: tuple[NotIdentified, ...]
    limits: tuple[LimitUse, ...]
    cost: Cost


@dataclass(frozen=True, repr=False)
class JointStudy(Summarised):
    """One design for several devices.

    Attributes
    ----------
    fits
        Whether it fits every budget; else it is the one that exceeds its worst budget by the smallest share.
    on
        What it is on each device, in the order that was asked for.
    own
        The search for each device alone.
    not_identified
        Choices that some device's evidence cannot price: they were not searched.
    limits
        What it takes of each limit beside time.
    cost
        Of the search for all devices.
    folder
        Where it was written; None where nothing was.
    """

    fits: bool
    on: tuple[OnDevice, ...]
    own: tuple[StudyResult, ...]
    not_identified: tuple[NotIdentified, ...]
    limits: tuple[LimitUse, ...]
    cost: Cost
    folder: Path | None = None

    @property
    def design(self) -> Candidate:
        """The design, with its figures on the first device."""
        return self.on[0].design

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``dsim study --json`` prints for several devices."""
        spec = self.own[0].spec
        form = JointForm(
            spec.confidence,
            spec.trained,
            self.design if self.fits else None,
            self.on,
            self.not_identified,
            self.limits,
            self.cost,
        )
        return to_versioned(form, SCHEMA_VERSION)

    def summary(self) -> Summary:
        """Return its figures on each device, and its stages in words."""
        title = f"One design for {len(self.on)} devices" if self.fits else "Nothing fits all devices"
        rows = []
        for one in self.on:
            lost = "" if one.lost is None else f"; gives up {one.lost.words} points of top-1"
            took = f"{one.design.latency_ms:.3g} ms, needs {one.design.needs_ms:.3g} of {one.budget_ms:g} ms{lost}"
            rows.append((one.device, took))
        return Summary(title, (*rows, *self.design.arch.summary().rows))


def search_joint(
    budgets: Mapping[str, float | str],
    *,
    confidence: float = 0.9,
    trials: int = DEFAULT_TRIALS,
    seed: int = 0,
    space: Space | None = None,
    recipe: str = "",
    rough: bool = False,
    px: int | None = None,
    params: float | str | None = None,
    macs: float | str | None = None,
    memory: float | str | None = None,
    size: float | str | None = None,
    name: str = "",
    out: str | Path | None = None,
) -> JointStudy:
    """Find one design that fits every device's budget, and what it gives up against each device's own best.

    Each device is also searched alone, as by `dsim.search`.

    Parameters
    ----------
    budgets
        Budget of each device: numbers of milliseconds, or texts such as ``"2ms"``.
    confidence, trials, seed, space, recipe, rough, px, params, macs, memory, size, out
        As for `dsim.search`. Memory and size are those of the device where they are largest.
    name
        Of the folder for the one design; the devices' names and budgets by default.

    Raises
    ------
    DsimError
        There are fewer than two devices, one is unknown, or a value is out of range.
    """
    if len(budgets) < 2:
        raise InvalidValueError(
            f"one design for several devices needs at least two, got {len(budgets)}; give --device A=2ms --device B=1ms"
        )
    refuse_rough(tuple(budgets), rough)
    devices = {device: milliseconds(budget) for device, budget in budgets.items()}
    limits = Limits(**read_limits(params, macs, memory, size))
    asked = (space or Space()).fixed(resolution=px) if px is not None else space or Space()
    called = "-and-".join(f"{device}-{ms:g}ms" for device, ms in devices.items()).replace("@", "-")
    called += limits.suffix
    place = Path(out) if out is not None else Path("studies")
    spec = StudySpec(
        " and ".join(devices),
        1.0,
        confidence,
        trials,
        None,
        seed,
        asked,
        name or called,
        place,
        recipe=recipe,
        limits=limits,
    )
    if out is not None:
        check_folder(spec.folder)
    models = {device: load_model(device) for device in devices}
    accuracy = model_for(spec.recipe, asked.resolution)
    found_space, dropped = asked, list[NotIdentified]()
    for latency in models.values():
        found_space, more = keep_identified(found_space, latency.identified)
        dropped += more
    ceiling = Ceiling.on([find_profile(device) for device in devices], limits) if limits else None
    joint = JointLatency(tuple(models.values()), tuple(devices.values()))
    table = CostTable(joint, accuracy, ceiling=ceiling)
    scorer = Scorer(joint, accuracy, table, 1.0, confidence)
    spec = replace(spec, space=found_space)
    check_limits(found_space, table, seed_mixes(spec))
    own = tuple(
        search(
            device,
            ms,
            confidence=confidence,
            trials=trials,
            seed=seed,
            space=asked,
            recipe=recipe,
            rough=rough,
            params=params,
            macs=macs,
            memory=memory,
            size=size,
            out=out,
        )
        for device, ms in devices.items()
    )
    found = search_mixes(spec, scorer, "")
    if found.cost.interrupted or any(one.cost.interrupted for one in own):
        raise KeyboardInterrupt
    shown, fits = found.chosen or found.fastest, found.chosen is not None
    arch = shown.arch
    scorers = {
        device: Scorer(models[device], accuracy, CostTable(models[device], accuracy), ms, confidence)
        for device, ms in devices.items()
    }
    here = {device: judge(arch, one, shown.name) for device, one in scorers.items()}
    best = [
        # a search may miss what another finds: the one design is a candidate everywhere
        here[one.spec.device]
        if fits and one.chosen and one.chosen.top1_low < here[one.spec.device].top1_low
        else one.chosen
        for one in own
    ]
    archs = [arch, *(one.arch for one in best if one)]
    drawn = draw_top1(
        load_accuracy_model(),
        table.cut(np.stack([table.whole(one) for one in archs])).summary,
        np.array([archs.index(one) for one in archs]),
        DRAWS,
        seed,
        accuracy.recipe if isinstance(accuracy, ForRecipe) else None,
    )
    lost = iter(_lost(drawn, confidence))
    on = tuple(
        OnDevice(device, ms, here[device], mine, next(lost) if mine else None)
        for (device, ms), mine in zip(devices.items(), best, strict=True)
    )
    result = JointStudy(
        fits,
        on,
        own,
        tuple(dict.fromkeys(dropped)),
        table.limits_used(arch),
        found.cost,
        spec.folder if out is not None else None,
    )
    if out is not None:
        _write(result, spec)
    return result


def _lost(drawn: np.ndarray, confidence: float) -> list[Lost]:
    """Return what the first design of joint draws (D, N) gives up against each other one."""
    rest = (1.0 - confidence) / 2.0
    differences = drawn[:, 1:] - drawn[:, :1]
    low, middle, high = np.quantile(differences, (rest, 0.5, 1.0 - rest), axis=0)
    return [
        Lost(*(without_rounding(float(value), POINTS) for value in one))
        for one in zip(middle, low, high, strict=True)
    ]


def _write(result: JointStudy, spec: StudySpec) -> None:
    make_folder(spec.folder)
    write_atomic(spec.folder / CHOSEN, to_json(to_plain(result.to_dict()), indent=2) + "\n")
    if result.fits:
        write_torch(result.design.arch, spec.folder / "model")
