"""What a comparison may be asked, and the one line that refuses the rest."""

from __future__ import annotations

import pytest

from dsim.errors import InvalidValueError, UnknownNameError
from dsim.search.task import Task
from dsim.shift.spec import ComparisonSpec, profiles_of


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"devices": ("iphone12",)}, "2 to 32 devices"),
        ({"devices": ("iphone12", "iphone12")}, "each device once"),
        ({"budgets_ms": {"iphone12": 2.0}}, "none for pixel6-cpu"),
        ({"budgets_ms": {"iphone12": 2.0, "pixel6-cpu": 9.0, "x": 1.0}}, "budgets for x"),
        ({"budgets_ms": {"iphone12": 2.0, "pixel6-cpu": 0.0}}, "positive number of milliseconds"),
        ({"confidence": 1.0}, "confidence"),
        ({"trials": 0}, "trials"),
        ({"refits": 1}, "refits"),
        ({"seeds": -1}, "seeds"),
        ({"time_s": float("inf")}, "time"),
        ({"name": "../elsewhere"}, "folder name"),
        ({"recipe": "epochs=100,px=192"}, "search's space, 224 px, got px=192"),
        ({"recipe": "epochs=100", "task": Task("s", "on shapes", 16, 0, 0)}, "own task"),
    ],
)
def test_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        ComparisonSpec(**{"devices": ("iphone12", "pixel6-cpu"), **values})  # type: ignore[arg-type]


def test_a_recipe_is_an_input_and_the_reference_recipe_leaves_older_marks_as_they_are() -> None:
    devices = ("iphone12", "iphone13")
    assert "recipe" not in ComparisonSpec(devices).inputs()
    asked = ComparisonSpec(devices, recipe="epochs=100,teacher=none").inputs()
    assert asked["recipe"] == "epochs=100,teacher=none,augment=strong,px=224"


def test_throughput_and_latency_never_share_a_matrix() -> None:
    with pytest.raises(InvalidValueError, match=r"throughput: rtx4090-compiled.*compare them apart") as error:
        profiles_of(ComparisonSpec(("iphone12", "rtx4090-compiled")))
    assert "\n" not in str(error.value)


def test_unknown_device() -> None:
    with pytest.raises(UnknownNameError, match="iphone21"):
        profiles_of(ComparisonSpec(("iphone12", "iphone21")))


def test_the_name_is_a_folder_whatever_the_number_of_devices() -> None:
    names = tuple(f"a-device-with-a-long-name-{k}" for k in range(20))
    assert len(ComparisonSpec(names).name) <= 100
