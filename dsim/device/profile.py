"""What a device profile holds, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsim.errors import InvalidValueError
from dsim.op import Op
from dsim.summaries import Summarised, Summary

# Empty for a figure to learn from. The others are held out for good: a plain draw from the search space, a design that a
# search on this very profile chose, and one that a search on another profile chose
LEARN, CHECK, SEARCHED, FOREIGN = "", "check", "searched", "foreign"
ROLES = (LEARN, CHECK, SEARCHED, FOREIGN)
# what a measurement may tell beside its latency, each a field of `Measurement`
BESIDE = ("p95_ms", "sustained_ms", "sustained_s", "load_ms", "energy_mj")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured network.

    Attributes
    ----------
    network
        The name that the source uses.
    graph
        Key of the network's graph (``name@resolution``), empty where no graph is known.
    resolution
        Input side in pixels, None where the source does not say.
    latency_ms
        Milliseconds of one run of ``batch`` images; of one image in a throughput profile.
    error_ms
        Reading error of a figure read off a plot, else None.
    model, protocol, lab, source, table
        Phone model, how it was timed, who timed it, and where the figure stands.
    top1, params_m, macs_g
        What the source says of the network, None where it does not.
    repeats
        Why this figure repeats another one; empty where it counts.
    cliff
        Evidence that the network left the accelerator in this measurement; empty where there is none.
    licence
        Terms of the figure.
    layers_npu, layers_other
        How many layers ran on the neural accelerator and off it, None where the source does not say.
    role
        One of ROLES: what the figure is for.
    budget_ms
        Of a design that a search chose: the budget that it had to hold.
    batch
        Images in one run, None where only the profile as a whole says it.
    rounded_to_ms
        Step that the source rounded the figure to (1 for whole milliseconds), None where it did not round.
    drift
        How many times as long as usual everything took on that machine at that moment, where ``latency_ms`` has it divided
        out; None where nobody looked.
    p95_ms
        95th percentile of the runs.
    sustained_ms, sustained_s
        Milliseconds of a run at the end of so many seconds of runs without a pause.
    load_ms
        From the network's file to its first answer.
    energy_mj
        Millijoules of one run.
    """

    network: str
    graph: str
    resolution: int | None
    latency_ms: float
    error_ms: float | None
    model: str
    protocol: str
    lab: str
    source: str
    table: str
    top1: float | None
    params_m: float | None
    macs_g: float | None
    repeats: str
    cliff: str
    licence: str
    layers_npu: int | None = None
    layers_other: int | None = None
    role: str = ""
    budget_ms: float | None = None
    batch: int | None = None
    rounded_to_ms: float | None = None
    drift: float | None = None
    p95_ms: float | None = None
    sustained_ms: float | None = None
    sustained_s: float | None = None
    load_ms: float | None = None
    energy_mj: float | None = None

    @property
    def counts(self) -> bool:
        """True for a figure to learn from: it repeats no other figure, and is not held out for good."""
        return not self.repeats and not self.role


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two networks that differ in one thing, timed on one phone by one laboratory.

    ``choice`` reads ``kind:from>to``; ``graph_a`` and ``graph_b`` are empty where the networks cannot be built. ``low_ms``
    and ``high_ms`` are the ends of the 90% interval of ``b_ms - a_ms`` where it was timed for that, else None.

    Raises
    ------
    InvalidValueError
        The interval is half given, or its ends are in the wrong order.
    """

    choice: str
    what: str
    graph_a: str
    graph_b: str
    a_ms: float
    b_ms: float
    error_ms: float
    model: str
    protocol: str
    lab: str
    source: str
    table: str
    low_ms: float | None = None
    high_ms: float | None = None

    def __post_init__(self) -> None:
        if (self.low_ms is None) != (self.high_ms is None):
            raise InvalidValueError(
                f"low_ms and high_ms must both be given or both be empty, got {self.low_ms} and {self.high_ms}; "
                "give the ends of the interval"
            )
        if self.low_ms is not None and self.high_ms is not None and self.low_ms > self.high_ms:
            raise InvalidValueError(
                f"low_ms must not exceed high_ms, got {self.low_ms} and {self.high_ms}; swap them"
            )

    @property
    def stand_in(self) -> bool:
        """True where the networks' layers are unpublished and the graphs are only of the same size."""
        return self.graph_a.startswith("probe30")


