"""Latency learned from measured operators: an ensemble prices kernels, whole networks set scale and fixed time."""
