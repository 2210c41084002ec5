"""Where the laboratory keeps what it writes."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUDIES = ROOT / "studies"
NOTES = ROOT / "lab" / "notes"
