"""The cost tables that several studies on one device share."""

from __future__ import annotations

from collections.abc import Hashable

from dsim.search.spec import StudySpec
from dsim.search.table import CostTable


class Tables:
    """Cost tables of studies that differ in their budgets alone: what one has read and priced, the next does not again.

    What designs score is not remembered: 9 of 100 designs come up at several of three budgets, and to look them up took longer.
    """

    def __init__(self) -> None:
        self._by_inputs: dict[Hashable, CostTable] = {}

    def shared(self, spec: StudySpec, fresh: CostTable) -> CostTable:
        """Return the table of an earlier study on the same device for the same networks, or else the fresh one."""
        key = (spec.device, spec.recipe, spec.space.resolution, spec.task, spec.image, spec.limits)
        return self._by_inputs.setdefault(key, fresh)
