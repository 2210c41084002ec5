"""The ways of training, by name."""

from __future__ import annotations

from collections.abc import Callable

from dsim.supernet.elastic import Elastic
from dsim.supernet.gumbel import Gumbel
from dsim.supernet.sandwich import Sandwich
from dsim.supernet.spec import TrainSpec
from dsim.supernet.way import Way

WAYS: dict[str, Callable[[Elastic, TrainSpec, int], Way]] = {"sandwich": Sandwich, "gumbel": Gumbel}
