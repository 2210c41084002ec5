"""In which inputs a stored study differs from the one that is asked for, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsim.records import shown
from dsim.search.spec import CHANCE, UPPER_END

_MODELS = {
    "latency": "what dsim knows of the device's latency",
    "accuracy": "what dsim knows of accuracy",
}
_RULES = {CHANCE: "its chance to do so", UPPER_END: "the upper end of its interval"}
_MOST = 60  # characters of one value
_NAMED = 4  # differences that are named; of more, how many


def differences(
    there: Mapping[str, Any], here: Mapping[str, Any], models: tuple[Mapping[str, str], Mapping[str, str]]
) -> str:
    """Say in which inputs a stored study differs from the one that is asked for, with both values.

    Parameters
    ----------
    there, here
        Inputs of the stored study, and those asked for (see `StudySpec.inputs`).
    models
        Content hashes of the models, there and here; both empty where they are not known.

    Returns
    -------
    str
        For example ``seed (0 there, 1 asked)``; says that only the models can differ where the inputs are equal.
    """
    found = [*_inputs(there, here), *_changed(*models)]
    if len(found) > _NAMED:
        found[_NAMED:] = [f"{len(found) - _NAMED} more"]
    return ", ".join(found) or "what dsim knows of the device or of accuracy (changed since then)"


def differ_in_inputs(there: Mapping[str, Any], here: Mapping[str, Any]) -> bool:
    """Whether a stored study was asked something else, whatever the models say now."""
    return any(True for _ in _inputs(there, here))


def remedies(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Say what to do about a stored study that differs; where its models alone do, nobody can give the same inputs again."""
    again = "give the same inputs again, or " if differ_in_inputs(there, here) else ""
    return f"{again}choose another --name"


def _inputs(there: Mapping[str, Any], here: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key in dict.fromkeys([*here, *there]):
        a, b = there.get(key), here.get(key)
        if key == "fits_by":
            a, b = (_RULES.get(str(one or UPPER_END), str(one)) for one in (a, b))
            if a != b:
                yield f"the rule by which a design fits the budget (by {a} there, by {b} asked)"
            continue
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from _inputs(a, b, f"{prefix}{key}.")
        elif a != b:
            yield f"{prefix}{key} ({_shown(key, there)} there, {_shown(key, here)} asked)"


def _shown(key: str, inputs: Mapping[str, Any]) -> str:
    value = inputs.get(key)
    if key not in inputs:
        return "nothing"
    return value if isinstance(value, str) else shown(value, _MOST)


def _changed(there: Mapping[str, str], here: Mapping[str, str]) -> Iterator[str]:
    for key, words in _MODELS.items():
        if there.get(key) != here.get(key):
            yield f"{words} (changed since then)"
