"""One design for several devices, each with its own budget; and what it gives up against each device's own best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dsim.accuracy import load_accuracy_model
from dsim.accuracy.asked_recipe import ForRecipe, model_for
from dsim.accuracy.draws import draw_top1
from dsim.arch import Arch
from dsim.arch.named import CHOSEN
from dsim.device.find import find_profile
from dsim.device.rough import refuse_rough
from dsim.errors import InvalidValueError
from dsim.export.torch_export import write_torch
from dsim.files import check_folder, make_folder, write_atomic
from dsim.latency import load_model
from dsim.latency.model import DeviceModel
from dsim.limits import Limits, read_limits
from dsim.records import to_json, to_plain
from dsim.rounding import without_rounding
from dsim.search.amounts import Ceiling
from dsim.search.candidate import Candidate
from dsim.search.identified import keep_identified
from dsim.search.joint_latency import JointLatency
from dsim.search.joint_result import JointStudy, Lost, OnDevice
from dsim.search.result import NotIdentified, StudyResult
from dsim.search.run import DRAWS, search
from dsim.search.score import POINTS, Scorer
from dsim.search.smallest import check_limits
from dsim.search.space import Space
from dsim.search.spec import DEFAULT_TRIALS, StudySpec
from dsim.search.study import judge, search_mixes, seed_mixes
from dsim.search.table import CostTable
from dsim.search.task import MarkedPredictor
from dsim.units import milliseconds


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
    spec = StudySpec(
        " and ".join(devices),
        1.0,
        confidence,
        trials,
        seed=seed,
        space=asked,
        name=name or _name(devices, limits),
        out=Path(out) if out is not None else Path("studies"),
        recipe=recipe,
        limits=limits,
    )
    if out is not None:
        check_folder(spec.folder)
    setting = _setting(spec, devices)
    check_limits(setting.spec.space, setting.table, seed_mixes(setting.spec))
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
    found = search_mixes(setting.spec, setting.scorer, "")
    if found.cost.interrupted or any(one.cost.interrupted for one in own):
        raise KeyboardInterrupt
    shown = found.chosen or found.fastest
    result = JointStudy(
        found.chosen is not None,
        _on_each(setting, shown, own, fits=found.chosen is not None),
        own,
        setting.not_identified,
        setting.table.limits_used(shown.arch),
        found.cost,
        spec.folder if out is not None else None,
    )
    if out is not None:
        _write(result, spec)
    return result


@dataclass(frozen=True)
class _Setting:
    """What the search for all devices works with.

    Attributes
    ----------
    spec
        Its inputs; its space holds what every device's evidence can price.
    devices
        Budget in ms by device.
    models
        Of latency, by device.
    accuracy
        Of all designs.
    scorer
        Of a design on all devices at once.
    not_identified
        Choices that some device's evidence cannot price.
    """

    spec: StudySpec
    devices: Mapping[str, float]
    models: Mapping[str, DeviceModel]
    accuracy: MarkedPredictor
    scorer: Scorer
    not_identified: tuple[NotIdentified, ...]

    @property
    def table(self) -> CostTable:
        """The price list of the search."""
        return self.scorer.table


def _name(devices: Mapping[str, float], limits: Limits) -> str:
    called = "-and-".join(f"{device}-{ms:g}ms" for device, ms in devices.items())
    return called.replace("@", "-") + limits.suffix


def _setting(spec: StudySpec, devices: Mapping[str, float]) -> _Setting:
    """Load the models, and leave out of the space what some device's evidence cannot price."""
    models = {device: load_model(device) for device in devices}
    accuracy = model_for(spec.recipe, spec.space.resolution)
    space, dropped = spec.space, list[NotIdentified]()
    for latency in models.values():
        space, more = keep_identified(space, latency.identified)
        dropped += more
    ceiling = Ceiling.on([find_profile(device) for device in devices], spec.limits) if spec.limits else None
    joint = JointLatency(tuple(models.values()), tuple(devices.values()))
    scorer = Scorer(joint, accuracy, CostTable(joint, accuracy, ceiling=ceiling), 1.0, spec.confidence)
    return _Setting(
        replace(spec, space=space), devices, models, accuracy, scorer, tuple(dict.fromkeys(dropped))
    )


def _on_each(
    setting: _Setting, shown: Candidate, own: Sequence[StudyResult], fits: bool
) -> tuple[OnDevice, ...]:
    """Return what the one design is on each device, beside the best design for that device alone."""
    accuracy, confidence = setting.accuracy, setting.spec.confidence
    here = {}
    for device, ms in setting.devices.items():
        latency = setting.models[device]
        scorer = Scorer(latency, accuracy, CostTable(latency, accuracy), ms, confidence)
        here[device] = judge(shown.arch, scorer, shown.name)
    best = [
        # a search may miss what another finds: the one design is a candidate everywhere
        here[one.spec.device]
        if fits and one.chosen and one.chosen.top1_low < here[one.spec.device].top1_low
        else one.chosen
        for one in own
    ]
    lost = iter(_lost(setting, shown.arch, [one.arch for one in best if one]))
    return tuple(
        OnDevice(device, ms, here[device], mine, next(lost) if mine else None)
        for (device, ms), mine in zip(setting.devices.items(), best, strict=True)
    )


def _lost(setting: _Setting, arch: Arch, others: Sequence[Arch]) -> list[Lost]:
    """Return what a design gives up against each of some others, by joint draws of their top-1."""
    archs, table, spec = [arch, *others], setting.table, setting.spec
    drawn = draw_top1(
        load_accuracy_model(),
        table.cut(np.stack([table.whole(one) for one in archs])).summary,
        np.array([archs.index(one) for one in archs]),
        DRAWS,
        spec.seed,
        setting.accuracy.recipe if isinstance(setting.accuracy, ForRecipe) else None,
    )
    rest = (1.0 - spec.confidence) / 2.0
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
