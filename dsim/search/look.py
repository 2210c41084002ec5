"""Look at a study in a storage from anywhere: how far it is, and what it found so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from optuna.trial import TrialState

from dsim.errors import FileAccessError, InvalidValueError, UnavailableError, unknown_name
from dsim.progress import watched_by
from dsim.search.files import read_spec
from dsim.search.record import INPUTS
from dsim.search.result import StudyResult
from dsim.search.run import run_study
from dsim.search.spec import StudySpec
from dsim.search.storage import connect, disconnect, file_of, storage_errors, without_password
from dsim.search.tables import Tables

_AT_ONCE_S = 1e-9  # a search that takes no longer sweeps nothing, and shows what was swept


@dataclass(frozen=True)
class Look:
    """What a storage holds of a study.

    Attributes
    ----------
    done, open, trials
        Mixes that are swept, that workers are sweeping, and that there will be at most.
    result
        What was found so far, or at the end.
    """

    done: int
    open: int
    trials: int
    result: StudyResult

    @property
    def words(self) -> str:
        """How far it is, in a sentence."""
        if self.result.cost.is_final:
            return f"The search is finished: {self.done:,} combinations of block types were searched."
        now = {0: "none is being searched now", 1: "1 is being searched"}
        return (
            f"{self.done:,} of at most {self.trials:,} combinations of block types are searched, "
            f"{now.get(self.open, f'{self.open:,} are being searched')}."
        )


def look(storage: str, name: str = "") -> Look:
    """Look at a study in a storage, and change nothing of it.

    Parameters
    ----------
    storage
        Address of the storage.
    name
        Name of the study; may be left out where the storage holds one.

    Raises
    ------
    FileAccessError
        The storage cannot be opened, or is a file that does not exist.
    UnknownNameError
        The storage holds no such study.
    InvalidValueError
        It is of another program, or ranks designs on the user's own images.
    UnavailableError
        Nothing is found yet.
    """
    file = file_of(storage)
    if file is not None and not file.exists():  # opening it would make an empty one
        raise FileAccessError(f"{file} must be the storage of a study, and does not exist; check --storage")
    opened = connect(storage)
    where = f"the storage {without_password(storage)}"
    with storage_errors(storage):
        studies = {one.study_name: one for one in opened.get_all_studies()}
        if not name and len(studies) == 1:
            (name,) = studies
        if not name:
            there = f"holds {', '.join(sorted(studies))}" if studies else "is empty"
            raise InvalidValueError(f"a study of the storage must be named, and it {there}; give --name")
        if name not in studies:
            raise unknown_name("study", name, studies)
        number = opened.get_study_id_from_name(name)
        inputs = opened.get_study_user_attrs(number).get(INPUTS)
        states = [trial.state for trial in opened.get_all_trials(number, deepcopy=False)]
        disconnect(opened)
    if not isinstance(inputs, dict):
        raise InvalidValueError(
            f"{where} must hold studies of dsim, and its study {name!r} is of another program; choose another --name"
        )
    spec = read_spec(inputs, name, Path("studies"), f"{where}, study {name!r}")
    if spec.task is not None:
        raise InvalidValueError(
            f"a study that is looked at must need no supernet, and {name!r} ranks designs on your own images; give the command "
            "that began it, which shows it where it is finished"
        )
    done = states.count(TrialState.COMPLETE)
    try:
        with watched_by(None):  # no search of its own is to be told of
            result = _look(replace(spec, storage=storage))
    except InvalidValueError as error:
        if done:
            raise
        raise UnavailableError(
            f"a study must have searched a combination of block types before it can be shown, and {name!r} has only begun; look "
            "again in a while"
        ) from error
    cost = replace(result.cost, capped=False, interrupted=result.cost.capped)
    result = replace(result, cost=cost)
    return Look(done, states.count(TrialState.RUNNING), spec.trials, result)


def _look(spec: StudySpec) -> StudyResult:
    """Return what was found so far; once all is swept, with the last steps of a study, which take a few seconds."""
    tables = Tables()

    def within(time_s: float | None) -> StudyResult:
        return run_study(replace(spec, time_s=time_s), keep=False, shelf=True, tables=tables)

    found = within(_AT_ONCE_S)
    return within(None) if found.cost.capped and found.cost.swept else found
