"""Time a study's designs on Qualcomm AI Hub: say what would be sent, send it, and fetch the results.

What was sent is kept in the study's folder, so that a second run fetches and does not send again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dsim.confirm.aihub_client import Service
from dsim.confirm.front import Step, confirm, plan
from dsim.confirm.kit import write_models
from dsim.confirm.pick import MOST
from dsim.device import find_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError, UnavailableError
from dsim.files import make_folder, read_text, write_atomic
from dsim.progress import working
from dsim.records import from_versioned, parse_json, to_versioned
from dsim.search import load_study

FOLDER, JOBS, VERSION = "aihub", "jobs.json", 1
FLOATS = ("float16", "float32")
# the client's word for a runtime, by how the names of dsim's runtimes begin
RUNTIMES = {
    "TensorFlow Lite": "tflite",
    "LiteRT": "tflite",
    "ONNX Runtime": "onnx",
    "QNN": "qnn_context_binary",
}
UNITS = {"CPU": "cpu", "GPU": "gpu"}  # all others: what the service chooses, which begins with the NPU


@dataclass(frozen=True)
class HubJob:
    """One design on the service: its two jobs, empty where not sent yet, and why one failed."""

    design: str
    compile_id: str = ""
    profile_id: str = ""
    failed: str = ""


@dataclass(frozen=True)
class HubJobs:
    """What was sent for a study: to which device, with which options, and the jobs."""

    device: str
    compile_options: str
    profile_options: str
    jobs: tuple[HubJob, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """What would be sent: the model files, to which address, for which device and with which options."""

    files: tuple[Path, ...]
    where: str
    jobs: HubJobs

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.stat().st_size for file in self.files)


def time_on_aihub(
    study: str | Path,
    service: Service,
    agree: Callable[[Outgoing], bool],
    *,
    device: str = "",
    most: int = MOST,
    more: bool = False,
) -> tuple[Path, ...]:
    """Have a study's designs timed, and return the files of the results.

    Parameters
    ----------
    study
        Folder of a finished study.
    service
        What `dsim.confirm.aihub_client.open_aihub` opened.
    agree
        Asked before anything is sent, with what would be; False sends nothing.
    device
        What the service calls the device; empty for the phone that the study's profile was measured on.
    most
        As for `dsim.confirm.plan`.
    more
        Whether to send what is to be timed next, too, now that the first results are here.

    Returns
    -------
    tuple of Path
        A file for each design that was timed; none where nothing was sent.

    Raises
    ------
    InvalidValueError
        The service cannot time what the study's profile is of, does not host the device, or other jobs were sent before.
    UnavailableError
        The service answered with an error; what was sent is kept.
    """
    study = Path(study)
    folder = study / FOLDER
    profile = find_profile(load_study(study).spec.device)
    asked = replace(options_for(profile), device=device or profile.reference_model)
    known = read_jobs(folder)
    if known and replace(known, jobs=()) != asked:
        raise InvalidValueError(
            f"jobs of this study were sent for {known.device} ({known.compile_options}), asked is {asked.device} "
            f"({asked.compile_options}); remove {folder} to begin anew"
        )
    have = known or asked
    steps = () if known and not more else _steps(study, folder, have, most)
    new = [step for step in steps if step.name not in {job.design for job in have.jobs}]
    if new:
        write_models(new, folder, "onnx")
        have = replace(have, jobs=(*have.jobs, *(HubJob(step.name) for step in new)))
    unsent = [job.design for job in have.jobs if not job.compile_id]
    if unsent:
        files = tuple(folder / name / "model.onnx" for name in unsent)
        if not agree(Outgoing(files, service.where, have)):
            return ()
        if not service.has(have.device):
            raise InvalidValueError(
                f"AI Hub must host the device, and has none named {have.device!r}; `qai-hub list-devices` shows all: --hosted NAME"
            )
        make_folder(folder)
    return _run(folder, have, service)


def options_for(profile: DeviceProfile) -> HubJobs:
    """Return how a profile's runtime and unit are asked for, without a device.

    Raises
    ------
    InvalidValueError
        The service has no such runtime, or dsim has no images to quantise a network with.
    """
    runtime = next((word for name, word in RUNTIMES.items() if profile.runtime.startswith(name)), "")
    if not runtime:
        raise InvalidValueError(
            f"AI Hub runs {', '.join(RUNTIMES)}, and {profile.name} is of {profile.runtime!r}; time the designs yourself (--out)"
        )
    if not profile.precision.startswith(FLOATS):
        raise InvalidValueError(
            f"dsim sends models in float alone, for quantising takes your images, and {profile.name} is of {profile.precision}; "
            "time the designs yourself (--out)"
        )
    unit = next((word for name, word in UNITS.items() if profile.compute_unit.startswith(name)), "")
    return HubJobs("", f"--target_runtime {runtime}", f"--compute_unit {unit}" if unit else "")


def read_jobs(folder: Path) -> HubJobs | None:
    """Return what was sent for a study; None where nothing was.

    Raises
    ------
    FileFormatError
        The file is damaged.
    """
    path = folder / JOBS
    if not path.exists():
        return None
    remedy = f"remove {path} to send anew"
    return from_versioned(
        HubJobs, parse_json(read_text(path, remedy), str(path), remedy), VERSION, str(path), remedy
    )


def failures(study: str | Path) -> tuple[str, ...]:
    """Return the designs that the service could not time, each with the reason that it gave."""
    known = read_jobs(Path(study) / FOLDER)
    return tuple(f"{job.design}: {job.failed}" for job in (known.jobs if known else ()) if job.failed)


def _steps(study: Path, folder: Path, have: HubJobs, most: int) -> Sequence[Step]:
    """Return the designs to time: the plan's, or what comes next once there are results."""
    files = _results(folder, have)
    return confirm(study, files).steps if files else plan(study, most).steps


