"""The Optuna side of a study: which mix comes next, and what is remembered of those that came before."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from dsim.errors import FileFormatError, InvalidValueError
from dsim.search.differs import differences
from dsim.search.mix import Mix, all_mixes, choices_of, count_combinations, mix_from, parameters
from dsim.search.space import Space
from dsim.search.storage import open_storage, storage_errors, without_password

SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    # no constant liar: trials that an interrupted run left behind must not sway the next choice
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, constant_liar=False),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=24),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}
_ENUMERABLE = 20_000  # combinations up to which unseen mixes are listed instead of guessed
_GUESSES = 10_000
_FINGERPRINT, _INPUTS = "dsim_fingerprint", "dsim_inputs"


@dataclass(frozen=True)
class Swept:
    """What is remembered of one mix: plain values, so that any storage can hold them.

    Attributes
    ----------
    points
        Points of its grid that may matter for the result; the best comes first.
    fastest
        The point that needs the smallest budget.
    designs
        Designs that were scored.
    repeats
        Mixes that were proposed again before this one, and replaced.
    """

    points: list[list[int]]
    fastest: list[int]
    designs: int
    repeats: int = 0


class Trials:
    """Mixes of one study, in the order in which they are swept.

    Every choice depends on the seed, on how many mixes are complete and on their results alone; so a study that was
    interrupted goes on as if it had not been.

    Parameters
    ----------
    space
        What may vary.
    seeds
        Mixes to begin with.
    seed
        Seed of the sampler.
    storage
        URL of an Optuna storage, or None to keep trials in memory.
    name
        Name of the study in the storage.
    fingerprint
        Of the study's inputs; a storage that holds the name with another one is refused.
    sampler
        A key of ``SAMPLERS``.
    inputs
        The study's inputs, kept so that an error can say what differs when another study has the same name.

    Raises
    ------
    InvalidValueError
        The storage holds a study of that name with other inputs.
    FileFormatError
        The storage is damaged, or what it holds under that name was not written by dsim.
    FileAccessError
        The storage cannot be opened.
    MissingPackageError
        No driver for such a database is installed.
    """

    def __init__(
        self,
        space: Space,
        seeds: Sequence[Mix],
        seed: int,
        storage: str | None,
        name: str,
        fingerprint: str,
        sampler: str = "tpe",
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        self._space = space
        self._seed = seed
        self._sampler = sampler
        self._storage = storage
        self._parameters = parameters(space)
        self._seeds = list(dict.fromkeys(seeds))
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = open_storage(storage, name)
        with storage_errors(storage):
            self._check_inputs(name, fingerprint, dict(inputs or {}))
            self._clear_leftovers()
            complete = self._study.get_trials(states=(TrialState.COMPLETE,))
        self.done: list[tuple[Mix, Swept]] = [self._restored(trial) for trial in complete]
        self._seen = {mix for mix, _ in self.done}
        self._impossible: set[Mix] = set()
        self._repeats = 0

    def _check_inputs(self, name: str, fingerprint: str, inputs: dict[str, Any]) -> None:
        """Refuse a study of this name that has other inputs; a new one gets these."""
        begun = bool(self._study.get_trials(deepcopy=False))  # read first: another worker may begin it now
        attrs = self._study.user_attrs
        stored = attrs.get(_FINGERPRINT)
        if stored is None:
            if begun:
                raise InvalidValueError(
                    f"the storage must hold studies of dsim, and its study {name!r} is of another program; "
                    "choose another --name"
                )
            self._study.set_user_attr(_INPUTS, inputs)
            self._study.set_user_attr(_FINGERPRINT, fingerprint)
        elif stored != fingerprint:
            here = json.loads(json.dumps(inputs))  # as the storage holds them
            differ = differences(attrs.get(_INPUTS, here), here, ({}, {}))
            raise InvalidValueError(
                f"study {name!r} in the storage must have the inputs that are asked for, and differs in {differ}; "
                "give the same inputs again, or choose another --name"
            )

    def _restored(self, trial: FrozenTrial) -> tuple[Mix, Swept]:
        try:
            return self._mix_of(trial), _swept(trial)
        except (KeyError, ValueError, TypeError) as error:
            where = without_password(self._storage) if self._storage else "memory"
            raise FileFormatError(
                f"the storage {where} is damaged: trial {trial.number} does not hold what dsim writes; "
                "remove the study's folder, or choose another --name"
            ) from error

    def _clear_leftovers(self) -> None:
        """Close the trials that an interrupted run left open, so that they are neither run again nor counted."""
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self._study.tell(trial.number, state=TrialState.FAIL)
        for _ in self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            self._study.tell(self._study.ask(), state=TrialState.FAIL)

    def _mix_of(self, trial: FrozenTrial | Trial) -> Mix:
        return mix_from(self._space, dict(trial.params))

    def ask(self) -> tuple[Trial, Mix] | None:
        """Return the next mix that was not swept yet, or None when all were swept."""
        with storage_errors(self._storage):
            return self._ask()

    def _ask(self) -> tuple[Trial, Mix] | None:
        position = len(self.done)
        seeds = [mix for mix in self._seeds if mix not in self._seen | self._impossible]
        if seeds and position < len(self._seeds):
            return self._propose(seeds[0])
        # reseeded for each mix, so that a resumed study draws what an uninterrupted one would have drawn
        entropy = np.random.SeedSequence([self._seed, position, len(self._impossible)])
        self._study.sampler = SAMPLERS[self._sampler](int(entropy.generate_state(1)[0]))
        trial = self._study.ask()
        mix = self._suggest(trial)
        if mix not in self._seen | self._impossible:
            return trial, mix
        self._study.tell(trial, state=TrialState.FAIL)
        self._repeats += 1
        fresh = self._unseen(np.random.default_rng(entropy))
        return None if fresh is None else self._propose(fresh)

    def _propose(self, mix: Mix) -> tuple[Trial, Mix]:
        self._study.enqueue_trial(choices_of(self._space, mix))
        trial = self._study.ask()
        return trial, self._suggest(trial)

    def _suggest(self, trial: Trial) -> Mix:
        for name, row in self._parameters.items():
            trial.suggest_categorical(name, [v if isinstance(v, int) else str(v) for v in row])
        return self._mix_of(trial)

    def _unseen(self, random: np.random.Generator) -> Mix | None:
        gone = self._seen | self._impossible
        if count_combinations(self._space) <= _ENUMERABLE:
            left = [mix for mix in all_mixes(self._space) if mix not in gone]
            return left[int(random.integers(len(left)))] if left else None
        for _ in range(_GUESSES):
            chosen = {name: row[int(random.integers(len(row)))] for name, row in self._parameters.items()}
            mix = mix_from(self._space, chosen)
            if mix not in gone:
                return mix
        return None

    def reject(self, trial: Trial, mix: Mix) -> None:
        """Record that a mix holds no design at all."""
        with storage_errors(self._storage):
            self._study.tell(trial, state=TrialState.FAIL)
        self._impossible.add(mix)

    def tell(self, trial: Trial, mix: Mix, swept: Swept, top1_low: float, over_ms: float) -> None:
        """Record a swept mix.

        Parameters
        ----------
        top1_low
            Pessimistic top-1 in percent of its best design.
        over_ms
            By how much that design needs more than the budget, in milliseconds; at most 0 if it fits.
        """
        record = Swept(swept.points, swept.fastest, swept.designs, self._repeats)
        with storage_errors(self._storage):
            for key, value in vars(record).items():
                trial.set_user_attr(key, value)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                trial.set_constraint("over_ms", over_ms)
            self._study.tell(trial, top1_low)
        self._repeats = 0
        self._seen.add(mix)
        self.done.append((mix, record))


def _swept(trial: FrozenTrial) -> Swept:
    attrs: dict[str, Any] = trial.user_attrs
    return Swept(attrs["points"], attrs["fastest"], attrs["designs"], attrs["repeats"])
