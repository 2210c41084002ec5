"""Measuring on iPhones and Macs: a bundle is written on any system, timed on a Mac, and read back on any system."""

from dsim.measure.coreml.bundle import Bundle, Progress, write_bundle

__all__ = ["Bundle", "Progress", "write_bundle"]