def _results(folder: Path, have: HubJobs) -> tuple[Path, ...]:
    paths = (folder / f"{job.design}.json" for job in have.jobs if not job.failed)
    return tuple(path for path in paths if path.exists())


def _run(folder: Path, have: HubJobs, service: Service) -> tuple[Path, ...]:
    """Send what is not sent yet, wait, and fetch; each job is kept as soon as it has its number."""
    jobs = {job.design: job for job in have.jobs}

    def keep(job: HubJob) -> None:
        jobs[job.design] = job
        done = replace(have, jobs=tuple(jobs.values()))
        write_atomic(folder / JOBS, json.dumps(to_versioned(done, VERSION), indent=1))

    with working("timing designs on AI Hub", total=3 * len(jobs), unit="steps") as work:
        for number, job in enumerate(tuple(jobs.values()), 1):
            if not job.compile_id:
                model = folder / job.design / "model.onnx"
                keep(
                    replace(
                        job, compile_id=service.compile(model, job.design, have.device, have.compile_options)
                    )
                )
            work.step(number, f"{job.design} sent")
        for number, job in enumerate(tuple(jobs.values()), 1 + len(jobs)):
            if not job.profile_id and not job.failed:
                if failed := service.wait(job.compile_id):
                    keep(replace(job, failed=f"compiling: {failed}"))
                else:
                    profiled = service.profile(job.compile_id, job.design, have.device, have.profile_options)
                    keep(replace(job, profile_id=profiled))
            work.step(number, f"{job.design} compiled")
        for number, job in enumerate(tuple(jobs.values()), 1 + 2 * len(jobs)):
            path = folder / f"{job.design}.json"
            if job.profile_id and not job.failed and not path.exists():
                if failed := service.wait(job.profile_id):
                    keep(replace(job, failed=f"timing: {failed}"))
                else:
                    write_atomic(path, json.dumps(service.result(job.profile_id)))
            work.step(number, f"{job.design} timed")
    found = _results(folder, replace(have, jobs=tuple(jobs.values())))
    if not found:
        why = "; ".join(job.failed for job in jobs.values() if job.failed)
        raise UnavailableError(
            f"AI Hub timed none of the designs ({why[:400]}); remove {folder} to send anew"
        )
    return found