@dataclass(frozen=True, slots=True)
class MeasuredOp:
    """One measured kernel.

    Attributes
    ----------
    op
        The kernel: kind, attributes, shapes, fused activation.
    latency_ms
        Milliseconds of one run of it.
    count
        How many measurements the figure stands for.
    network, position
        Key of the network that it ran in and its place there; empty and 0 for a kernel timed alone.
    how
        ``in situ`` inside a network, ``slope`` over chains of it, ``dispatch`` alone with its launch, or ``attributed``.
    source, licence
        Where the figure stands, and its terms.
    batch
        Images in the run that it was timed in, None where only the profile as a whole says it.
    """

    op: Op
    latency_ms: float
    count: int
    network: str
    position: int
    how: str
    source: str
    licence: str
    batch: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class DeviceProfile(Summarised):
    """One device, compute unit, runtime and precision, with the evidence for it.

    Attributes
    ----------
    name, title, soc, compute_unit, runtime, precision
        What it is.
    chip
        Names the chip: profiles that share it differ in their stack alone.
    layout, batch_stated, threads
        The rest of the stack, in words; ``unstated`` where the source does not say.
    measures
        ``latency`` of one run, or ``throughput``: milliseconds per image of a large batch.
    batches
        Images in one run, of everything that was measured; in ascending order.
    batch
        Images in the run that a latency is of; 1 for throughput, whose milliseconds are of one image.
    group
        Under which heading lists show it.
    method
        How it is learned: ``roofline``, ``fine``, ``operators``, ``adapted`` or ``few-shot``.
    donor
        Profile that it starts from; empty where it starts from nominal rates.
    pool
        Profiles of one pool are learned together.
    passes
        Names of the graph passes that its runtime does, in order.
    reference_protocol, reference_model, reference_stated
        The protocol that estimates speak of, on which phone, in words.
    low_px, high_px
        Resolutions between which networks were measured; outside an estimate is extrapolated.
    models, protocols
        Phone model to chip; protocol id to its description.
    licence
        Terms of the evidence.
    networks, contrasts
        The evidence.
    folder
        Where it was read from.
    fixed_ms
        Milliseconds of a run that no operator carries; None where they are learned.
    rough
        Why its profile.toml calls predictions rough; empty elsewhere. `dsim.device.rough.why` also asks its card.
    """

    name: str
    title: str
    soc: str
    compute_unit: str
    runtime: str
    precision: str
    pool: str
    passes: tuple[str, ...]
    reference_protocol: str
    reference_model: str
    reference_stated: str
    low_px: int
    high_px: int
    models: Mapping[str, str]
    protocols: Mapping[str, str]
    licence: str
    networks: tuple[Measurement, ...]
    contrasts: tuple[Contrast, ...]
    folder: Path
    chip: str
    layout: str
    batch_stated: str
    threads: str
    measures: str
    group: str
    method: str
    donor: str = ""
    ops: tuple[MeasuredOp, ...] = ()
    batches: tuple[int, ...] = (1,)
    batch: int = 1
    rough: str = ""
    fixed_ms: float | None = None

    def summary(self) -> Summary:
        """Return what it is and how much evidence it holds."""
        rows = [
            ("chip", f"{self.chip}, {self.compute_unit}"),
            ("stack", f"{self.runtime}; {self.precision}; {self.layout}"),
            ("measures", f"{self.measures}, {self.reference_stated or self.reference_protocol}"),
            (
                "evidence",
                f"{len(self.networks)} networks, {len(self.ops)} operators, {len(self.contrasts)} contrasts",
            ),
            ("resolutions", f"{self.low_px} to {self.high_px} px"),
            ("learned", self.method + (f", from {self.donor}" if self.donor else "")),
            *((("rough", self.rough),) if self.rough else ()),
        ]
        return Summary(f"Device profile {self.name}: {self.title}", tuple(rows))

    def is_reference(self, row: Measurement) -> bool:
        """Tell whether a figure was timed in the reference protocol on the reference phone's chip."""
        chip = self.models[self.reference_model]
        return row.protocol == self.reference_protocol and self.models[row.model] == chip

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source named, in alphabetical order."""
        named = {row.source for row in self.networks} | {row.source for row in self.contrasts}
        return tuple(sorted(named | {row.source for row in self.ops}))
