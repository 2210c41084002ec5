"""Which graded contrasts speak of a stack, and what they tell apart on it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dsim.device.batches import split_name
from dsim.device.fields import read_text
from dsim.device.glance import Glance
from dsim.device.graded import Grade, GradedContrast, packs
from dsim.device.profile import DeviceProfile

UNSTATED = "unstated"
Stack = DeviceProfile | Glance  # a profile, or what it says of itself at a glance


class Scope(StrEnum):
    """How near a contrast was seen."""

    STACK = "this stack"  # chip, unit, runtime and precision
    CHIP = "this chip"  # chip and unit, through another runtime or at another precision
    RUNTIME = "another chip through the same runtime"  # processors alone


@dataclass(frozen=True, slots=True)
class Seen:
    """A contrast, and how near to a stack it was seen."""

    contrast: GradedContrast
    scope: Scope

    @property
    def identifies(self) -> bool:
        """True where it tells what the exchange does on the stack: grade A, and seen on this stack."""
        return self.contrast.identifies and self.scope is Scope.STACK


def contrasts_on(stack: Stack, among: Iterable[GradedContrast] | None = None) -> tuple[Seen, ...]:
    """Return the graded contrasts that were seen on a stack, then those that were seen on its chip and unit in another way.

    Parameters
    ----------
    among
        Contrasts to choose from; by default those that come with dsim.
    """
    found = [
        Seen(one, scope) for one in (packs() if among is None else among) if (scope := _scope(stack, one))
    ]
    return tuple(sorted(found, key=lambda seen: (seen.scope is not Scope.STACK, seen.contrast.grade)))


def contrasts_elsewhere(stack: Stack, among: Iterable[GradedContrast] | None = None) -> tuple[Seen, ...]:
    """Return the graded contrasts that were seen on another processor through the same runtime, of any version.

    They say what the runtime does with a file, and not what that costs on this chip. Accelerators are left out: what they do is up
    to their own compilers.

    Parameters
    ----------
    among
        Contrasts to choose from; by default those that come with dsim.
    """
    if unit_of(stack.compute_unit) != "cpu":
        return ()
    found = [
        Seen(one, Scope.RUNTIME)
        for one in (packs() if among is None else among)
        if one.unit == "cpu"
        and _plain(stack.chip) != _plain(one.chip)
        and _name_of(stack.runtime) == _name_of(one.runtime)
        and stack.measures == one.measures
        and (stack.precision == UNSTATED or _is_float(stack.precision) == _is_float(one.precision))
    ]
    return tuple(sorted(found, key=lambda seen: seen.contrast.grade))


def timed_lengths(one: GradedContrast) -> tuple[int, ...]:
    """Return the numbers of tokens that a contrast of alignment speaks of."""
    return tuple(int(found) for found in re.findall(r"(\d+) tokens", f"{one.before} {one.after}"))


def tells_apart(stack: Stack, among: Iterable[GradedContrast] | None = None) -> tuple[str, ...]:
    """Return what can be told apart on a stack, by grade A alone: ``activation``, ``norm``, ``form``, ``precision`` ...

    Its own contrasts count where two networks or blocks differ in one thing and were timed together; an empty result says
    that nothing but whole networks was measured.
    """
    graded = {seen.contrast.kind for seen in contrasts_on(stack, among) if seen.identifies}
    return tuple(sorted(graded | _own_kinds(stack.folder)))


def _scope(stack: Stack, one: GradedContrast) -> Scope | None:
    if _plain(stack.chip) != _plain(one.chip) or unit_of(stack.compute_unit) != one.unit:
        return None
    same = (
        _plain(stack.runtime).startswith(_plain(one.runtime))
        and stack.measures == one.measures
        and split_name(stack.name)[1] in (None, one.batch)
        and (one.kind == "precision" or _is_float(stack.precision) == _is_float(one.precision))
    )
    return Scope.STACK if same else Scope.CHIP


def _name_of(runtime: str) -> str:
    """Return a runtime's name without its version (``ONNX Runtime 1.32.0, CPU``)."""
    return _plain(re.split(r"[\d,]", runtime, maxsplit=1)[0])


def _plain(words: str) -> str:
    return re.sub(r"[^a-z0-9]", "", words.lower())


def _is_float(precision: str) -> bool:
    return "float" in precision.lower()


def unit_of(compute_unit: str) -> str:
    """Return which sort of unit a profile's words name: ``npu``, ``gpu`` or ``cpu``; empty where they name none."""
    words = compute_unit.lower()
    for unit, pattern in (("npu", r"neural|npu|hexagon|tpu|dsp|drp|hailo"), ("gpu", "gpu"), ("cpu", "cpu")):
        if re.search(pattern, words):
            return unit
    return ""


def _own_kinds(folder: Path) -> set[str]:
    """Return what a profile's own contrasts exchange, where both networks are known to differ in that alone."""
    path = folder / "contrasts.csv"
    if not path.exists():
        return set()
    rows = csv.DictReader(read_text(path).splitlines())
    return {
        own_kind(row["choice"])
        for row in rows
        if own_grade(row.get("graph_a", ""), row.get("graph_b", "")) is Grade.A
    }


def own_grade(graph_a: str, graph_b: str) -> Grade:
    """Return the grade of a profile's own contrast: where a graph is missing, the source names more than one change."""
    return Grade.A if graph_a and graph_b else Grade.C


def own_kind(choice: str) -> str:
    """Return what a profile's own contrast exchanges (``activation:relu>gelu``, ``other:se``)."""
    kind, _, what = choice.partition(":")
    return what.split(" ")[0] if kind == "other" else kind
