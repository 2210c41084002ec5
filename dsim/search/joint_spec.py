"""JointSpec: what determines which one design a search finds for several devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dsim.device.batches import MARK
from dsim.errors import InvalidValueError
from dsim.limits import Limits
from dsim.search.space import Space
from dsim.search.spec import StudySpec, side_suffix

BUDGETS = "budgets_ms"  # what study.toml calls them; a study of one device has none
_OF_ONE = ("device", "budget_ms")  # inputs that only a study of one device has


@dataclass(frozen=True)
class JointSpec:
    """The inputs of a study for several devices.

    Attributes
    ----------
    budgets_ms
        The hard latency budget on each device, in milliseconds.
    shares
        Everything else, as the inputs of one search: its latency is a share of the budget, the largest of all devices, so that
        its budget is 1.

    Raises
    ------
    InvalidValueError
        There are fewer than two devices, or a value is out of its range.
    """

    budgets_ms: Mapping[str, float]
    shares: StudySpec

    def __post_init__(self) -> None:
        if len(self.budgets_ms) < 2:
            raise InvalidValueError(
                f"one design for several devices needs at least two, got {len(self.budgets_ms)}; give --device A=2ms --device B=1ms"
            )
        for device in self.budgets_ms:
            self.alone(device)  # refuses a budget that is out of range

    @classmethod
    def of(
        cls,
        budgets_ms: Mapping[str, float],
        *,
        name: str = "",
        limits: Limits | None = None,
        space: Space | None = None,
        **asked: Any,
    ) -> JointSpec:
        """Make one; ``asked`` as for `StudySpec`. It is named by devices and budgets where no name is given."""
        limits, space = limits or Limits(), space or Space()
        name = name or _name(budgets_ms, limits, space)
        shares = StudySpec(" and ".join(budgets_ms), 1.0, name=name, limits=limits, space=space, **asked)
        return cls(dict(budgets_ms), shares)

    @property
    def name(self) -> str:
        """Of the study and of its folder."""
        return self.shares.name

    @property
    def folder(self) -> Path:
        """Where the study's files lie."""
        return self.shares.folder

    @property
    def storage(self) -> None:
        """Workers share studies of one device only."""
        return None

    def alone(self, device: str) -> StudySpec:
        """Return the inputs of the study for one of the devices, which lies beside this one."""
        usual = self.name == _name(self.budgets_ms, self.shares.limits, self.shares.space)
        name = "" if usual else f"{self.name}-{device}".replace(MARK, "-batch")
        return replace(self.shares, device=device, budget_ms=self.budgets_ms[device], name=name)

    def inputs(self) -> dict[str, Any]:
        """Return what determines the result, as plain values; see `StudySpec.inputs`."""
        rest = {key: value for key, value in self.shares.inputs().items() if key not in _OF_ONE}
        return {BUDGETS: dict(self.budgets_ms), **rest}


def _name(budgets_ms: Mapping[str, float], limits: Limits, space: Space) -> str:
    called = "-and-".join(f"{device}-{ms:g}ms" for device, ms in budgets_ms.items())
    return called.replace(MARK, "-batch") + limits.suffix + side_suffix(space)
