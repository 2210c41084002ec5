"""Which mix comes next, and what is remembered of those that came before.

Proposals are made in memory, from the seed and from what was proposed before. A search that goes on makes the same proposals
again and takes what was swept from its record, so that it ends as an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import optuna
from optuna.trial import Trial, TrialState

from dsim.search.grid import sizes_of
from dsim.search.mix import Mix, all_mixes, choices_of, count_combinations, mix_from, parameters
from dsim.search.near import Near
from dsim.search.record import Finished, Record, Swept, complete, damaged, distributions
from dsim.search.space import Space

SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    # no constant liar: mixes that are proposed at the same time must not sway each other
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, constant_liar=False),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=24),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}
GUIDED = "guided"  # even draws, then TPE, then neighbours of the best
EVEN, GUESSED, MOST_GUESSED = (
    0.25,
    0.25,
    120,
)  # parts of the trials that are drawn evenly, and by TPE; the rest are neighbours
MOST_TOLD = 120  # mixes that TPE hears of before its first guess, the last ones: each guess reads anew all that were told
_ENUMERABLE = 20_000  # combinations up to which unseen mixes are listed where guessing finds none
_GUESSES = 2_000


class Trials:
    """Mixes of one study, in the order in which they are swept.

    Parameters
    ----------
    space
        What may vary.
    seeds
        Mixes to begin with.
    seed
        Seed of the sampler.
    trials
        How many mixes there will be.
    record
        Where finished mixes are kept, if the study runs alone.
    sampler
        `GUIDED` or a key of ``SAMPLERS``.
    near
        What knows promising neighbours.
    possible
        Whether a mix holds any design.

    Attributes
    ----------
    done
        Finished mixes in order.
    even
        Places in ``done`` of those that were drawn evenly from all mixes.
    ended
        Whether no mix is left.
    """

    def __init__(
        self,
        space: Space,
        seeds: Sequence[Mix],
        seed: int,
        trials: int,
        record: Record,
        sampler: str,
        near: Near,
        possible: Callable[[Mix], bool],
    ) -> None:
        self._space, self._seed, self._sampler, self._possible = space, seed, sampler, possible
        self._near, self._record = near, record
        self._parameters = parameters(space)
        self._options = distributions(self._parameters)
        self._seeds = [mix for mix in dict.fromkeys(seeds) if possible(mix)]
        even = len(self._seeds) + round(EVEN * trials)
        self._ends = (even, even + min(round(GUESSED * trials), MOST_GUESSED))
        self._first_told = max(0, even - MOST_TOLD)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(direction="maximize")
        self._asked: dict[Mix, Trial] = {}
        self._repeats: dict[Mix, int] = {}
        self._seen: set[Mix] = set()
        self._impossible: set[Mix] = set()
        self._kept: dict[Mix, Finished] = {}
        self.done: list[tuple[Mix, Swept]] = []
        self.even: list[int] = []
        self.ended = False
        self._drawn: set[Mix] = set()
        for finished in record.read():
            try:
                mix = mix_from(space, finished.choices)
            except ValueError as error:  # of no choice that there is
                raise damaged(record.where) from error
            check_points(space, mix, finished.swept, record.where)
            self._kept[mix] = finished

    @property
    def space(self) -> Space:
        """What may vary."""
        return self._space

    def kept(self, mix: Mix) -> Finished | None:
        """Return what the record holds of a mix, or None."""
        return self._kept.get(mix)

    def keep(self, mix: Mix, finished: Finished) -> None:
        """Write a swept mix into the record."""
        self._record.append(finished)
        self._kept[mix] = finished

    def starts(self, mix: Mix) -> tuple[tuple[int, ...], ...]:
        """Return points to begin the sweep of a mix with."""
        return self._near.starts(mix)

    def ask(self, count: int) -> list[Mix]:
        """Return the next mixes, at most so many, and none when all were swept."""
        mixes: list[Mix] = []
        while len(mixes) < count and not self.ended:
            mix = self._next(len(self._seen))
            if mix is None:
                self.ended = True
                break
            self._seen.add(mix)
            mixes.append(mix)
        return mixes

    def _next(self, position: int) -> Mix | None:
        seeds = [mix for mix in self._seeds if mix not in self._seen]
        if seeds:
            return seeds[0]
        entropy = np.random.SeedSequence([self._seed, position])
        if self._sampler != GUIDED:
            return self._guess(self._sampler, entropy)
        if position < self._ends[0]:
            mix = self._unseen(np.random.default_rng(entropy))
            if mix is not None:
                self._drawn.add(mix)
            return mix
        if position < self._ends[1]:
            return self._guess("tpe", entropy)
        return self._near.next(self._seen) or self._unseen(np.random.default_rng(entropy))

    def _guess(self, sampler: str, entropy: np.random.SeedSequence) -> Mix | None:
        one = SAMPLERS[sampler](int(entropy.generate_state(1)[0]))
        if (
            sampler == "tpe"
        ):  # each choice by itself: asking for a trial compares the options of all earlier trials anew
            blank = optuna.trial.create_trial(state=TrialState.RUNNING)
            chosen = {
                name: one.sample_independent(self._study, blank, name, options)
                for name, options in self._options.items()
            }
            mix = mix_from(self._space, chosen)
            if mix not in self._seen and self._may(mix):
                return mix
        else:
            self._study.sampler = one
            trial = self._study.ask(dict(self._options))
            mix = mix_from(self._space, dict(trial.params))
            if mix not in self._seen and self._may(mix):
                self._asked[mix] = trial
                return mix
            self._study.tell(trial, state=TrialState.FAIL)
        fresh = self._unseen(np.random.default_rng(entropy))
        if fresh is not None:
            self._repeats[fresh] = self._repeats.get(fresh, 0) + int(mix in self._seen)
        return fresh

    def _may(self, mix: Mix) -> bool:
        if mix not in self._impossible and not self._possible(mix):
            self._impossible.add(mix)
        return mix not in self._impossible

    def _unseen(self, random: np.random.Generator) -> Mix | None:
        """Draw a mix evenly from those that were not proposed yet."""
        for _ in range(_GUESSES):
            chosen = {name: row[int(random.integers(len(row)))] for name, row in self._parameters.items()}
            mix = mix_from(self._space, chosen)
            # a combination that stands for another mix is no draw: each mix has one that is its own
            own = choices_of(self._space, mix) == {
                name: value if isinstance(value, int) else str(value) for name, value in chosen.items()
            }
            if own and mix not in self._seen and self._may(mix):
                return mix
        if count_combinations(self._space) > _ENUMERABLE:
            return None
        left = [mix for mix in all_mixes(self._space) if mix not in self._seen and self._may(mix)]
        return left[int(random.integers(len(left)))] if left else None

    def tell(self, mix: Mix, swept: Swept, top1_low: float, over_ms: float) -> None:
        """Take a swept mix as done; see `Finished`."""
        swept = replace(swept, repeats=self._repeats.get(mix, 0))
        trial = self._asked.pop(mix, None)
        if self._sampler == GUIDED and not self._first_told <= len(self.done) < self._ends[1]:
            pass  # TPE needs no more
        elif trial is None:
            finished = Finished(choices_of(self._space, mix), swept, top1_low, over_ms)
            self._study.add_trial(complete(finished, self._options))
        else:
            trial.set_constraint("over_ms", over_ms)
            self._study.tell(trial, top1_low)
        if mix in self._drawn:
            self.even.append(len(self.done))
        self._near.learn(mix, swept, top1_low, over_ms)
        self.done.append((mix, swept))


def check_points(space: Space, mix: Mix, swept: Swept, where: str) -> None:
    """Refuse what was kept of a mix if its points lie outside the mix's grid.

    Raises
    ------
    FileFormatError
        They do: what was kept is damaged.
    """
    sizes = sizes_of(space, mix)
    for point in (*swept.points, swept.fastest):
        if len(point) != len(sizes) or not all(0 <= at < size for at, size in zip(point, sizes, strict=True)):
            raise damaged(where)
