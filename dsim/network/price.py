"""What a network costs on one device or on many: the estimate, beside what exactly was priced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from dsim.device.batches import plain_batches
from dsim.device.form_notes import form_notes
from dsim.device.named import profile_named
from dsim.device.number_bytes import number_bytes
from dsim.device.operator_set import operator_set_notes
from dsim.device.rough import rough_note
from dsim.errors import DsimError, UnsupportedOpError
from dsim.graph.forms import form_of
from dsim.graph.graph import Graph
from dsim.graph.memory import FLOAT32_BYTES, peak_memory_bytes
from dsim.graph.merging import merge_branches
from dsim.graph.passes import run_passes
from dsim.latency import Basis, LatencyEstimate, load_model
from dsim.latency.batch import Asked, ask
from dsim.latency.grouped import grouped_notes
from dsim.network.file_notes import file_notes
from dsim.network.patterns import pattern_notes
from dsim.progress import working

NOTABLE = 0.01  # share of the latency below which merging is not worth a line


@dataclass(frozen=True)
class Merging:
    """What merging a network's parallel branches changes, see `dsim.graph.merging`.

    Attributes
    ----------
    branches, layers, convolutions
        How many branches merge, into how many layers, and how many of these are convolutions.
    merged
        Whether the network was priced merged; the figures below are those of the other form.
    latency_ms, low_ms, high_ms
        What the other form costs, in milliseconds, with the interval.
    params, macs
        Of the other form.
    """

    branches: int
    layers: int
    convolutions: int
    merged: bool
    latency_ms: float
    low_ms: float
    high_ms: float
    params: int
    macs: int

    def says(self, priced_ms: float) -> str:
        """Return it in one line, to show beside the price; empty where the time hardly changes."""
        given, merged = (self.latency_ms, priced_ms) if self.merged else (priced_ms, self.latency_ms)
        layers = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        if self.merged:
            return f"its {self.branches} parallel branches are merged into {layers}; as given it takes {given:.3g} ms"
        if not self.convolutions or abs(given - merged) < NOTABLE * given:
            return ""
        return f"merging its {self.branches} parallel branches into {layers} would change {given:.3g} ms to {merged:.3g} ms (--merge)"


@dataclass(frozen=True)
class Priced:
    """A network's price on a device, what exactly was priced, and what merging its branches changes (None if nothing)."""

    asked: Asked
    estimate: LatencyEstimate
    merging: Merging | None = None

    @property
    def peak_activation_bytes(self) -> int:
        """The most memory that activations take at once in float32, behind the device's fusion passes."""
        return peak_memory_bytes(run_passes(self.asked.graph, self.asked.profile.passes))

    @property
    def device_activation_bytes(self) -> int:
        """The same in the numbers that the device uses, as a study's limit on memory counts it."""
        return self.peak_activation_bytes * self.number_bytes // FLOAT32_BYTES

    @property
    def number_bytes(self) -> int:
        """Bytes of one number of an activation on the device."""
        return number_bytes(self.asked.profile.precision).activation

    def to_dict(self) -> dict[str, Any]:
        """Return the documented keys (docs/predict.md)."""
        profile, graph, answer = self.asked.profile, self.asked.graph, self.estimate
        return {
            "device": profile.name,
            "latency_ms": answer.latency_ms,
            "low_ms": answer.low_ms,
            "high_ms": answer.high_ms,
            "needs_ms": answer.needs_ms,
            "confidence": answer.confidence,
            "question": str(answer.question),
            "error_families": answer.error_families,
            "complete": answer.complete,
            "evidence": answer.shares,
            "p_cliff": answer.p_cliff,
            "params": graph.params,
            "macs": graph.macs,
            "peak_activation_bytes": self.peak_activation_bytes,
            "uncounted": list(graph.uncounted),
            "forms": dict(Counter(str(form) for op in graph.ops if (form := form_of(op)))),
            "ops": [
                {
                    "scope": cost.scope,
                    "kind": cost.kind,
                    "latency_ms": cost.latency_ms,
                    "macs": cost.macs if cost.counted else None,
                    "params": cost.params if cost.counted else None,
                    "evidence": str(cost.evidence),
                }
                for cost in answer.kernels
            ],
            "fixed_ms": answer.fixed_ms,
            "measures": profile.measures,
            "batch": plain_batches(profile),
            "input_batch": self.asked.input_batch,
            "merging": None if self.merging is None else asdict(self.merging),
            "notes": list(answer.notes),
        }


