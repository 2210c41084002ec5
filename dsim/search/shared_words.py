"""What a study in a storage says of itself in words, for whoever opens the storage with `optuna-dashboard`."""

from __future__ import annotations

from dsim.search.candidate import Candidate
from dsim.search.result import StudyResult
from dsim.search.spec import StudySpec


def question_words(spec: StudySpec) -> dict[str, object]:
    """Return what is asked, how it is judged, and what a trial is."""
    return {
        "question": f"{spec.words.best} that fits {spec.budget_ms:g} ms on {spec.device}; {spec.rule}",
        "judged by": spec.words.about(spec.space.resolution),
        "a trial is": "a combination of block types; its value is that of its best design",
    }


def answer_words(result: StudyResult) -> dict[str, object]:
    """Return what was found: the answer, and the front line by line, the smallest need first."""
    nothing = f"nothing fits {result.spec.budget_ms:g} ms"
    return {
        "answer": _line(result.chosen, result.spec) if result.chosen else nothing,
        "front": [_line(one, result.spec) for one in result.front],
    }


def _line(one: Candidate, spec: StudySpec) -> str:
    span = f"{one.latency_ms:.2f} ms ({one.low_ms:.2f} to {one.high_ms:.2f})"
    return f"fits {one.needs_ms:.2f} ms: takes {span}, {spec.words.reached(one)}, {one.params / 1e6:.1f} M parameters"
