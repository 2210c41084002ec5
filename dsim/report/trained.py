"""A trained design for people."""

from __future__ import annotations

from pathlib import Path

from dsim.report.console import result_console, show_line
from dsim.supernet.trained_model import Trained


def show_trained(result: Trained, folder: Path) -> None:
    """Print what a trained design reaches, and where it is."""
    console = result_console()
    show_line(
        console,
        "Test accuracy",
        f"{result.accuracy:.1f}% ({result.low:.1f} to {result.high:.1f}) on {result.test_images:,} images that no step has "
        "seen.",
    )
    taught = f", taught by {result.teacher}" if result.teacher else ""
    show_line(console, "Trained", f"{result.trained}, at {result.px} px, from {result.start}{taught}.")
    words = f"{len(result.classes):,} classes and images of {result.px} px; a latency holds for the size that it was predicted for"
    show_line(console, "Sizes:", f"{words}.")
    show_line(console, "Model", f"{folder}: model.py and weights.safetensors.")
    show_line(console, "Next:", f"load them as {folder / 'README.md'} shows.")
