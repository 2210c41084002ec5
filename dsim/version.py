"""The version of dsim, for whatever must name it without loading the front door."""

__version__ = "0.1.0"
