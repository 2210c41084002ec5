"""What to measure first, as it is shown."""

from __future__ import annotations

import pytest

from dsim.latency.methods.few_shot.plan import KINDS, Step
from dsim.report.reference import show_plan


def test_a_row_names_a_few_kinds_of_operators_and_counts_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    kinds = tuple(KINDS.values())[:11]
    steps = [Step(f"net{n}@224", (f"timm:net{n}",), 1e9, 0.5, 0.4, kinds[:n]) for n in (11, 4, 3, 0)]
    show_plan(steps)
    rows = [line for line in capsys.readouterr().out.splitlines() if "@224" in line]
    named = ", ".join(kinds[:3])
    ends = [f"{named} and 8 more", f"{named} and 1 more", named, "-"]
    assert [row.split("49")[-1].strip() for row in rows] == ends  # exp(0.4) - 1 is 49%
