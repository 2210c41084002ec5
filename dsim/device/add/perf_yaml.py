"""Qualcomm AI Hub's perf.yaml: both layouts, the one in milliseconds by precision and the older one in microseconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dsim.device.add.aihub_names import aihub_graph
from dsim.device.add.found import Found, FoundNetwork, milliseconds
from dsim.device.add.wanted import Wanted
from dsim.errors import FileFormatError

SOURCE = "Qualcomm AI Hub Models, perf.yaml"
FAILED_MS = 4000.0
DEVICE, RUNTIME, PRECISION = "device", "runtime", "precision"


@dataclass(frozen=True, slots=True)
class _Timing:
    network: str
    device: str
    runtime: str
    precision: str
    latency_ms: float
    layers_npu: int | None
    layers_other: int | None

    @property
    def cliff(self) -> str:
        """See `cliff_of`."""
        return cliff_of(self.latency_ms, self.layers_npu, self.layers_other)


def cliff_of(latency_ms: float, layers_npu: int | None, layers_other: int | None) -> str:
    """Say how a network left the NPU; empty where it did not, or never was on it."""
    if latency_ms > FAILED_MS:
        return f"counts as a failure there: above {FAILED_MS:.0f} ms"
    if not layers_npu or not layers_other:
        return ""
    return f"{layers_other} of {layers_npu + layers_other} layers left the NPU"


def read_perf_yaml(
    path: Path, text: str, wanted: Wanted, names: Mapping[str, str], alone: bool = True
) -> Found:
    """Read a perf.yaml; a network that dsim has no graph of is noted and left out.

    Parameters
    ----------
    path, text
        The file.
    wanted
        Which device, runtime and precision is meant.
    names
        What to look a network up under, by AI Hub's name, where the user says so.
    alone
        False where other files stand beside it: one without the wanted figures is then noted and left out.

    Raises
    ------
    FileFormatError
        It is not such a file, or holds several devices, runtimes or precisions and none was chosen.
    """
    try:
        raw = yaml.load(text, Loader=_Plain)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FileFormatError(
            f"{path}: must be YAML: {str(error).splitlines()[0][:160]}; download it again"
        ) from error
    figures = list(_figures(raw, str(path)))
    if not figures:
        raise FileFormatError(
            f"{path}: must hold performance_metrics with an inference time, got none; is it a perf.yaml?"
        )
    for name in (DEVICE, RUNTIME, PRECISION):
        asked = getattr(wanted, name)
        known = sorted({getattr(figure, name) for figure in figures})
        if asked and asked not in known and not alone:
            return Found(
                notes=(f"{path} is left out: has no {name} {asked!r}, it has {', '.join(known)[:200]}",)
            )
        if asked and asked not in known:
            raise FileFormatError(f"{path}: has no {name} {asked!r}; it has {', '.join(known)[:400]}")
        if not asked and len(known) > 1:
            raise FileFormatError(
                f"{path}: holds several {name}s; choose with --{name}: {', '.join(known)[:400]}"
            )
        figures = [figure for figure in figures if not asked or getattr(figure, name) == asked]
    networks, notes = [], []
    for one in figures:
        graph = "" if one.network in names else aihub_graph(one.network)
        if not graph and one.network not in names:
            notes.append(
                f"{path}: {one.network!r} is left out, dsim has no graph of that name; --map {_quoted(one.network)}=GRAPH names one"
            )
            continue
        where = f"{path}, {one.network}"
        networks.append(
            FoundNetwork(
                where,
                one.network,
                one.latency_ms,
                SOURCE,
                one.layers_npu,
                one.layers_other,
                cliff=one.cliff,
                graph=graph,
            )
        )
    return Found(tuple(networks), notes=tuple(notes))


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


class _Plain(yaml.SafeLoader):
    """YAML without references: a few of them can unfold into gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("references (*name) are not allowed in a perf.yaml")
        return super().compose_node(parent, index)


def _figures(raw: object, where: str) -> Iterator[_Timing]:
    """Go through both layouts; what has no time (a failed job) is left out."""
    for precision, block in _items(_get(raw, "precisions")):
        for network, component in _items(_get(block, "components")):
            for device, runtimes in _items(_get(component, "performance_metrics")):
                for runtime, metrics in _items(runtimes):
                    yield from _figure(
                        network,
                        device,
                        runtime,
                        precision,
                        metrics,
                        "inference_time_milliseconds",
                        "ms",
                        where,
                    )
    models = _get(raw, "models")
    for model in models if isinstance(models, list) else ():
        measured = _get(model, "performance_metrics")
        for entry in measured if isinstance(measured, list) else ():
            device = str(_get(_get(entry, "reference_device_info"), "name") or "unnamed device")
            for runtime, metrics in _items(entry):
                precision = str(_get(metrics, "precision") or "unstated")
                yield from _figure(
                    str(_get(model, "name")),
                    device,
                    runtime,
                    precision,
                    metrics,
                    "inference_time",
                    "us",
                    where,
                )


def _figure(
    network: str, device: str, runtime: str, precision: str, metrics: object, key: str, unit: str, where: str
) -> Iterator[_Timing]:
    value = _get(metrics, key)
    if value is None or value == "null":
        return
    layers = _get(metrics, "layer_counts") or _get(metrics, "layer_info") or {}
    npu, total = (_layers(layers, *names) for names in (("npu", "layers_on_npu"), ("total", "total_layers")))
    if npu is None and total is not None:
        npu = 0  # units without a layer are not listed
    other = None if npu is None or total is None else max(total - npu, 0)
    place = f"{where}, {network} on {device}, {runtime}"
    yield _Timing(network, device, runtime, precision, milliseconds(value, unit, place), npu, other)


def _layers(layers: object, *names: str) -> int | None:
    found = next((value for name in names if (value := _get(layers, name)) is not None), None)
    return found if type(found) is int and 0 <= found < 10**6 else None


def _get(raw: object, key: str) -> Any:
    return raw.get(key) if isinstance(raw, dict) else None


def _items(raw: object) -> Iterator[tuple[str, Any]]:
    for key, value in raw.items() if isinstance(raw, dict) else ():
        yield str(key), value
