"""What a study needs of a supernet: the ranks of designs, and the best of them trained and tested in the end."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from dsim.arch import Arch
from dsim.errors import InvalidValueError, UnavailableError
from dsim.records import shown
from dsim.rounding import limit
from dsim.search.candidate import Candidate
from dsim.search.result import StudyResult
from dsim.search.space import Space
from dsim.search.task import Task
from dsim.supernet.anchors import FLOOR, Check, kept_check
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.overview import read_overview
from dsim.supernet.processes import refuse_processes
from dsim.supernet.spec import parse_count
from dsim.supernet.subnet import Subnet
from dsim.supernet.task.designs import middle_design
from dsim.supernet.task.halving import halve, rounds, trained_design
from dsim.supernet.task.learned import SUBNETS, task_model
from dsim.supernet.task.model import TaskModel
from dsim.supernet.task.resample import draw_ranks, half_of
from dsim.supernet.task.summary import Floats

DESIGNS = 8  # that are trained alone, where nobody says how many


@dataclass(frozen=True, eq=False)
class SupernetTask:
    """See `dsim.search.task.TaskSource`; made by `task_source`.

    Attributes
    ----------
    supernet
        Trained.
    task
        What it is, in words and numbers.
    notes
        What a reader of a result must know.
    """

    supernet: Supernet
    task: Task
    notes: tuple[str, ...]
    _halves: dict[tuple[int, int, int], TaskModel] = field(default_factory=dict, repr=False)

    @cached_property
    def model(self) -> TaskModel:
        """The model of ranks; sub-networks are evaluated when it is first needed."""
        return task_model(self.supernet, self.task.subnets)

    @property
    def plan(self) -> str:
        """What training the best designs will cost, in words: known before it begins."""
        if not self.task.designs:
            return "no design is trained"
        plan = rounds(self.task.designs, self.task.images, self.supernet.header.asked.batch)
        words = ", then ".join(f"{count} on {each:,} images each" for count, each in plan)
        return f"at most {words}; {sum(count * each for count, each in plan):,} images in all"

    def space(self, asked: Space | None) -> Space:
        """Return what may be searched: what is asked for, or all that the supernet holds.

        Raises
        ------
        InvalidValueError
            It goes beyond the supernet's space.
        """
        own = self.supernet.choices.space
        if asked is None:
            return own
        for one in fields(Space):
            mine, wanted = getattr(own, one.name), getattr(asked, one.name)
            if one.name in ("mixers", "widths", "depths", "mlp_ratios", "attention_blocks"):
                beyond = [value for a, b in zip(mine, wanted, strict=True) for value in b if value not in a]
            elif one.name == "resolution":
                beyond = [] if mine == wanted else [wanted]
            else:
                beyond = [value for value in wanted if value not in mine]
            if beyond:
                raise InvalidValueError(
                    f"the space must lie within that of {self.task.supernet}, and has {one.name} {shown(beyond[0])} beyond it; "
                    "leave it out, or train a supernet with a --space that holds it"
                )
        return asked

    @cached_property
    def middle(self) -> Arch:
        """The design in the middle of the supernet's space."""
        return middle_design(self.supernet.choices.space)

    def why_not(self, arch: Arch) -> str:
        """Return why a design has no rank; empty where it has one."""
        choices, why = self.supernet.choices, f"{self.task.supernet} holds no such design"
        if (arch.stem, arch.resolution) != (choices.stem, choices.space.resolution):
            return why
        try:
            choices.place(arch)  # which knows activations and norms, that sums over ops do not tell
        except InvalidValueError:
            return why
        rows = [self.model.summarise(piece.graph) for piece in arch.pieces()]
        return "" if self.model.in_region(np.sum(rows, axis=0)).all() else why

    def draws(self, summaries: Floats, count: int, seed: int) -> Floats:
        """Draw the ranks (count, N) of designs jointly, by drawing sub-networks again; ``summaries`` (N, S)."""
        return draw_ranks(self.model, summaries, count, seed)

    def half(self, seed: int, split: int, half: int) -> TaskModel:
        """Return a model of ranks that was learned from one half (0 or 1) of the sub-networks.

        Raises
        ------
        InvalidValueError
            A half is too little to learn from.
        """
        key = (seed, split, half)
        if key not in self._halves:  # one serves every device
            self._halves[key] = half_of(self.model, *key)
        return self._halves[key]

    def finish(self, result: StudyResult) -> StudyResult:
        """Train the best designs alone and test those that come to the end; the best of them is what is chosen.

        Nothing is trained before the search is complete. Ctrl-C keeps every finished training.
        """
        finalists = self.finalists(result)
        if not finalists or result.cost.interrupted or result.cost.capped:
            return result
        by_text = {subnet.text(): design for subnet, design in finalists.items()}
        try:
            rows = halve(self.supernet, tuple(finalists), self.task.images)
        except KeyboardInterrupt:
            return replace(result, cost=replace(result.cost, interrupted=True))
        trained = tuple(trained_design(row, by_text[row.subnet].arch) for row in rows)
        return replace(result, chosen=by_text[rows[0].subnet], trained=trained)

    def finalists(self, result: StudyResult) -> dict[Subnet, Candidate]:
        """Return the designs of a front that fit the budget and rank highest, best first, with their slots.

        At most as many as the study asks for.
        """
        count = (result.spec.task or self.task).designs
        if result.chosen is None:
            return {}
        most = limit(result.spec.budget_ms)
        fitting = [one for one in (result.chosen, *result.front) if one.needs_ms <= most]
        found: dict[Subnet, Candidate] = {}
        for one in sorted(fitting, key=lambda one: -one.top1_low):
            found.setdefault(self.supernet.choices.place(one.arch), one)
        return dict(list(found.items())[:count])


