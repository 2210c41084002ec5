"""StudySpec: everything that determines what a study finds, and the fingerprint by which two studies differ."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsim.accuracy.asked_recipe import recipe_words, whole_recipe
from dsim.arch import read_sides
from dsim.device.batches import MARK
from dsim.errors import InvalidValueError
from dsim.limits import Limits
from dsim.records import to_plain
from dsim.search.accuracy_words import AccuracyWords
from dsim.search.space import Space
from dsim.search.task import Task
from dsim.units import check_level, whole

DEFAULT_TRIALS = 240
# rules by which a design fits a budget: by the chance that a new measurement does, or as before by its interval's upper end
CHANCE, UPPER_END = "chance", "upper end"
_LEFT_OUT = ("task", "recipe", "backbone", "limits")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_OTHERS = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class StudyInputs:
    """The inputs that determine what a study finds, as study.toml holds them; see `StudySpec`."""

    device: str
    budget_ms: float
    confidence: float
    trials: int
    seed: int
    space: Space
    task: Task | None = None
    recipe: str = ""
    fits_by: str = UPPER_END  # of studies made before it was kept
    backbone: str = ""
    limits: Limits = field(default_factory=Limits)


def side_suffix(space: Space) -> str:
    """Return what a study's name ends with where its images are of another size than usual; empty where they are not."""
    return "" if space.resolution == Space().resolution else f"-{space.resolution}px"


@dataclass(frozen=True)
class StudySpec:
    """The inputs of one study.

    Attributes
    ----------
    device
        Name of a device profile.
    budget_ms
        The hard latency budget in milliseconds.
    confidence
        Chance with which a new measurement of a design must be within the budget, cliffs included and one-sided, and level of
        the central intervals; in (0, 1).
    trials
        Mixes to sweep: the bound of the search's cost.
    time_s
        Cap on the wall clock in seconds, or None. A study that hits it is not reproducible and says so.
    seed
        Seed of everything random.
    space
        What may vary.
    name
        Name of the study and of its folder; ``<device>-<budget>ms`` where it is left out, with the image of a backbone, the
        supernet of a task, the limits and the images' side, if it is not 224 px, behind it.
    out
        Folder that holds studies.
    storage
        URL of an Optuna storage, or None for SQLite in the study's folder.
    task
        Whose ranks designs are judged by; None for ImageNet top-1.
    recipe
        How designs would be trained, as `dsim.accuracy.asked_recipe.read_recipe` reads it; empty for the reference recipe.
    fits_by
        The rule by which a design fits: `CHANCE`, or `UPPER_END` in files of older versions, which can be read and not run.
    backbone
        Image of a detector or segmenter, such as ``512x640``: then the four maps of that image are priced, without a head. Empty
        for a classifier.
    limits
        What a design must keep to beside the budget, each as hard as it.

    Raises
    ------
    InvalidValueError
        A value is out of its range.
    """

    device: str
    budget_ms: float
    confidence: float = 0.9
    trials: int = DEFAULT_TRIALS
    time_s: float | None = None
    seed: int = 0
    space: Space = field(default_factory=Space)
    name: str = ""
    out: Path = Path("studies")
    storage: str | None = field(default=None, repr=False)  # it may hold a password
    task: Task | None = None
    recipe: str = ""
    fits_by: str = CHANCE
    backbone: str = ""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.budget_ms) and self.budget_ms > 0):
            raise InvalidValueError(
                f"budget must be a positive number of milliseconds, got {self.budget_ms:g}; give for example 2ms"
            )
        check_level(self.confidence)
        object.__setattr__(self, "trials", whole("trials", self.trials))
        object.__setattr__(self, "seed", whole("seed", self.seed))
        if self.trials < 1:
            raise InvalidValueError(
                f"trials must be at least 1, got {self.trials}; {DEFAULT_TRIALS} is the default"
            )
        if self.time_s is not None and not (math.isfinite(self.time_s) and self.time_s > 0):
            raise InvalidValueError(
                f"time must be a positive number of seconds, got {self.time_s:g}; give 60s"
            )
        if self.fits_by not in (CHANCE, UPPER_END):
            raise InvalidValueError(
                f"a study's fits_by must be {CHANCE!r} or {UPPER_END!r}, got {self.fits_by!r}; leave it out"
            )
        if not 0 <= self.seed < 2**32:
            raise InvalidValueError(f"seed must lie in 0 to 4294967295, got {self.seed}; give 0")
        recipe = whole_recipe(self.recipe, self.space.resolution, self.task is not None)
        object.__setattr__(self, "recipe", recipe)
        if self.backbone:
            sides = read_sides(self.backbone)
            if self.task is not None:
                raise InvalidValueError(
                    "designs for a backbone are judged by ImageNet top-1, got a supernet; leave one of the two out"
                )
            object.__setattr__(self, "backbone", "x".join(map(str, sides)))
        if not self.name:
            name = f"{self.device}-{self.budget_ms:g}ms".replace(MARK, "-batch")
            name += f"-backbone-{self.backbone}" if self.backbone else ""
            # designs ranked on the user's own images are another study than those judged by top-1
            name += f"-{_OTHERS.sub('-', self.task.supernet)[:40]}" if self.task else ""
            side = "" if self.backbone or self.task else side_suffix(self.space)
            object.__setattr__(self, "name", name + self.limits.suffix + side)
        if not _NAME.fullmatch(self.name):
            raise InvalidValueError(
                "a study's name is a folder name of at most 100 letters, digits, dots, dashes and underscores, "
                f"got {self.name!r}; choose another with --name"
            )

    @property
    def trained(self) -> str:
        """How designs would be trained, in words."""
        return recipe_words(self.recipe, self.space.resolution)

    @property
    def words(self) -> AccuracyWords:
        """What accuracy figures are called."""
        return AccuracyWords(self.task, self.trained)

    @property
    def image(self) -> tuple[int, int] | None:
        """Height and width of the image that a backbone is priced for; None for a classifier."""
        return read_sides(self.backbone) if self.backbone else None

    @property
    def image_text(self) -> str:
        """The images' size in words, such as ``224`` or ``512x640``."""
        return self.backbone or str(self.space.resolution)

    @property
    def rule(self) -> str:
        """When a design fits, as the end of a sentence."""
        return rule_words(self.fits_by, self.confidence)

    @property
    def folder(self) -> Path:
        """Where the study's files lie."""
        return self.out / self.name

    def inputs(self) -> dict[str, Any]:
        """Return what determines the result, as plain values (the name, the place and the time cap do not)."""
        asked = (self.device, self.budget_ms, self.confidence, self.trials, self.seed, self.space)
        rest = (self.task, self.recipe, self.fits_by, self.backbone, self.limits)
        plain = dict(to_plain(StudyInputs(*asked, *rest)))
        plain["limits"] = {name: most for name, most in plain["limits"].items() if most is not None}
        # what is not asked for is left out, as in studies made before it could be
        return {key: value for key, value in plain.items() if value or key not in _LEFT_OUT}


def rule_words(fits_by: str, confidence: float) -> str:
    """Say when a design fits a budget, as the end of a sentence."""
    if fits_by == UPPER_END:
        return "a design fits if the upper end of its latency does"
    return f"a design fits if the chance that it takes no longer is {confidence * 100:.6g}% or more"


def fingerprint(inputs: dict[str, Any], models: dict[str, str]) -> str:
    """Hash the inputs of a study together with the content hashes of the models that it is judged by."""
    text = json.dumps({"inputs": inputs, "models": models}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
