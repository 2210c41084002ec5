"""A user's own device: measurements from CSV, Parquet, AI Hub, TFLite's benchmark_model and Core ML bundles become a profile."""

from dsim.device.add.found import Found, FoundNetwork
from dsim.device.add.read import read_measurements
from dsim.device.add.write import Added, Addition, check_free, write_profile

__all__ = ["Added", "Addition", "Found", "FoundNetwork", "check_free", "read_measurements", "write_profile"]