def task_source(
    supernet: Supernet | str | Path,
    *,
    data: str | Path | None = None,
    designs: int = DESIGNS,
    images: int | str | None = None,
    subnets: int = SUBNETS,
) -> SupernetTask:
    """Let a study rank designs on a supernet's own images: for ``accuracy`` of `dsim.search` and `dsim.compare`.

    Parameters
    ----------
    supernet
        A folder, or what `load_supernet` returns.
    data
        Folder of its images, where they have moved.
    designs
        How many of the best designs are trained alone; 0 for none.
    images
        Pictures that those which come to the end are shown; as many as the supernet was, by default.
    subnets
        Sub-networks from which ranks are learned.

    Raises
    ------
    UnavailableError
        By its anchors, the order of designs in the supernet says nothing about how they train alone; or torchrun has
        started several processes.
    """
    refuse_processes("a search on a supernet's images")
    loaded = supernet if isinstance(supernet, Supernet) else load_supernet(supernet, data)
    if designs < 0:
        raise InvalidValueError(f"designs must not be negative, got {designs}; 0 trains none")
    header, folder = loaded.header, loaded.home.folder
    found = kept_check(loaded.home, header)
    if found is not None and not found.useful:
        raise UnavailableError(
            f"the order of designs in {folder} must agree with that of designs trained alone, and does not: rank correlation "
            f"{found.tau:.2f} ({found.low:.2f} to {found.high:.2f}), its upper end below {FLOOR}; train it on more --images, at "
            "a larger --px or with a smaller --space, or search without --accuracy"
        )
    count = parse_count(images) if images is not None else header.images
    about = (folder.resolve().name, header.trained_on(), subnets, designs, count)
    task = Task(*about, len(header.classes))
    sizes = read_overview(folder).sizes().rstrip(".")
    return SupernetTask(loaded, task, (sizes, _checked(found, folder)))


def _checked(found: Check | None, folder: Path) -> str:
    if found is None:
        return (
            f"nobody has checked that the supernet orders designs as training them alone does; `dsim supernet check {shlex.quote(str(folder))}` "
            "does so"
        )
    return (
        f"{len(found.anchors)} designs trained alone on {found.anchors[0].images:,} images each have the supernet's order with "
        f"a rank correlation of {found.tau:.2f} ({found.low:.2f} to {found.high:.2f})"
    )
