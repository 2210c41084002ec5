"""Find what does not fit in the tree of errors that the converter raises."""

from __future__ import annotations

from cattrs import AttributeValidationNote, BaseValidationError, IterableValidationNote

from dsim.errors import DsimError
from dsim.records.base import Misfit, shown


def first_misfit(error: BaseException) -> tuple[str, Misfit | DsimError | None]:
    """Find the first thing that does not fit in what the converter raised.

    Returns
    -------
    tuple
        Where it is (``stages[1].blocks[0].norm``), and what is wrong there; None for an error of the program itself.
    """
    path, inside = "", isinstance(error, BaseValidationError)
    while isinstance(error, BaseValidationError):
        error = error.exceptions[0]
        for note in getattr(error, "__notes__", ()):
            if isinstance(note, AttributeValidationNote):
                path += f".{note.name}" if path else note.name
            elif isinstance(note, IterableValidationNote):
                path += f"[{note.index if isinstance(note.index, int) else shown(note.index, 60)}]"
    if isinstance(error, Misfit | DsimError):
        return path, error
    if inside and isinstance(error, TypeError | ValueError | ArithmeticError | AttributeError | LookupError):
        return path, Misfit("must be what its record takes", f"the error {shown(str(error))}")
    return path, None
