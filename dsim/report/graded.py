"""The tables of graded contrasts: what one exchange did on a stack, with its grade and the context that it was seen in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsim.device.graded import KINDS, Grade, GradedContrast
from dsim.device.profile import Contrast, DeviceProfile
from dsim.device.tells import Scope, Seen, own_grade
from dsim.report.table import TableData, table

COLUMNS = ("grade", "exchanged", "seen in", "time")
NEAR = ("grade", "exchanged", "seen through", "time")
NOTE = (
    f"Grades: {'; '.join(f'{one}, {one.words}' for one in Grade)}. Only A tells what an exchange does, and only in its own context: "
    "no such figure is added to another network."
)
MOST_CONTEXTS = 2


def graded_tables(seen: Sequence[Seen], profile: DeviceProfile) -> tuple[TableData, ...]:
    """Return the tables of a profile: contrasts of this stack, its own among them, then those of its chip in brief."""
    here = [one.contrast for one in seen if one.scope is Scope.STACK]
    near = [one.contrast for one in seen if one.scope is Scope.CHIP]
    tables = (
        (
            "What one exchange did on this stack",
            COLUMNS,
            (*exchange_rows(here), *_own_rows(profile.contrasts)),
        ),
        ("Seen on this chip through another runtime, or at another precision", NEAR, _brief(near)),
    )
    found = [(title, columns, rows) for title, columns, rows in tables if rows]
    return tuple(
        table(title, columns, rows, note=NOTE if n == len(found) else "")
        for n, (title, columns, rows) in enumerate(found, 1)
    )


def _brief(contrasts: Iterable[GradedContrast]) -> tuple[tuple[str, ...], ...]:
    """Return a row for each kind of exchange."""
    alike: dict[tuple[str, ...], list[GradedContrast]] = {}
    for one in contrasts:
        alike.setdefault((str(one.grade), one.kind, f"{one.runtime}, {one.device}"), []).append(one)
    return tuple(
        (grade, f"{kind}: {KINDS[kind]}", where, _times(of, of[0].measures))
        for (grade, kind, where), of in sorted(alike.items())
    )


def exchange_rows(contrasts: Iterable[GradedContrast]) -> tuple[tuple[str, ...], ...]:
    """Return a row for each exchange; several contexts of one exchange share it."""
    alike: dict[tuple[str, ...], list[GradedContrast]] = {}
    for one in contrasts:
        # lengths differ from contrast to contrast, and are one sort of exchange
        what = "a length that is aligned to one that is not" if one.kind == "alignment" else _exchange(one)
        alike.setdefault((str(one.grade), one.kind, what, one.runtime, one.version, one.measures), []).append(
            one
        )
    return tuple(
        (grade, f"{kind}: {what}", f"{_contexts(of)}; {runtime} {version}", _times(of, measures))
        for (grade, kind, what, runtime, version, measures), of in alike.items()
    )


def _exchange(one: GradedContrast) -> str:
    return f"{one.before} to {one.after}"


def _contexts(of: Sequence[GradedContrast]) -> str:
    return _first(f"{one.network} ({one.context})" if one.context else one.network for one in of)


def _first(names: Iterable[str]) -> str:
    """Name some, each once, and say how many more there are."""
    once = list(dict.fromkeys(names))
    more = f" and {len(once) - MOST_CONTEXTS} more" if len(once) > MOST_CONTEXTS else ""
    return ", ".join(once[:MOST_CONTEXTS]) + more


def _times(of: Sequence[GradedContrast], measures: str) -> str:
    unit = " per image, throughput" if measures == "throughput" else ""
    fell = {"before": "; the first left the accelerator", "after": "; the second left the accelerator"}
    first = of[0]
    left = fell.get(first.fell, "")
    if len(of) == 1:
        return f"{_ms(first.before_ms)} to {_ms(first.after_ms)} ms{unit} ({first.change:+.0%}){left}"
    return f"{_span([one.change for one in of])}{unit}{left}"


def _own_rows(contrasts: Iterable[Contrast]) -> tuple[tuple[str, ...], ...]:
    alike: dict[tuple[str, str, str], list[Contrast]] = {}
    for one in contrasts:
        graded = str(own_grade(one.graph_a, one.graph_b))
        alike.setdefault((graded, one.choice, one.source), []).append(one)
    rows = []
    for (grade, choice, source), of in alike.items():
        shown = _first(one.what.split(";")[0] for one in of)
        first, changes = of[0], [one.b_ms / one.a_ms - 1.0 for one in of]
        time = (
            f"{_ms(first.a_ms)} to {_ms(first.b_ms)} ms ({changes[0]:+.0%})"
            if len(of) == 1
            else _span(changes)
        )
        kind, _, what = choice.partition(":")
        rows.append((grade, f"{kind}: {what.replace('>', ' to ')}", f"{shown}; {source}", time))
    return tuple(sorted(rows))


def _span(changes: Sequence[float]) -> str:
    return f"{min(changes):+.0%} to {max(changes):+.0%} in {len(changes)} contrasts"


def _ms(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
