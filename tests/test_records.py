"""Records from plain values: what the declared types allow, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsim.errors import InvalidValueError
from dsim.records import record_from_dict, record_to_dict, shown


@dataclass(frozen=True)
class Sample:
    size: int
    pair: tuple[int, int] = (1, 1)
    shape: tuple[int, ...] | None = None
    nested: tuple[tuple[int, int], ...] = ()
    name: str = ""
    flag: bool = False
    most: int | None = None


INTEGERS = st.integers(-(2**63) + 1, 2**63 - 1)
SAMPLES = st.builds(
    Sample,
    INTEGERS,
    st.tuples(INTEGERS, INTEGERS),
    st.none() | st.lists(INTEGERS).map(tuple),
    st.lists(st.tuples(INTEGERS, INTEGERS)).map(tuple),
    st.text(),
    st.booleans(),
    st.none() | INTEGERS,
)


@given(SAMPLES)
@settings(deadline=None)
def test_a_record_survives_json(sample: Sample) -> None:
    again = record_from_dict(Sample, json.loads(json.dumps(record_to_dict(sample))))
    assert again == sample
    assert [type(getattr(again, f.name)) for f in dataclasses.fields(again)] == [
        type(getattr(sample, f.name)) for f in dataclasses.fields(sample)
    ]


DEEP: Any = 1
for _ in range(5000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "is incomplete"),
        ([], "must be an object"),
        (None, "must be an object"),
        ({"size": True}, "Sample.size must be int, got True"),
        ({"size": 1.0}, "Sample.size must be int, got 1.0"),
        ({"size": "1"}, "Sample.size must be int"),
        ({"size": 2**63}, "Sample.size must be int"),
        ({"size": -(10**6000)}, "Sample.size must be int, got <int too large to show>"),
        ({"size": None}, "Sample.size must be int"),
        ({"size": [1]}, "Sample.size must be int"),
        ({"size": 1, "pair": 1}, "Sample.pair must be tuple"),
        ({"size": 1, "pair": [1, 2, 3]}, "Sample.pair must be tuple"),
        ({"size": 1, "pair": [1, "2"]}, "Sample.pair must be int"),
        ({"size": 1, "shape": [[1]]}, "Sample.shape must be int"),
        ({"size": 1, "shape": 3}, "Sample.shape must be"),
        ({"size": 1, "shape": {}}, "Sample.shape must be"),
        ({"size": 1, "nested": [1]}, "Sample.nested must be tuple"),
        ({"size": 1, "name": 1}, "Sample.name must be str"),
        ({"size": 1, "flag": 1}, "Sample.flag must be bool"),
        ({"size": 1, "most": False}, "Sample.most must be"),
        ({"size": 1, "weight": 1}, "has no field 'weight'; it has: size"),
        ({"size": 1, 5: 1}, "has no field 5"),
        ({"size": DEEP}, "must be int, got <list too large to show>"),
        ({"size": 1, "shape": DEEP}, "must be int"),
        ({"size": 1, "name": 10**6000}, "got <int too large to show>"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_short_message(raw: object, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        record_from_dict(Sample, raw)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_values_are_shown_short() -> None:
    assert shown("a" * 10) == repr("a" * 10)
    assert len(shown("a" * 10**6)) == 120
