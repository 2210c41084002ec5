"""What may be said of a difference, in the two or three words that tables and charts have room for."""

from __future__ import annotations

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
EXPLAINED = (
    "Significant: the interval does not include zero. Too small: two runs of one laboratory differ by more. "
    "Shared model: both devices are priced by one model, which cannot tell them apart. Price unknown: the measurements of "
    "a device do not say what the change costs there."
)
