"""The result of a study for several devices in its folder; what it was asked lies beside it as that of any study."""

from __future__ import annotations

from pathlib import Path

from dsim.arch.named import CHOSEN
from dsim.errors import FileFormatError
from dsim.files import read_json, write_atomic
from dsim.records import from_versioned, to_json
from dsim.search.files import INPUTS, check_figures, read_joint_spec, recorded_in, unfinished
from dsim.search.joint_result import JointForm, JointStudy
from dsim.search.joint_spec import JointSpec
from dsim.search.result import SCHEMA_VERSION

_AGAIN = "remove the folder and run the study again, or choose another --name"


def write_joint(result: JointStudy) -> None:
    """Write a result beside the inputs."""
    write_atomic(result.spec.folder / CHOSEN, to_json(result.to_dict(), indent=2) + "\n")


def read_joint(spec: JointSpec) -> JointStudy | None:
    """Read the finished result in a study's folder, or return None where it has none or was not finished.

    Raises
    ------
    FileAccessError
        The result cannot be read.
    FileFormatError
        It is damaged.
    """
    path = spec.folder / CHOSEN
    if not path.exists():
        return None
    form = from_versioned(JointForm, read_json(path, _AGAIN), SCHEMA_VERSION, str(path), _AGAIN)
    if not form.cost.is_final:
        return None
    on = {one.device: one for one in form.devices}
    if {device: one.budget_ms for device, one in on.items()} != dict(spec.budgets_ms):
        raise FileFormatError(f"{path} must hold the devices and budgets of {INPUTS}; {_AGAIN}")
    for one in form.devices:
        check_figures(one.design, f"{path}: every figure of the design on {one.device}")
        check_figures(one.own, f"{path}: every figure of the best design for {one.device}")
    shown = tuple(on[device] for device in spec.budgets_ms)  # another order is the same question
    return JointStudy(spec, form.chosen is not None, shown, form.not_identified, form.limits, form.cost)


def load_joint(folder: Path) -> JointStudy:
    """Read a finished study for several devices from its folder, inputs included.

    Raises
    ------
    FileAccessError
        A file of it cannot be read.
    FileFormatError
        It is damaged, of one device, or not finished.
    """
    recorded, whole = recorded_in(folder), folder.resolve()  # "." has no name
    if not recorded.is_joint:
        raise FileFormatError(
            f"{folder} must hold a study for several devices, and holds one of one; name another folder"
        )
    result = read_joint(read_joint_spec(recorded.inputs, whole.name, whole.parent, str(folder / INPUTS)))
    if result is None:
        raise unfinished(folder)
    return result
