"""Refits: a device's model is learned again from families drawn with replacement, and a panel of designs priced by each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from dsim.arch import Arch
from dsim.errors import InvalidValueError
from dsim.latency import load_model
from dsim.latency.model import DeviceModel
from dsim.latency.refit import can_refit, refit
from dsim.latency.reprice import Pieces
from dsim.shift.draws import DeviceDraws, draw_device
from dsim.shift.families import times_drawn
from dsim.shift.panel import Panel
from dsim.shift.spec import ComparisonSpec

LEAST_REFITS, TRIES = 2, 4  # refits that are needed, and draws of families that are looked at for each


def common_draws(seed: int, count: int, devices: Sequence[str]) -> list[int]:
    """Return the numbers of the first draws of families that leave every device enough to learn from."""
    numbers: list[int] = []
    for number in range(TRIES * count):
        if all(can_refit(device, times_drawn(seed, number)) for device in devices):
            numbers.append(number)
        if len(numbers) == count:
            break
    if len(numbers) < LEAST_REFITS:
        raise InvalidValueError(
            f"every device must be learned again at least {LEAST_REFITS} times, got {len(numbers)} of {TRIES * count} draws "
            f"that leave enough for {', '.join(devices)}; compare devices with more families"
        )
    return numbers


def drawn_on(
    spec: ComparisonSpec,
    panel: Panel,
    device: str,
    spread: float,
    numbers: Sequence[int],
    until: float | None = None,
    step: Callable[[str], None] = lambda what: None,
) -> DeviceDraws:
    """Draw a device's milliseconds.

    Parameters
    ----------
    spread
        See `dsim.shift.side.Side`.
    numbers
        Of the draws of families.
    until
        Time of `time.monotonic` after which no refit begins, once there are two; None for no limit.
    step
        Called before each refit.
    """
    model = load_model(device)

    def refits() -> Iterator[DeviceModel]:
        for got, number in enumerate(numbers):
            if got >= LEAST_REFITS and until is not None and time.monotonic() > until:
                return
            step(f"{device}: refit {got + 1} of {len(numbers)}")
            yield refit(device, times_drawn(spec.seed, number))

    return drawn_by(spec, panel, device, spread, model, refits())


def drawn_by(
    spec: ComparisonSpec,
    panel: Panel,
    device: str,
    spread: float,
    model: DeviceModel,
    refits: Iterable[DeviceModel],
) -> DeviceDraws:
    """Draw a device's milliseconds by a model of it, and by models that were learned again."""
    vectors = Pieces(model, panel.graphs).vectors
    return draw_device(device, panel, model, refits, vectors, spread, spec.confidence, spec.seed)


def drawn_elsewhere(
    spec: ComparisonSpec, archs: tuple[Arch, ...], device: str, spread: float, numbers: Sequence[int]
) -> DeviceDraws:
    """Do the same in another process, for the panel of some designs."""
    return drawn_on(spec, Panel(archs), device, spread, numbers)
