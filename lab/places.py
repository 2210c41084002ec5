"""Where the laboratory reads and writes: the checkout, its studies, its notes, and the pages for users."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ROOT / "studies"
NOTES = ROOT / "lab" / "notes"
DOCS = ROOT / "docs"
