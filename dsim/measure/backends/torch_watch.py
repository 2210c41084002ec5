"""Time every operator that torch calls, where it is called: a dispatch mode around each, with the shapes it gives.

Importing this imports torch; backends do so when they are asked to run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dsim.measure.backends.aten import aten_op
from dsim.measure.records import RuntimeOp
from dsim.measure.timing import steady_ms

WARM_UP = 2


@dataclass
class Record:
    """The operators of one run, in their order."""

    ops: list[RuntimeOp] = field(default_factory=list)


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's class is untyped
    """Times operators from outside: what runs inside one counts as part of it."""

    def __init__(self, record: Record) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._record = record

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run one operator between two looks at the clock."""
        start = time.perf_counter()
        out = func(*args, **(kwargs or {}))
        latency_ms = (time.perf_counter() - start) * 1e3
        first = out[0] if isinstance(out, tuple | list) else out
        if isinstance(first, torch.Tensor):
            shapes = [tuple(one.shape) for one in _tensors(args)]
            self._record.ops.append(aten_op(func._schema.name, shapes, tuple(first.shape), latency_ms))
        return out


def _tensors(args: Iterable[Any]) -> list[torch.Tensor]:
    return [one for one in args if isinstance(one, torch.Tensor)]


def steady_ops(run: Callable[[Record], object], runs: int) -> tuple[RuntimeOp, ...]:
    """Return the operators of a network in the steadiest of a number of runs.

    Parameters
    ----------
    run
        Runs it once and writes its operators into a record; every run must call the same ones.
    runs
        How often, after WARM_UP runs.
    """
    records: list[Record] = []
    for _ in range(WARM_UP + runs):
        record = Record()
        run(record)
        records.append(record)
    kept = [record.ops for record in records[WARM_UP:]]
    assert len({len(ops) for ops in kept}) <= 1, "a network ran different operators from run to run"
    steady = steady_ms({at: [ops[at].latency_ms for ops in kept] for at in range(len(kept[0]))})
    return tuple(op._replace(latency_ms=steady[at]) for at, op in enumerate(kept[0]))
