"""Run a study in its folder: continue or show what lies there, and write what is found once, whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeVar

from dsim.errors import DsimError, InvalidValueError
from dsim.files import check_folder, make_folder
from dsim.locks import LOCK, sole_writer
from dsim.search.conclude import Found
from dsim.search.differs import differ_in_inputs, differences, remedies
from dsim.search.files import INPUTS, Recorded, read_inputs, write_inputs
from dsim.search.joint_spec import JointSpec
from dsim.search.spec import StudySpec

_CONTINUES = "The same command continues from here."
_WAIT, _SHARE = "wait for its end", ", or give a --storage to all, which share the work then"
_Result = TypeVar("_Result")


def check_place(spec: StudySpec | JointSpec, read: Callable[[], object | None]) -> None:
    """Refuse a folder that cannot be written or holds a study of this name with other inputs, before a model is learned for it.

    A folder whose study is finished need not be written: it is only shown again.

    Parameters
    ----------
    read
        Reads the result in the folder, or returns None where there is none or it was not finished.

    Raises
    ------
    InvalidValueError
        It holds another study.
    FileAccessError, FileFormatError
        It cannot be written, or a file of the study cannot be read or is damaged.
    """
    known = read_inputs(spec.folder)
    if known is not None and differ_in_inputs(known.inputs, spec.inputs()):
        raise _other(spec, known, known.models)
    if known is None or read() is None:
        check_folder(spec.folder, "choose another place with --out")


def keep_study(
    spec: StudySpec | JointSpec,
    mark: str,
    models: dict[str, str],
    searched: Callable[[], Found],
    concluded: Callable[[Found], _Result],
    read: Callable[[], _Result | None],
    write: Callable[[_Result], None],
) -> _Result:
    """Search and write the result into the study's folder, or return what is finished there.

    A process that searches alone keeps others out of the folder; of workers that share a storage, whoever is first writes the
    result, and the others read it.

    Parameters
    ----------
    mark, models
        Fingerprint of the inputs, and content hashes of the models.
    searched, concluded
        Search, and make the result of what was found.
    read, write
        Read the result in the folder, or None where there is none or it was not finished; and write one.

    Raises
    ------
    InvalidValueError
        The folder holds a study of this name with other inputs.
    UnavailableError
        Another process works on it, and they share no storage.
    FileAccessError
        The folder cannot be written.
    """
    known = read_inputs(spec.folder)
    if known is not None and known.fingerprint != mark:
        raise _other(spec, known, models)
    finished = read() if known else None
    if finished:
        return finished
    made = [place for place in (spec.folder, *spec.folder.parents) if not place.exists()]
    make_folder(spec.folder)
    with ExitStack() as held:
        held.enter_context(_continues())
        if not spec.storage:
            share = _SHARE if isinstance(spec, StudySpec) else ""  # studies of one device alone
            held.enter_context(sole_writer(spec.folder, _WAIT + share))
        write_inputs(spec, mark, models)
        try:
            found = searched()
        except DsimError:
            if known is None:  # a study that could not begin leaves nothing behind
                (spec.folder / INPUTS).unlink(missing_ok=True)
                with suppress(OSError):  # what holds something else stays
                    (spec.folder / LOCK).unlink(missing_ok=True)
                    for place in made:
                        place.rmdir()
            raise
        if spec.storage:
            held.enter_context(sole_writer(spec.folder, wait=True))
            finished = read()
        if finished and found.cost.is_final:
            return finished
        result = concluded(found)
        if not finished:
            write(result)
    return result


@contextmanager
def _continues() -> Iterator[None]:
    """Have Ctrl-C say that what is kept is gone on with; it may come while searches of single devices do the same."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if _CONTINUES not in getattr(stop, "__notes__", ()):
            stop.add_note(_CONTINUES)
        raise


def _other(spec: StudySpec | JointSpec, known: Recorded, models: dict[str, str]) -> InvalidValueError:
    """Return the error of a folder whose study was asked something else."""
    differ = differences(known.inputs, spec.inputs(), (known.models, models))
    return InvalidValueError(
        f"{spec.folder / INPUTS} must hold the inputs that are asked for, and differs in {differ}; "
        f"{remedies(known.inputs, spec.inputs())}, or remove the folder"
    )
