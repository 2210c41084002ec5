"""Sweep the mixes of one study together with other workers, which see the same storage.

Every worker makes the same proposals in the same order, and takes what others swept from the storage. A proposal rests on the
mixes that lie at least a window before it, so that a worker need not wait for the last ones; and the result does not depend
on how many workers there are, who swept what, or who was killed.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dsim.search.clock import Clock
from dsim.search.mix import Mix, choices_of
from dsim.search.record import Finished
from dsim.search.shared import Choices, SharedRecord
from dsim.search.sweep import Starts
from dsim.search.trials import Trials, check_points

PARTS = 30  # at most so many parts of the trials are open at once
FEWEST, MOST = 8, 8  # mixes that are open at once at least, and mixes that one worker sweeps side by side
SHARE = 4  # a worker takes one mix in so many of those that are free, so that the last ones are shared out
SHORTEST_S, LONGEST_S = 0.02, 0.5  # between two looks at what others do


@dataclass(frozen=True)
class Asked:
    """A mix that was proposed, and the points to begin its sweep with as they were known then."""

    mix: Mix
    starts: Starts
    choices: Choices


def sweep_together(
    trials: Trials,
    record: SharedRecord,
    total: int,
    sweep: Callable[[Sequence[Asked]], Sequence[tuple[Finished, str]]],
    clock: Clock,
    told: Callable[[Finished], None],
) -> None:
    """Go on until all mixes are swept, or time is up.

    Parameters
    ----------
    total
        How many mixes there will be.
    sweep
        Sweeps mixes; beside each finished one it says in words what is best there.
    clock
        Of the search.
    told
        Called after each mix, in order.
    """
    window = max(FEWEST, total // PARTS)
    asked: deque[Asked] = deque()
    wait_s = SHORTEST_S
    while len(trials.done) < total:
        for mix in trials.ask(min(window, total - len(trials.done)) - len(asked)):
            asked.append(Asked(mix, trials.starts(mix), choices_of(trials.space, mix)))
        if not asked:
            return
        if finished := record.finished(asked[0].choices):
            check_points(trials.space, asked[0].mix, finished.swept, record.where)
            trials.tell(asked.popleft().mix, finished.swept, finished.top1_low, finished.over_ms)
            told(finished)
            continue
        if clock.is_late():
            return
        record.refresh()
        free = [one for one in asked if record.is_free(one.choices)]
        if free:
            wait_s = SHORTEST_S
            count = min(MOST, max(1, len(free) // SHARE))
            # the next proposals wait for the first mixes; workers begin at different ones, so that few claim the same
            at = count * random.randrange(min(1 + record.workers(), len(free) // count))
            some = free[at : at + count]
            mine = record.claim([one.choices for one in some])
            record.finish(sweep([one for one, keeps in zip(some, mine, strict=True) if keeps]))
        elif record.finished(asked[0].choices) is None:
            record.free_lost()
            time.sleep(wait_s * random.uniform(0.5, 1.5))
            wait_s = min(2 * wait_s, LONGEST_S)
