"""One real profile, fitted once."""

from pathlib import Path

import pytest

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.fit import fit_model
from dsim.latency.methods.operators.evidence import OpEvidence, gather
from dsim.latency.model import DeviceModel


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the fit of this profile's thousands of operators; tests/latency/test_any_processor.py fits small ones."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "model" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def phone() -> DeviceProfile:
    return find_profile("pixel4-gpu-tflite")


@pytest.fixture(scope="session")
def timed(phone: DeviceProfile) -> OpEvidence:
    return gather(phone)


@pytest.fixture(scope="session")
def model(phone: DeviceProfile) -> DeviceModel:
    return fit_model(phone)
