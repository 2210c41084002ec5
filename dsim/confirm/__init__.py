"""Confirm a study on the device: which designs to time, and what the times say of its answer."""

from dsim.callable_module import make_callable
from dsim.confirm.answer import Answer, Verdict, restate
from dsim.confirm.belief import Belief
from dsim.confirm.front import Confirmed, Plan, confirm, plan
from dsim.confirm.keep import Kept, keep
from dsim.confirm.pick import pick

__all__ = [
    "Answer",
    "Belief",
    "Confirmed",
    "Kept",
    "Plan",
    "Verdict",
    "confirm",
    "keep",
    "pick",
    "plan",
    "restate",
]

make_callable(__name__, "confirm")
