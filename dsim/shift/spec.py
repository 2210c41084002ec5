"""ComparisonSpec: everything that determines what a comparison finds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dsim.accuracy.asked_recipe import whole_recipe
from dsim.arch import Arch, get_preset
from dsim.device import DeviceProfile, find_profile
from dsim.device.batches import MARK
from dsim.errors import InvalidValueError
from dsim.records import to_plain
from dsim.search import Space
from dsim.search.spec import CHANCE
from dsim.search.task import Task
from dsim.units import check_level, whole

DEFAULT_LIKE = "efficientformer_l1"
DEFAULT_TRIALS = 60
DEFAULT_FOLD_TRIALS = 16
DEFAULT_SEEDS = 5
DEFAULT_REFITS = 20
LEAST_DEVICES, MOST_DEVICES = 2, 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def default_name(devices: Sequence[str]) -> str:
    """Return the name of a comparison that is given none: the folder of its files."""
    return f"compare-{'-'.join(devices)}".replace(MARK, "-batch")[:100]


@dataclass(frozen=True)
class ComparisonSpec:
    """The inputs of one comparison.

    Attributes
    ----------
    devices
        Names of at least two profiles, none twice.
    budgets_ms
        Budget by device in milliseconds, or empty: then ``like`` sets them.
    like
        A design; each device's budget is the smallest that it fits there.
    like_name
        What to call it.
    confidence
        Chance with which a new measurement of a design must be within the budget, and level of all intervals; in (0, 1).
    trials
        Mixes swept by each device's study.
    fold_trials
        Mixes swept by each of the searches on a half of the evidence.
    seeds
        How many times the evidence is halved and searched again, each with a seed of its own; 0 for not at all.
    refits
        How many times the models are learned again from families drawn with replacement.
    seed
        Of everything random.
    time_s
        Cap on the wall clock in seconds, or None; what it cut off is said in the result.
    space
        What may vary.
    what_if
        The design whose single changes are priced everywhere; ``like`` where it is left out.
    name, out
        Folder ``out/name`` holds the results.
    task
        Whose ranks designs are compared by; None for ImageNet's top-1.
    recipe
        How designs would be trained for ImageNet, as `dsim.accuracy.asked_recipe.read_recipe` reads it; empty for the reference
        recipe.

    Raises
    ------
    InvalidValueError
        A value is out of its range, or devices and budgets do not go together.
    """

    devices: tuple[str, ...]
    budgets_ms: Mapping[str, float] = field(default_factory=dict)
    like: Arch = field(default_factory=lambda: get_preset(DEFAULT_LIKE))
    like_name: str = DEFAULT_LIKE
    confidence: float = 0.9
    trials: int = DEFAULT_TRIALS
    fold_trials: int = DEFAULT_FOLD_TRIALS
    seeds: int = DEFAULT_SEEDS
    refits: int = DEFAULT_REFITS
    seed: int = 0
    time_s: float | None = None
    space: Space = field(default_factory=Space)
    what_if: Arch | None = None
    what_if_name: str = ""
    name: str = ""
    out: Path = Path("studies")
    task: Task | None = None
    recipe: str = ""

    def __post_init__(self) -> None:
        self._check_devices()
        check_level(self.confidence)
        for name, least, most in (
            ("trials", 1, 100_000),
            ("fold_trials", 1, 100_000),
            ("seeds", 0, 1000),
            ("refits", 2, 1000),
            ("seed", 0, 2**32 - 1),
        ):
            object.__setattr__(self, name, whole(name, getattr(self, name)))
            if not least <= getattr(self, name) <= most:
                raise InvalidValueError(
                    f"{name} must lie in {least} to {most}, got {getattr(self, name)}; leave it out for the default"
                )
        if self.time_s is not None and not (math.isfinite(self.time_s) and self.time_s > 0):
            raise InvalidValueError(
                f"time must be a positive number of seconds, got {self.time_s:g}; give 180s"
            )
        recipe = whole_recipe(self.recipe, self.space.resolution, self.task is not None)
        object.__setattr__(self, "recipe", recipe)
        object.__setattr__(self, "devices", tuple(self.devices))
        object.__setattr__(self, "budgets_ms", dict(self.budgets_ms))
        if not self.name:
            object.__setattr__(self, "name", default_name(self.devices))
        if not _NAME.fullmatch(self.name):
            raise InvalidValueError(
                "a comparison's name is a folder name of at most 100 letters, digits, dots, dashes and underscores, "
                f"got {self.name!r}; choose another with --name"
            )

    def _check_devices(self) -> None:
        twice = sorted({name for name in self.devices if list(self.devices).count(name) > 1})
        if twice:
            raise InvalidValueError(
                f"a comparison must name each device once, got {', '.join(twice)} twice; remove one"
            )
        if not LEAST_DEVICES <= len(self.devices) <= MOST_DEVICES:
            raise InvalidValueError(
                f"a comparison takes {LEAST_DEVICES} to {MOST_DEVICES} devices, got {len(self.devices)}; "
                "name them like --devices iphone12,i9-10940x"
            )
        if self.budgets_ms:
            strangers = sorted(set(self.budgets_ms) - set(self.devices))
            missing = [name for name in self.devices if name not in self.budgets_ms]
            if strangers or missing:
                what = (
                    f"budgets for {', '.join(strangers)}" if strangers else f"none for {', '.join(missing)}"
                )
                raise InvalidValueError(
                    f"every device compared must have one budget and no other may, got {what}; "
                    "correct --budget, or leave it out and use --like"
                )
            for name, budget in self.budgets_ms.items():
                if not (math.isfinite(budget) and budget > 0):
                    raise InvalidValueError(
                        f"budget of {name} must be a positive number of milliseconds, got {budget:g}; give 2ms"
                    )

    @property
    def folder(self) -> Path:
        """Where the comparison's files lie."""
        return self.out / self.name

    @property
    def asked(self) -> tuple[Arch, str]:
        """The design of the what-if table, and its name."""
        return (self.what_if, self.what_if_name or "design") if self.what_if else (self.like, self.like_name)

    def inputs(self) -> dict[str, Any]:
        """Return what determines the result, as plain values (the name, the place and the time cap do not)."""
        return {
            "devices": list(self.devices),
            "budgets_ms": dict(sorted(self.budgets_ms.items())),
            "like": self.like_name,
            "like_design": self.like.canonical_hash(),
            "confidence": self.confidence,
            "fits_by": CHANCE,
            "trials": self.trials,
            "fold_trials": self.fold_trials,
            "seeds": self.seeds,
            "refits": self.refits,
            "seed": self.seed,
            "space": self.space.to_dict(),
            "what_if": self.asked[1],
            "what_if_design": self.asked[0].canonical_hash(),
            **({"task": to_plain(self.task)} if self.task else {}),
            **({"recipe": self.recipe} if self.recipe else {}),
        }


def profiles_of(spec: ComparisonSpec) -> tuple[DeviceProfile, ...]:
    """Load the profiles, and refuse those that cannot share a matrix.

    Raises
    ------
    UnknownNameError
        There is no such device.
    InvalidValueError
        Some hold latency of one image and others throughput of a batch.
    """
    profiles = tuple(find_profile(name) for name in spec.devices)
    kinds = {
        kind: [p.name for p in profiles if p.measures == kind] for kind in {p.measures for p in profiles}
    }
    if len(kinds) > 1:
        said = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in sorted(kinds.items()))
        raise InvalidValueError(
            "devices of one comparison must all hold latency of one image or all hold throughput of a batch, "
            f"got {said}; compare them apart"
        )
    return profiles
