"""How well the time of an operator is known, in words: one text for the terminal, the page and the documents."""

from __future__ import annotations

EVIDENCE_WORDS = {
    "measured": "this very operator was timed there by itself",
    "attributed": "it ran there inside networks that were timed as a whole; the model shares out their time",
    "interpolated": "its kind ran there in several families of networks, smaller and larger",
    "extrapolated": "its kind ran there in one family only, or never near this size",
    "unsupported": "nothing like it was measured there, so that the total is an incomplete estimate",
}
