"""Latency: what a network costs on a device, with an interval, from measured networks and operators."""

from dsim.latency.fit import load_model
from dsim.latency.model import DeviceModel
from dsim.latency.records import Basis, Identified, KernelCost, LatencyArrays, LatencyEstimate

__all__ = [
    "Basis",
    "DeviceModel",
    "Identified",
    "KernelCost",
    "LatencyArrays",
    "LatencyEstimate",
    "load_model",
]
