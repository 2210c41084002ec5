"""Latency: what a network costs on a device, with an interval, from measured networks."""

from dsim.latency.fit import load_model
from dsim.latency.model import LatencyModel
from dsim.latency.records import Evidence, Identified, KernelCost, LatencyArrays, LatencyEstimate

__all__ = [
    "Evidence",
    "Identified",
    "KernelCost",
    "LatencyArrays",
    "LatencyEstimate",
    "LatencyModel",
    "load_model",
]
