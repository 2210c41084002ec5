"""One design for several devices, each with its own budget; and what it gives up against each device's own best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dsim.accuracy.asked_recipe import ForDesigns, model_for
from dsim.arch import Arch
from dsim.device.find import find_profile
from dsim.device.rough import refuse_rough
from dsim.export.torch_export import write_torch
from dsim.files import can_write
from dsim.latency import load_model
from dsim.latency.content import content_hash
from dsim.latency.learners import rests_on
from dsim.latency.model import DeviceModel
from dsim.limits import Limits, read_limits
from dsim.rounding import without_rounding
from dsim.search.amounts import Ceiling
from dsim.search.candidate import Candidate
from dsim.search.conclude import Found
from dsim.search.identified import keep_identified
from dsim.search.joint_files import read_joint, write_joint
from dsim.search.joint_latency import JointLatency
from dsim.search.joint_result import JointStudy, Lost, OnDevice
from dsim.search.joint_spec import JointSpec
from dsim.search.judge import judge
from dsim.search.kept import check_place, keep_study
from dsim.search.record import FILE as TRIALS
from dsim.search.record import FileRecord
from dsim.search.result import NotIdentified, StudyResult
from dsim.search.run import DRAWS, run_study
from dsim.search.score import POINTS, Scorer
from dsim.search.smallest import check_limits
from dsim.search.space import Space
from dsim.search.spec import DEFAULT_TRIALS, StudySpec, fingerprint
from dsim.search.study import search_mixes, seed_mixes
from dsim.search.table import CostTable
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

    Each device is also searched alone, as by `dsim.search`. A study that is finished returns its result at once; one that was
    interrupted goes on.

    Parameters
    ----------
    budgets
        Budget of each device: numbers of milliseconds, or texts such as ``"2ms"``.
    confidence, trials, seed, space, recipe, rough, px, params, macs, memory, size, out
        As for `dsim.search`. Memory and size are those of the device where they are largest.
    name
        Of the study, and with the device behind it of the study for each device alone; devices and budgets by default.

    Raises
    ------
    DsimError
        There are fewer than two devices, one is unknown, a value is out of range, or the folder holds another study.
    KeyboardInterrupt
        The user stopped before the search for all devices found anything.
    """
    refuse_rough(tuple(budgets), rough)
    spec = JointSpec.of(
        {device: milliseconds(budget) for device, budget in budgets.items()},
        name=name,
        limits=Limits(**read_limits(params, macs, memory, size)),
        confidence=confidence,
        trials=trials,
        seed=seed,
        space=(space or Space()).fixed(resolution=px) if px is not None else space or Space(),
        out=Path(out) if out is not None else Path("studies"),
        recipe=recipe,
    )
    if out is not None:
        check_place(spec, lambda: read_joint(spec))
    setting = _setting(spec)
    mark = fingerprint(spec.inputs(), setting.marks)
    own = list[StudyResult]()

    def searched() -> Found:
        check_limits(setting.asked.space, setting.table, seed_mixes(setting.asked))  # before anything is kept
        for device in spec.budgets_ms:
            own.append(_alone(spec.alone(device), keep=out is not None))
        record = FileRecord(spec.folder / TRIALS, spec.name, mark, spec.inputs()) if out is not None else None
        within = " and ".join(f"{device} within {ms:g} ms" for device, ms in spec.budgets_ms.items())
        return search_mixes(setting.asked, setting.scorer, mark, record, within=within)

    def concluded(found: Found) -> JointStudy:
        shown = found.chosen or found.fastest
        return JointStudy(
            spec,
            found.chosen is not None,
            _on_each(setting, shown, own, fits=found.chosen is not None),
            setting.not_identified,
            setting.table.limits_used(shown.arch),
            found.cost,
        )

    if out is None:
        return concluded(searched())
    result = keep_study(spec, mark, setting.marks, searched, concluded, lambda: read_joint(spec), write_joint)
    if result.fits and can_write(spec.folder):  # else it was finished, and is shown again
        write_torch(result.design.arch, spec.folder / "model")
    return result


def _alone(spec: StudySpec, keep: bool) -> StudyResult:
    """Search for one of the devices alone, as `dsim.search` does."""
    found = run_study(spec, keep=keep, shelf=True)
    if found.cost.interrupted:
        raise KeyboardInterrupt
    if keep and found.chosen:
        write_torch(found.chosen.arch, spec.folder / "model", notes=found.sentences())
    return found


@dataclass(frozen=True)
class _Setting:
    """What the search for all devices works with.

    Attributes
    ----------
    spec
        Its inputs.
    asked
        Inputs of the search for all devices; its space holds what every device's evidence can price.
    models
        Of latency, by device.
    accuracy
        Of all designs.
    scorer
        Of a design on all devices at once.
    not_identified
        Choices that some device's evidence cannot price.
    marks
        Content hashes of the models.
    """

    spec: JointSpec
    asked: StudySpec
    models: Mapping[str, DeviceModel]
    accuracy: ForDesigns
    scorer: Scorer
    not_identified: tuple[NotIdentified, ...]
    marks: dict[str, str]

    @property
    def table(self) -> CostTable:
        """The price list of the search."""
        return self.scorer.table


def _setting(spec: JointSpec) -> _Setting:
    """Load the models, and leave out of the space what some device's evidence cannot price."""
    models = {device: load_model(device) for device in spec.budgets_ms}
    profiles, asked = [find_profile(device) for device in models], spec.shares
    accuracy = model_for(asked.recipe, asked.space.resolution)
    space, dropped = asked.space, list[NotIdentified]()
    for latency in models.values():
        space, more = keep_identified(space, latency.identified)
        dropped += more
    ceiling = Ceiling.on(profiles, asked.limits) if asked.limits else None
    joint = JointLatency(tuple(models.values()), tuple(spec.budgets_ms.values()))
    rests = {folder for profile in profiles for folder in rests_on(profile)}
    return _Setting(
        spec,
        replace(asked, space=space),
        models,
        accuracy,
        Scorer(joint, accuracy, CostTable(joint, accuracy, ceiling=ceiling), 1.0, asked.confidence),
        tuple(dict.fromkeys(dropped)),
        {
            "latency": content_hash(sorted(rests, key=lambda folder: folder.name)),
            "accuracy": accuracy.fingerprint,
        },
    )


def _on_each(
    setting: _Setting, shown: Candidate, own: Sequence[StudyResult], fits: bool
) -> tuple[OnDevice, ...]:
    """Return what the one design is on each device, beside the best design for that device alone."""
    accuracy, confidence = setting.accuracy, setting.asked.confidence
    here = {}
    for device, ms in setting.spec.budgets_ms.items():
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
        for (device, ms), mine in zip(setting.spec.budgets_ms.items(), best, strict=True)
    )


def _lost(setting: _Setting, arch: Arch, others: Sequence[Arch]) -> list[Lost]:
    """Return what a design gives up against each of some others, by joint draws of their top-1."""
    archs, table, spec = [arch, *others], setting.table, setting.asked
    drawn = setting.accuracy.draw(
        table.cut(np.stack([table.whole(one) for one in archs])).summary,
        np.array([archs.index(one) for one in archs]),
        DRAWS,
        spec.seed,
    )
    rest = (1.0 - spec.confidence) / 2.0
    differences = drawn[:, 1:] - drawn[:, :1]
    low, middle, high = np.quantile(differences, (rest, 0.5, 1.0 - rest), axis=0)
    return [
        Lost(*(without_rounding(float(value), POINTS) for value in one))
        for one in zip(middle, low, high, strict=True)
    ]
