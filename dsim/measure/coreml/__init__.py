"""Measuring on iPhones and Macs: a bundle is written on any system, timed on a Mac, and read back on any system."""

from dsim.measure.coreml.bundle import Bundle, write_bundle
from dsim.measure.coreml.fill import Progress

__all__ = ["Bundle", "Progress", "write_bundle"]