@dataclass(frozen=True)
class DeviceRow:
    """One device's answer, or why there is none."""

    device: str
    priced: Priced | None
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the documented keys (docs/predict.md)."""
        return {"device": self.device, "error": self.error} if self.priced is None else self.priced.to_dict()


def price(
    graph: Graph, device: str, confidence: float = 0.9, *, strict: bool = False, merge: bool = False
) -> Priced:
    """Price a network on a device, at the batch that it takes.

    Parameters
    ----------
    strict
        Refuse a network of which some operator has no price there.
    merge
        Price it with its parallel linear branches merged. It is priced as it is given otherwise, and the answer says
        what merging would change.

    Raises
    ------
    UnknownNameError
        There is no such device.
    BatchError
        The device was not measured at the network's batch.
    UnsupportedOpError
        ``strict``, and some operator has no price there.
    InvalidValueError
        ``confidence`` is out of range.
    """
    asked = ask(profile_named(device), graph)
    model = load_model(asked.profile.name)
    found = merge_branches(asked.graph)
    if found.layers:
        forms = (found.graph, asked.graph) if merge else (asked.graph, found.graph)
        answer, other = (model.estimate(form, confidence) for form in forms)
        figures = (other.latency_ms, other.low_ms, other.high_ms, forms[1].params, forms[1].macs)
        merging = Merging(found.branches, found.layers, found.convolutions, merge, *figures)
        said = merging.says(answer.latency_ms)
    else:
        answer, merging, said = model.estimate(asked.graph, confidence), None, ""
        if merge:
            said = "it has no parallel linear branches to merge: priced as it was given"
    if strict:
        _refuse_without_price(device, answer)
    rough = rough_note(asked.profile)
    notes = (
        *([said] if said else ()),
        *([rough] if rough else ()),
        *pattern_notes(asked.graph, asked.profile),
        *asked.notes,
        *file_notes(graph.file, asked.profile),
        *operator_set_notes(graph, asked.profile),
        *graph.notes,
        *answer.notes,
    )
    notes += form_notes(asked.profile, asked.graph)
    notes += grouped_notes(asked.profile, found.graph if merge else asked.graph)
    if merge:
        asked = replace(asked, graph=found.graph)
    return Priced(asked, replace(answer, notes=notes), merging)


def price_on(
    graph: Graph,
    devices: Sequence[str],
    confidence: float = 0.9,
    *,
    strict: bool = False,
    merge: bool = False,
) -> tuple[DeviceRow, ...]:
    """Estimate one network on several devices; where one fails, its row holds the reason."""
    rows = []
    with working("predicting on devices", total=len(devices), unit="devices") as work:
        for name in devices:
            try:
                rows.append(DeviceRow(name, price(graph, name, confidence, strict=strict, merge=merge)))
            except DsimError as error:
                rows.append(DeviceRow(name, None, str(error)))
            work.step(note=name)
    return tuple(rows)


def _refuse_without_price(device: str, answer: LatencyEstimate) -> None:
    missing = sorted({cost.kind for cost in answer.kernels if cost.evidence is Basis.UNSUPPORTED})
    if missing:
        raise UnsupportedOpError(
            f"with --strict every operator must have a price on {device}, got none for {', '.join(missing)}; "
            "leave out --strict for an incomplete estimate, or choose another device"
        )
