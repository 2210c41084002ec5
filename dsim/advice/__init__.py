"""What to write differently in a network that exists, on one device: the same function, or another one after retraining."""

from dsim.advice.advise import advise
from dsim.advice.records import Advice, Change, Gain, Rewrite, Verdict, Way, Written

__all__ = ["Advice", "Change", "Gain", "Rewrite", "Verdict", "Way", "Written", "advise"]
