"""One real profile, fitted once."""

import pytest

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.operators.evidence import OpEvidence, gather_operators
from dsim.latency.operators.learn import fit_operator_model
from dsim.latency.operators.model import OperatorModel


@pytest.fixture(scope="session")
def phone() -> DeviceProfile:
    return find_profile("pixel4-gpu-tflite")


@pytest.fixture(scope="session")
def timed(phone: DeviceProfile) -> OpEvidence:
    return gather_operators(phone)


@pytest.fixture(scope="session")
def model(phone: DeviceProfile) -> OperatorModel:
    return fit_operator_model(phone, (phone,))
