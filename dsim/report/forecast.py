"""Words for how long something takes."""

from __future__ import annotations

from dsim.cache import can_keep
from dsim.progress import Work

ENOUGH_S = 1.0  # of work, before its pace tells anything
_EACH_TIME = "each time, for the cache cannot be written; let $DSIM_CACHE name a folder that can"


def about(seconds: float) -> str:
    """Write a time as people say it: ``3 s``, ``2 min``, ``1.5 h``."""
    if seconds < 99.5:
        return f"{max(seconds, 1.0):.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def left(elapsed_s: float, stepped: float, done: float, total: float | None) -> str:
    """Forecast the time left from the pace so far; empty if nothing can be said yet.

    Parameters
    ----------
    elapsed_s, stepped
        Seconds of work, and the steps done in them.
    done, total
        Steps done in all, those of an earlier run included, and steps that there are.
    """
    if total is None or stepped <= 0 or elapsed_s < ENOUGH_S or done >= total:
        return ""
    return f"about {about((total - done) * elapsed_s / stepped)} left"


def headline(work: Work) -> str:
    """Write what begins, about how long it takes, and whether it is done once."""
    parts = []
    if work.seconds is not None:
        parts.append(f"about {about(work.seconds)}")
    elif work.total and work.unit == "s":
        parts.append(f"up to {about(work.total)}")
    elif work.total and work.unit:
        parts.append(f"{work.total:.0f} {work.unit}")
    if work.once:
        parts.append("once, and kept for the next time" if can_keep() else _EACH_TIME)
    text = work.what[:1].upper() + work.what[1:]
    return f"{text}: {', '.join(parts)}" if parts else text
