"""What workers of one study share: trials of an Optuna storage, one for each mix.

A worker claims a mix by a trial that is open. Of several claims to one mix that with the lowest number counts, and the others
give way before any work. A claim whose worker died is failed by whoever finds it, and the mix is free again: a database hears a
sign of life from each worker (Optuna's heartbeat), and elsewhere a claim that stays open for too long counts as lost.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from threading import Event, Thread
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from dsim.errors import DsimError, InvalidValueError
from dsim.search.record import (
    FINGERPRINT,
    INPUTS,
    OVER,
    Finished,
    check_inputs,
    read_finished,
)
from dsim.search.storage import (
    BEATS,
    SILENT_S,
    disconnect,
    open_storage,
    storage_errors,
    together,
    without_password,
)

_MIX, _WORKER, _SWEPT = "combination", "worker", "swept"
_DESIGN = "best design"
_MARK = 16  # letters of a fingerprint that each claim carries
Choices = Mapping[str, Any]
_Key = tuple[tuple[str, Any], ...]


class SharedRecord:
    """The finished and claimed mixes of one study in an Optuna storage.

    Parameters
    ----------
    url, name
        Of the storage, and of the study in it.
    fingerprint, inputs
        Of the study; one with others is refused.
    silent_s
        After so many seconds without a sign of life, or open where there is none, another worker's claim is lost.

    Raises
    ------
    InvalidValueError
        The storage holds a study of that name with other inputs.
    FileFormatError
        The storage is damaged, or what it holds under that name was not written by dsim.
    FileAccessError
        The storage cannot be opened.
    MissingPackageError
        No driver for such a storage is installed.
    """

    def __init__(
        self,
        url: str,
        name: str,
        fingerprint: str,
        inputs: Mapping[str, Any],
        silent_s: int = SILENT_S,
    ) -> None:
        self._url, self._name, self._silent_s = url, name, silent_s
        self._here = {FINGERPRINT: fingerprint, INPUTS: json.loads(json.dumps(dict(inputs)))}
        self._study, self._storage = open_storage(url, name, silent_s)
        self._worker = f"{socket.gethostname()}, process {os.getpid()}, {secrets.token_hex(3)}"
        self._asked = fingerprint[:_MARK]
        self._finished: dict[_Key, Finished] = {}
        self._settled: set[int] = set()  # numbers of trials that change no more
        self._from = 0  # the lowest number that is none of them
        self._open: dict[_Key, FrozenTrial] = {}  # the claim to each mix that counts
        self._seen: dict[int, float] = {}  # when each of them was first seen
        self._mine: dict[_Key, int] = {}  # storage's number of each claim of this worker
        self._first: tuple[int, str] | None = None  # the lowest trial that says what was asked
        self._times: list[datetime] = []
        self._pulse: _Pulse | None = None
        with self._errors():
            self._id = self._storage.get_study_id_from_name(name)
            self._begin()
        self.refresh()

    @property
    def where(self) -> str:
        """What it is called in errors."""
        return f"the storage {without_password(self._url)}"

    def finished(self, choices: Choices) -> Finished | None:
        """Return what was found in a mix, or None where it is not finished."""
        return self._finished.get(_key(choices))

    def is_free(self, choices: Choices) -> bool:
        """Return whether a mix is neither finished nor claimed, as far as the last refresh tells."""
        return _key(choices) not in self._finished and _key(choices) not in self._open

    def refresh(self) -> None:
        """Read what workers did since the last time.

        Raises
        ------
        InvalidValueError
            A worker with other inputs began the study before this one.
        """
        with self._errors():
            trials = self._trials()
        claims: dict[_Key, FrozenTrial] = {}
        for trial in trials[self._from :]:  # in order of their numbers, and those before are read once
            if trial.number in self._settled:
                continue
            self._check_asked(trial)
            if trial.state.is_finished():
                self._settled.add(trial.number)
            if trial.state is TrialState.COMPLETE:
                found = read_finished(_plain(trial), f"{self.where}, trial {trial.number}")
                self._finished.setdefault(_key(found.choices), found)
                self._times += [at for at in (trial.datetime_start, trial.datetime_complete) if at]
            elif trial.state is TrialState.RUNNING and _MIX in trial.user_attrs:
                claims.setdefault(_key(trial.user_attrs[_MIX]), trial)
        while self._from in self._settled:
            self._from += 1
        self._open = claims
        now = time.monotonic()
        self._seen = {trial.number: self._seen.get(trial.number, now) for trial in claims.values()}

    def claim(self, mixes: Sequence[Choices]) -> list[bool]:
        """Claim mixes, and return which of them are this worker's now."""
        with self._errors():
            for choices in mixes:
                self._mine[_key(choices)] = self._storage.create_new_trial(self._id, self._opened(choices))
        self._start_pulse()
        self.refresh()
        return [self._keeps(_key(choices)) for choices in mixes]

    def finish(self, found: Sequence[tuple[Finished, str]]) -> None:
        """Keep what was found in mixes that this worker claimed, and say in words what is best in each.

        If a claim was taken for lost meanwhile, the mix is another's.
        """
        with self._errors(), together(self._storage):
            for finished, design in found:
                with suppress(UpdateFinishedTrialError):
                    self._complete(self._mine.pop(_key(finished.choices)), finished, design)
        self.refresh()

    def _complete(self, trial: int, finished: Finished, design: str) -> None:
        # makes what Optuna writes for a constraint
        made = optuna.trial.create_trial(value=finished.top1_low, constraints={OVER: finished.over_ms})
        self._storage.set_trial_user_attr(trial, _SWEPT, {_DESIGN: design, **vars(finished.swept)})
        for key, value in made.system_attrs.items():
            self._storage.set_trial_system_attr(trial, key, value)
        self._storage.set_trial_state_values(trial, TrialState.COMPLETE, made.values)

    def _trials(self) -> list[FrozenTrial]:
        while True:
            # of lines that were written together, a journal refuses each one on a lost claim when it is read
            with suppress(UpdateFinishedTrialError):
                return self._storage.get_all_trials(self._id, deepcopy=False)

    def free_lost(self) -> None:
        """Fail the claims of workers that are gone, so that their mixes are free at the next refresh."""
        others = [trial for key, trial in self._open.items() if key not in self._mine]
        now = time.monotonic()
        beat = getattr(self._storage, "record_heartbeat", None)
        with self._errors():
            for trial in others:
                if now - self._seen[trial.number] < self._silent_s / (2 if beat else 1):
                    continue
                number = self._storage.get_trial_id_from_study_id_trial_number(self._id, trial.number)
                if beat is None:
                    self._fail(number)
                else:  # its worker may have died before a first sign of life: from this one on its silence counts
                    beat(number)
                    self._seen[trial.number] = float("inf")
            if beat is not None and others:
                optuna.storages.fail_stale_trials(self._study)

    def seconds(self) -> float | None:
        """Return the time from the first claim to the last finished mix, by the clocks of those who wrote them."""
        return (max(self._times) - min(self._times)).total_seconds() if self._times else None

    def say(self, words: Mapping[str, object]) -> None:
        """Keep words about the study beside it, for whoever looks at the storage."""
        with self._errors():
            for key, value in words.items():
                if self._study.user_attrs.get(key) != value:
                    self._study.set_user_attr(key, value)
            disconnect(self._storage)

    def workers(self) -> int:
        """Return how many workers have a claim open."""
        return len({_worker(trial) for trial in self._open.values()})

    def close(self) -> None:
        """Give back what was claimed and is not finished."""
        if self._pulse:
            self._pulse.stop()
        with suppress(DsimError), self._errors():  # what cannot be given back now is lost, and found to be so
            for number in self._mine.values():
                self._fail(number)
            self._mine.clear()
            disconnect(self._storage)

    def _begin(self) -> None:
        """Say what is asked, in a study that nobody began yet."""
        begun = bool(self._storage.get_n_trials(self._id))  # read first: another worker may begin it now
        attrs = self._study.user_attrs
        if FINGERPRINT not in attrs and begun:
            raise InvalidValueError(
                f"the storage must hold studies of dsim, and its study {self._name!r} is of another program; "
                "choose another --name"
            )
        if FINGERPRINT in attrs:
            check_inputs(attrs, self._here, self._name)
        else:
            self._write_inputs()

    def _check_asked(self, trial: FrozenTrial) -> None:
        """Refuse a study that another asked first: of two that begin it at once, the lowest trial says which it is."""
        asked = dict(trial.user_attrs.get(_WORKER, {})).get("asked")
        if asked is None or (self._first and self._first[0] <= trial.number):
            return
        self._first = (trial.number, str(asked))
        with self._errors():
            there = self._study.user_attrs
        same = there.get(FINGERPRINT) == self._here[FINGERPRINT]
        if asked != self._asked:
            if same:  # this worker wrote over it a moment ago
                raise InvalidValueError(
                    f"study {self._name!r} in the storage was begun with other inputs at the same moment; give the same "
                    "inputs again, or choose another --name"
                )
            check_inputs(there, self._here, self._name)
        elif not same:
            self._write_inputs()

    def _write_inputs(self) -> None:
        with self._errors():
            figure = "rank" if self._here[INPUTS].get("task") else "top-1"
            self._study.set_metric_names([f"{figure} in percent, lower end"])
            self._study.set_user_attr(INPUTS, self._here[INPUTS])
            self._study.set_user_attr(FINGERPRINT, self._here[FINGERPRINT])

    def _opened(self, choices: Choices) -> FrozenTrial:
        # no parameters: a database takes several times as long for one as for all that is here
        return optuna.trial.create_trial(
            state=TrialState.RUNNING,
            user_attrs={
                _MIX: dict(choices),
                _WORKER: {"name": self._worker, "asked": self._asked},
            },
        )

    def _keeps(self, key: _Key) -> bool:
        first = self._open.get(key)
        if first and _worker(first) == self._worker and key not in self._finished:
            return True
        with self._errors():
            self._fail(self._mine.pop(key))
        return False

    def _fail(self, number: int) -> None:
        with suppress(UpdateFinishedTrialError):
            self._storage.set_trial_state_values(number, TrialState.FAIL)

    def _start_pulse(self) -> None:
        """Say from time to time that this worker lives, where the storage can hear it; most claims are done before."""
        beat = getattr(self._storage, "record_heartbeat", None)
        if beat is not None and self._pulse is None:
            self._pulse = _Pulse(beat, self._mine, self._silent_s / BEATS)
            self._pulse.start()

    def _errors(self) -> AbstractContextManager[None]:
        return storage_errors(self._url)


class _Pulse(Thread):
    """Says to a database from time to time that the worker of claims lives."""

    def __init__(self, beat: Any, claims: Mapping[_Key, int], every_s: float) -> None:
        super().__init__(daemon=True)
        self._beat, self._claims, self._every_s, self._over = beat, claims, every_s, Event()

    def run(self) -> None:
        """Go on until stopped; if the database does not answer now, it may the next time."""
        while not self._over.wait(self._every_s):
            for number in list(self._claims.values()):
                with suppress(Exception):
                    self._beat(number)

    def stop(self) -> None:
        """End before the next sign of life."""
        self._over.set()


def _key(choices: Choices) -> _Key:
    return tuple(sorted(choices.items()))


def _worker(trial: FrozenTrial) -> object:
    return dict(trial.user_attrs.get(_WORKER, {})).get("name")


def _plain(trial: FrozenTrial) -> dict[str, Any]:
    """Return a finished trial as `read_finished` takes it; older versions wrote parameters, and a sweep field by field."""
    attrs = trial.user_attrs
    return {
        "choices": attrs.get(_MIX, trial.params),
        "swept": attrs.get(_SWEPT, attrs),
        "top1_low": trial.value,
        "over_ms": trial.constraints.get(OVER, 0.0),
    }
