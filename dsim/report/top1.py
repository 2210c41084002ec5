"""Show an accuracy estimate."""

from __future__ import annotations

from dsim.accuracy import REGION, Top1Estimate
from dsim.report.console import result_console, show_line


def show_top1(name: str, answer: Top1Estimate) -> None:
    """Print an estimate with its interval and how far the design is from known ones."""
    console = result_console()
    show_line(
        console,
        f"{name}:",
        f"top-1 {answer.top1:.1f}%, {answer.confidence:.0%} interval {answer.low:.1f} to {answer.high:.1f}%, on ImageNet-1k after "
        f"{answer.recipe}. This is predicted from published results.",
    )
    show_line(console, "Interval:", f"for {answer.question}.")
    far = f"{answer.distance:.2f} from the nearest network with a published result"
    if answer.extrapolated:
        show_line(
            console, "Note:", f"the design is {far}. No such network is like it, so this is an extrapolation."
        )
    else:
        show_line(console, "Distance:", f"{far}; a search stays within {REGION:.2f}.")
