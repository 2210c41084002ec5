"""Write what is needed to time designs on a device: a model file each, a sheet for the times, and the command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dsim.confirm.front import Plan, Step
from dsim.device import find_profile
from dsim.errors import InvalidValueError
from dsim.export import export
from dsim.export.targets import FORMS
from dsim.files import check_folder, make_folder, write_atomic
from dsim.search import load_study

SHEET, README = "results.csv", "README.md"
COMMANDS = {
    "onnx": "onnxruntime_perf_test -m times -r 200 -e cpu {name}/model.onnx times.txt   # -e qnn, coreml, cuda ... as in your app",
    "coreml": "open {name}/model.mlpackage   # in Xcode: Performance, Create Performance Report, the device; take its median prediction time",
    "litert": "adb push {name}/model.tflite /data/local/tmp/{name}.tflite && adb shell /data/local/tmp/benchmark_model "
    "--graph=/data/local/tmp/{name}.tflite --num_runs=200",
}


def form_of(runtime: str) -> str:
    """Return the form of file that a runtime reads."""
    words = runtime.lower().replace(" ", "")
    if "coreml" in words:
        return "coreml"
    return "litert" if "litert" in words or "tensorflowlite" in words or "tflite" in words else "onnx"


def write_kit(plan: Plan, folder: str | Path, form: str = "") -> tuple[Path, ...]:
    """Write a plan's designs and the sheet for their times; return what was written.

    Parameters
    ----------
    form
        ``onnx``, ``coreml`` or ``litert``; empty for what the device's runtime reads.

    Raises
    ------
    InvalidValueError
        There is no such form.
    MissingPackageError
        The form needs a package that is not installed.
    FileAccessError
        The folder cannot be written, or has another sheet in it.
    """
    form = form or form_of(plan.profile.runtime)
    out = Path(folder)
    _check_out(out, form)
    models = write_models(plan.steps, out, form)
    rows = "".join(f"{step.name},\n" for step in plan.steps)
    write_atomic(out / SHEET, f"network,latency_ms\n{rows}")
    write_atomic(out / README, _readme(plan, form))
    return (*models, out / SHEET, out / README)


def check_kit(study: str | Path, folder: Path, form: str = "") -> None:
    """Refuse a folder or a form in which a study's kit cannot be written: told before designs are chosen, not after.

    Raises
    ------
    DsimError
        See `write_kit`; or the study cannot be read, or its device is not there.
    """
    _check_out(folder, form)
    if not form:
        _check_out(folder, form_of(find_profile(load_study(Path(study)).spec.device).runtime))


def _check_out(folder: Path, form: str = "") -> None:
    """Refuse a folder that a kit cannot be written into, and a form that is unknown or whose packages are missing.

    Raises
    ------
    InvalidValueError
        It holds another sheet, or there is no such form.
    MissingPackageError
        The form needs a package that is not installed.
    FileAccessError
        The folder cannot be written.
    """
    if form and form not in COMMANDS:
        raise InvalidValueError(f"--to must be one of {', '.join(COMMANDS)}, got {form!r}; choose one")
    check_folder(folder)
    if (folder / SHEET).exists():
        raise InvalidValueError(
            f"{folder / SHEET} exists, and may hold times; choose another folder, or remove it"
        )
    if form:
        FORMS[form].require()


def write_models(steps: Sequence[Step], folder: Path, form: str) -> tuple[Path, ...]:
    """Write a model file of each design, with random weights, into a folder of its name; one that is there stays.

    Raises
    ------
    MissingPackageError
        The form needs a package that is not installed.
    FileAccessError
        The folder cannot be written.
    """
    check_folder(folder)
    make_folder(folder)
    for step in steps:
        if not (folder / step.name / FORMS[form].file).exists():
            export(step.design.arch, folder / step.name, form, name=step.name)
    return tuple(folder / step.name / FORMS[form].file for step in steps)


def _readme(plan: Plan, form: str) -> str:
    spec = plan.result.spec
    commands = "\n".join(COMMANDS[form].format(name=step.name) for step in plan.steps)
    return (
        f"# Times to confirm {spec.name}\n\nOn {plan.profile.title}. Weights are random: they are for timing alone. Time each file as your app "
        f"would run it, type its median in milliseconds into `{SHEET}`, and run\n\n"
        f"```sh\ndsim confirm {spec.folder} --results {SHEET}\n```\n\n"
        f"The row of a design that you did not time may stay empty.\n\n{_other(plan, form)}```sh\n{commands}\n```\n"
    )


def _other(plan: Plan, form: str) -> str:
    """Say it where the device's runtime reads another form: times of another runtime do not confirm the study."""
    if form_of(plan.profile.runtime) == form:
        return ""
    return f"The study is for {plan.profile.runtime}: convert the files for it, for times of another runtime say little of this one.\n\n"
