"""What a search cost, and how to make its result again."""

from __future__ import annotations

import shlex
from typing import Any

import tomli_w

from dsim.report.page.parts import Section
from dsim.report.shift import counted, halvings
from dsim.report.table import TableData, table
from dsim.search import JointStudy, Space, StudyResult
from dsim.search.result import Cost
from dsim.shift import Comparison
from dsim.shift.spec import DEFAULT_LIKE
from dsim.version import __version__

SPACE = "space.toml"


def cost_section(costs: dict[str, Cost], words: tuple[str, ...]) -> Section:
    """Return the section on what each study cost."""
    return Section("cost", "What the search cost", words, tables=(_cost_table(costs),))


def comparison_words(found: Comparison) -> tuple[str, ...]:
    """Say what the whole comparison cost."""
    done = sum(half.arch is not None for half in found.halved)
    said = (
        f"The run that finished it took {found.seconds:.0f} s (what was in the cache cost nothing): {found.draws} paired draws from "
        f"models that were learned {counted(found.refits, 'time')}, and {counted(done, 'search')} on halves of the measurements, "
        f"which were halved {counted(halvings(found), 'time')}."
    )
    return (
        (said,) if found.complete else (said, "The time limit ended this comparison before it was complete.")
    )


def _cost_table(costs: dict[str, Cost]) -> TableData:
    numbers = ("seconds", "designs scored", "combinations of block types", "repeats replaced")
    rows = [
        (
            name,
            f"{c.seconds:.1f}",
            f"{c.designs:,}",
            str(c.mixes),
            str(c.repeats),
            "ended by the time limit" if c.capped else "",
        )
        for name, c in costs.items()
    ]
    return table("Each study", ("device", *numbers, ""), rows, numbers)


def reproduce_section(command: str, space: dict[str, Any] | None, fingerprint: str, name: str) -> Section:
    """Return the section with the command, the space where it is not the usual one, and the fingerprint."""
    code = [command]
    words = [
        f"This page was written by dsim {__version__}. The fingerprint of inputs, profiles and models is "
        f"{fingerprint or 'unknown'}. With other profiles or another dsim it is another, and the answer may be too.",
    ]
    if space is not None:
        words.append(f"The search had a space of its own: write the second block to {SPACE}.")
        code.append(tomli_w.dumps(space))
    code.append(f"dsim report studies/{shlex.quote(name)} -o report.html")
    return Section("reproduce", "How to make this result again", tuple(words), code=tuple(code))


def comparison_command(found: Comparison, name: str) -> tuple[str, dict[str, Any] | None]:
    """Return the command that makes a comparison anew, and its space where that is not the usual one."""
    asked = dict(found.inputs)
    words = [
        "dsim",
        "compare",
        "--devices",
        ",".join(asked.get("devices") or [d.device for d in found.devices]),
    ]
    if found.task:
        words += found.task.compared_options
    budgets, usual = asked.get("budgets_ms"), found.task.middle if found.task else None
    if budgets:
        words += ["--budget", ",".join(f"{device}={ms!r}ms" for device, ms in budgets.items())]
    elif "like" in asked and asked["like"] != usual:
        words += ["--like", str(asked["like"])]
    if asked.get("what_if") not in (None, usual, asked.get("like", DEFAULT_LIKE)):
        words += ["--what-if", str(asked["what_if"])]
    return _finish(
        words, asked, ("confidence", "recipe", "trials", "fold_trials", "seeds", "refits", "seed"), name
    )


def study_command(found: StudyResult) -> tuple[str, dict[str, Any] | None]:
    """Return the command that makes a study anew, and its space where that is not the usual one."""
    asked = found.spec.inputs()
    words = ["dsim", "study", "--device", found.spec.device, "--budget", f"{found.spec.budget_ms!r}ms"]
    if found.spec.task:
        words += found.spec.task.options
    if found.spec.backbone:
        words += ["--task", "backbone", "--px", found.spec.backbone]
    words += found.spec.limits.options
    return _finish(words, asked, ("confidence", "recipe", "trials", "seed"), found.spec.name)


def joint_command(found: JointStudy) -> tuple[str, dict[str, Any] | None]:
    """Return the command that makes a study for several devices anew, and its space where that is not the usual one."""
    words = ["dsim", "study"]
    for device, ms in found.spec.budgets_ms.items():
        words += ["--device", f"{device}={ms!r}ms"]
    words += found.spec.shares.limits.options
    return _finish(words, found.spec.inputs(), ("confidence", "recipe", "trials", "seed"), found.spec.name)


def _finish(
    words: list[str], asked: dict[str, Any], options: tuple[str, ...], name: str
) -> tuple[str, dict[str, Any] | None]:
    for option in options:
        if option in asked:
            words += [f"--{option.replace('_', '-')}", str(asked[option])]
    space = asked.get("space")
    own = space if space is not None and space != Space().to_dict() else None
    if own is not None:
        words += ["--space", SPACE]
    return shlex.join([*words, "--name", name]), own
