"""What may be said of a difference, in the two or three words that tables and charts have room for."""

from __future__ import annotations

from collections.abc import Iterable

from dsim.shift import Verdict

WORDS: dict[Verdict, str] = {
    Verdict.ITSELF: "own best",
    Verdict.DIFFERENCE: "significant",
    Verdict.NO_EVIDENCE: "not significant",
    Verdict.TOO_SMALL: "too small",
    Verdict.TOO_FEW: "too few draws",
    Verdict.SHARED: "shared model",
    Verdict.NOT_IDENTIFIED: "price unknown",
    Verdict.NOTHING_FITS: "nothing fits",
    Verdict.IMPOSSIBLE: "not possible alone",
}
_MEANS: dict[Verdict, str] = {
    Verdict.DIFFERENCE: "Significant: the interval does not include zero.",
    Verdict.TOO_SMALL: "Too small: two runs of one laboratory differ by more.",
    Verdict.SHARED: "Shared model: both devices are priced by one model, which cannot tell them apart.",
    Verdict.NOT_IDENTIFIED: "Price unknown: the measurements of a device do not say what the change costs there.",
}
EXPLAINED = " ".join(_MEANS.values())


def explained(verdicts: Iterable[Verdict]) -> str:
    """Say what the words for some verdicts mean, each once; empty where they say it themselves."""
    used = {Verdict.DIFFERENCE if verdict is Verdict.NO_EVIDENCE else verdict for verdict in verdicts}
    return " ".join(words for verdict, words in _MEANS.items() if verdict in used)
