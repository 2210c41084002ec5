"""A study's inputs are refused one by one, with the rule and the remedy."""

from __future__ import annotations

import pytest

from dsim.errors import InvalidValueError
from dsim.search.joint_spec import JointSpec
from dsim.search.space import Space
from dsim.search.spec import StudySpec, fingerprint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget_ms": 0.0}, "budget must be a positive number"),
        ({"budget_ms": float("nan")}, "budget must be a positive number"),
        ({"confidence": 1.0}, "confidence must lie between 0 and 1"),
        ({"trials": 0}, "trials must be at least 1"),
        ({"time_s": -1.0}, "time must be a positive number"),
        ({"seed": -1}, "seed must lie in"),
        ({"name": "../escape"}, "folder name"),
        ({"name": "a/b"}, "folder name"),
    ],
)
def test_refusals(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        StudySpec(**{"device": "iphone12", "budget_ms": 2.0, **changes})


def test_default_name_is_device_and_budget() -> None:
    assert StudySpec("iphone12", 2.0).name == "iphone12-2ms"
    assert StudySpec("iphone12", 0.75).name == "iphone12-0.75ms"


def test_other_sizes_of_image_are_other_studies() -> None:
    # with one name for both, the second would be refused in the folder of the first
    larger = Space().fixed(resolution=256)
    assert StudySpec("iphone12", 2.0, space=larger).name == "iphone12-2ms-256px"
    assert StudySpec("iphone12", 2.0, space=Space().fixed(resolution=224)).name == "iphone12-2ms"
    both = JointSpec.of({"iphone12": 2.0, "iphone13": 1.0}, space=larger)
    assert both.name == "iphone12-2ms-and-iphone13-1ms-256px"
    assert both.alone("iphone13").name == "iphone13-1ms-256px"


def test_fingerprint_sees_inputs_and_models_but_not_place() -> None:
    a, b = StudySpec("iphone12", 2.0), StudySpec("iphone12", 2.0, name="other", time_s=5.0)
    assert fingerprint(a.inputs(), {"m": "1"}) == fingerprint(b.inputs(), {"m": "1"})
    assert fingerprint(a.inputs(), {"m": "1"}) != fingerprint(a.inputs(), {"m": "2"})
    assert fingerprint(a.inputs(), {}) != fingerprint(StudySpec("iphone12", 2.1).inputs(), {})
