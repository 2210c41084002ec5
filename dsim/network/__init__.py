"""Networks by whatever name a user has for them, and what they cost on a device."""

from dsim.network.predict import predict
from dsim.network.read import FORMS, read_network

__all__ = ["FORMS", "predict", "read_network"]
