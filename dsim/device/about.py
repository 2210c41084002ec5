"""What profile.toml says of a device: one record, which refuses what no profile can be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from dsim.device.batches import THROUGHPUT
from dsim.device.profile import Measurement
from dsim.errors import InvalidValueError
from dsim.graph.passes import PASSES
from dsim.records import shown

SCHEMA_VERSION = 1
MEASURES = ("latency", THROUGHPUT)
GROUPS = (
    "iphone",
    "snapdragon-npu",
    "desktop",
    "phone-cpu",
    "phone-gpu",
    "apple-ne",
    "one-table",
    "boards",
    "measured",
    "user",
)
NETWORK_COLUMNS = tuple(f.name for f in fields(Measurement))
# what every profile says in words
TEXTS = ("name", "title", "soc", "chip", "compute_unit", "runtime", "precision", "layout", "threads", "measures",
         "group", "method", "pool", "licence")  # fmt: skip
# columns that networks.csv must have; [defaults] of profile.toml may stand in for the others
_NEEDED = ("network", "graph", "latency_ms")


@dataclass(frozen=True)
class Reference:
    """How the figures were timed that estimates speak of: protocol, phone model, and both in words."""

    protocol: str
    model: str
    stated: str = ""


@dataclass(frozen=True)
class Resolution:
    """Sides in pixels between which networks were measured."""

    low_px: int
    high_px: int

    def __post_init__(self) -> None:
        if self.low_px < 1:
            raise InvalidValueError(f"low_px must be at least 1, got {self.low_px}; give pixels")
        if self.low_px > self.high_px:
            raise InvalidValueError(
                f"low_px must not exceed high_px, got {self.low_px} and {self.high_px}; swap them"
            )


@dataclass(frozen=True, kw_only=True)
class About:
    """The keys of profile.toml; see `DeviceProfile` for what they mean.

    Attributes
    ----------
    batch
        Images in a run: a number, several, or words.
    defaults
        What stands in for columns that networks.csv leaves out.
    fixed_ms
        Milliseconds of a run that no operator carries, where that was told and not learned from networks.
    rough
        Why predictions are rough: such a profile sets no budget unless asked to. Empty where its card decides.

    Raises
    ------
    InvalidValueError
        A text is empty, a name is not one of the known ones, or two keys contradict each other.
    """

    schema_version: int
    name: str
    title: str
    soc: str
    chip: str
    compute_unit: str
    runtime: str
    precision: str
    layout: str
    threads: str
    measures: str
    group: str
    method: str
    donor: str = ""
    pool: str
    licence: str
    batch: int | str | tuple[int, ...]
    passes: tuple[str, ...]
    reference: Reference
    resolution: Resolution
    models: Mapping[str, str]
    protocols: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)
    rough: str = ""
    fixed_ms: float | None = None

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise InvalidValueError(
                f"schema_version must be {SCHEMA_VERSION}, got {self.schema_version}; convert the profile"
            )
        for key in TEXTS:
            if not getattr(self, key).strip():
                raise InvalidValueError(
                    f"{key} must be a text that is not empty, got {shown(getattr(self, key))}; fill it in"
                )
        for key, known in (("measures", MEASURES), ("group", GROUPS)):
            if getattr(self, key) not in known:
                raise InvalidValueError(
                    f"{key} must be one of {', '.join(known)}, got {shown(getattr(self, key))}; correct it"
                )
        unknown = [name for name in self.passes if name not in PASSES]
        if unknown:
            raise InvalidValueError(
                f"passes must be chosen from {', '.join(sorted(PASSES))}, got {shown(unknown[0])}; correct the names"
            )
        if self.fixed_ms is not None and not 0 <= self.fixed_ms < math.inf:
            raise InvalidValueError(
                f"fixed_ms must be 0 or more, got {self.fixed_ms}; correct it or leave it out"
            )
        self._check_donor()
        self._check_names()

    def _check_donor(self) -> None:
        if self.donor == self.name:
            raise InvalidValueError(
                f"donor must be the name of another profile, got {shown(self.donor)}; correct it"
            )

    def _check_names(self) -> None:
        for key in ("protocol", "model"):
            known, named = getattr(self, f"{key}s"), getattr(self.reference, key)
            if not known:
                raise InvalidValueError(f"{key}s must have at least one entry, got none; fill it in")
            if named not in known:
                raise InvalidValueError(
                    f"reference.{key} must be one of {', '.join(sorted(known))}, got {shown(named)}; "
                    f"declare it under [{key}s] or correct it"
                )
        unknown = sorted(set(self.defaults) - set(NETWORK_COLUMNS))
        if unknown:
            raise InvalidValueError(
                f"defaults must name columns of networks.csv ({', '.join(NETWORK_COLUMNS)}), got {shown(unknown[0])}; "
                "correct it"
            )

    def stand_ins(self) -> dict[str, str]:
        """Return what stands in for each column that networks.csv may leave out."""
        free = dict.fromkeys((c for c in NETWORK_COLUMNS if c not in _NEEDED), "")
        return (
            free | {"model": self.reference.model, "protocol": self.reference.protocol} | dict(self.defaults)
        )
