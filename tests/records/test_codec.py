"""Records as plain values, JSON, TOML, rows and npz: nothing is lost, and what does not fit is one clear line."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsim.errors import FileFormatError, InvalidValueError
from dsim.records import (
    HasForm,
    Sparse,
    changed_fields,
    from_json,
    from_npz,
    from_plain,
    from_rows,
    from_toml,
    parse_json,
    shown,
    to_json,
    to_npz,
    to_plain,
    to_rows,
    to_toml,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Place(NamedTuple):
    node: int
    slot: int = 0


@dataclass(frozen=True, slots=True)
class Sample(Sparse):
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
    again = from_json(Sample, to_json(sample))
    assert again == sample
    assert [type(getattr(again, f.name)) for f in dataclasses.fields(again)] == [
        type(getattr(sample, f.name)) for f in dataclasses.fields(sample)
    ]


def test_a_sparse_record_leaves_its_defaults_out() -> None:
    assert to_plain(Sample(3, (1, 1), name="x")) == {"size": 3, "name": "x"}
    assert changed_fields(Sample(3, pair=(2, 1))) == {"size": 3, "pair": (2, 1)}


@dataclass(frozen=True)
class Circle:
    radius: float


@dataclass(frozen=True)
class Square:
    side: float


@dataclass(frozen=True)
class Run:
    """How `Word` is written: the letter and how often it stands there."""

    letter: str
    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InvalidValueError(f"count must be at least 1, got {self.count}; correct it")


@dataclass(frozen=True)
class Word(HasForm):
    text: str

    @classmethod
    def form(cls) -> type[Run]:
        return Run

    def to_form(self) -> Run:
        return Run(self.text[0], len(self.text))

    @classmethod
    def from_form(cls, form: Run) -> Word:
        return cls(form.letter * form.count)


@dataclass(frozen=True)
class Whole:
    colour: Colour
    places: tuple[Place, ...]
    figure: Circle | Square
    either: int | str
    ratio: float
    least: float | None
    links: frozenset[tuple[Colour, Colour]]
    where: Path
    by_colour: Mapping[Colour, tuple[float, ...]]
    free: Mapping[str, Any]
    word: Word
    inner: Sample = Sample(1)


WHOLE = Whole(
    Colour.BLUE,
    (Place(1, 2), Place(-1)),
    Square(2.0),
    "seven",
    2.0,
    None,
    frozenset({(Colour.RED, Colour.BLUE), (Colour.BLUE, Colour.BLUE)}),
    Path("a/b"),
    {Colour.RED: (1.0, 2.5)},
    {"any": [1, {"deep": "x"}]},
    Word("aaa"),
)
PLAIN = {
    "colour": "blue",
    "places": [[1, 2], [-1, 0]],
    "figure": {"record": "Square", "side": 2.0},
    "either": "seven",
    "ratio": 2.0,
    "least": None,
    "links": [["blue", "blue"], ["red", "blue"]],
    "where": "a/b",
    "by_colour": {"red": [1.0, 2.5]},
    "free": {"any": [1, {"deep": "x"}]},
    "word": {"letter": "a", "count": 3},
    "inner": {"size": 1},
}


def test_every_type_is_written_as_the_table_of_hooks_says() -> None:
    assert to_plain(WHOLE) == PLAIN
    assert json.loads(to_json(WHOLE)) == PLAIN
    assert from_plain(Whole, PLAIN) == WHOLE
    assert from_toml(Whole, to_toml(dataclasses.replace(WHOLE, least=1.0))) == dataclasses.replace(
        WHOLE, least=1.0
    )
    assert from_plain(
        Whole, {**PLAIN, "ratio": 2, "either": 7, "figure": {"record": "Circle", "radius": 1}}
    ) == (dataclasses.replace(WHOLE, either=7, figure=Circle(1.0)))


def test_nan_is_null_in_json_and_nan_in_toml() -> None:
    nothing = dataclasses.replace(WHOLE, ratio=math.nan, least=0.5)
    assert to_plain(nothing)["ratio"] is None
    assert math.isnan(from_json(Whole, to_json(nothing)).ratio)
    assert "ratio = nan" in to_toml(nothing)
    assert math.isnan(from_toml(Whole, to_toml(nothing)).ratio)


DEEP: Any = 1
for _ in range(5000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "Sample must have the field size, got none; "),
        ([], "Sample must be an object with size, pair, shape, nested, name, flag, most, got []; "),
        (None, "must be an object"),
        ({"size": True}, "Sample.size must be a whole number, got True; "),
        ({"size": 1.0}, "Sample.size must be a whole number, got 1.0"),
        ({"size": "1"}, "Sample.size must be a whole number"),
        ({"size": 2**63}, "Sample.size must be a whole number below 2^63"),
        ({"size": -(10**6000)}, "Sample.size must be a whole number below 2^63, got <int too large to show>"),
        ({"size": None}, "Sample.size must be a whole number, got None"),
        ({"size": [1]}, "Sample.size must be a whole number"),
        ({"size": math.nan}, "Sample.size must be a whole number, got nan"),
        ({"size": 1, "pair": 1}, "Sample.pair must be a list of 2 items, got 1"),
        ({"size": 1, "pair": "ab"}, "Sample.pair must be a list of 2 items, got 'ab'"),
        ({"size": 1, "pair": [1, 2, 3]}, "Sample.pair must be a list of 2 items, got [1, 2, 3]"),
        ({"size": 1, "pair": [1, "2"]}, "Sample.pair[1] must be a whole number"),
        ({"size": 1, "shape": [[1]]}, "Sample.shape[0] must be a whole number"),
        ({"size": 1, "shape": 3}, "Sample.shape must be a list, got 3"),
        ({"size": 1, "shape": {}}, "Sample.shape must be a list, got {}"),
        ({"size": 1, "nested": [[1, 2], 1]}, "Sample.nested[1] must be a list of 2 items"),
        ({"size": 1, "name": 1}, "Sample.name must be a text"),
        ({"size": 1, "flag": 1}, "Sample.flag must be true or false, got 1"),
        ({"size": 1, "most": False}, "Sample.most must be a whole number, got False"),
        ({"size": 1, "weight": 1}, "must have no fields but size, pair, shape, nested, name, flag, most, got also 'weight'; "),
        ({"size": 1, 5: 1}, "got also 5"),
        ({"size": DEEP}, "must be a whole number, got <list too large to show>"),
        ({"size": 1, "shape": DEEP}, "must be a whole number"),
        ({"size": 1, "name": 10**6000}, "got <int too large to show>"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_a_short_message(raw: object, message: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        from_plain(Sample, raw)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400
    with pytest.raises(FileFormatError) as caught:
        from_plain(Sample, raw, "there.json", "make it anew")
    assert str(caught.value).startswith("there.json")
    assert str(caught.value).endswith("; make it anew")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "green"}, "f: colour must be one of red, blue, got 'green'; correct it"),
        ({"colour": ["red"]}, "f: colour must be one of red, blue, got ['red']"),
        ({"places": [[1, 2], [1]]}, "f: places[1] must be a list of 2 items, got [1]"),
        ({"places": [[1, True]]}, "f: places[0][1] must be a whole number, got True"),
        ({"figure": {"side": 1.0}}, "f: figure must be an object whose 'record' is one of Circle, Square"),
        ({"figure": {"record": "Square", "side": "x"}}, "f: figure.side must be a number, got 'x'"),
        ({"either": 1.5}, "f: either must be a whole number or a text, got 1.5"),
        ({"ratio": 10**400}, "f: ratio must be a number, got 1000"),
        ({"least": "x"}, "f: least must be a number, got 'x'"),
        ({"links": [["red", "green"]]}, "f: links[0][1] must be one of red, blue, got 'green'"),
        ({"by_colour": {"red": [1.0, "x"]}}, "f: by_colour['red'][1] must be a number, got 'x'"),
        ({"by_colour": {"green": []}}, "f: by_colour['green'] must be one of red, blue, got 'green'"),
        ({"by_colour": []}, "f: by_colour must be an object, got []"),
        ({"word": {"letter": "a", "count": 0}}, "f: word: count must be at least 1, got 0; correct it"),
        ({"word": "aaa"}, "f: word must be an object with letter, count, got 'aaa'"),
        ({"inner": {"size": "1"}}, "f: inner.size must be a whole number, got '1'"),
    ],
)
def test_the_message_names_the_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        from_plain(Whole, PLAIN | change, "f")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f must be JSON, and is not (it is empty); correct it"),
        ("{", "f must be JSON, and is not (Expecting"),
        ("[" * 100_000, "f must be JSON, and is not ("),
        ('{"size": ' + "9" * 9000 + "}", "f must be JSON, and is not ("),
        ('{"size": 1, "size": 2}', "f must be JSON, and is not (an object names the key 'size' twice)"),
    ],
)
def test_what_is_not_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        from_json(Sample, text, "f")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["size =", "size = 1\nsize = 2", "size = " + "9" * 9000, "[" * 5000])
def test_what_is_not_toml_is_refused(text: str) -> None:
    with pytest.raises(FileFormatError, match="f must be TOML, and is not ") as caught:
        from_toml(Sample, text, "f")
    assert "\n" not in str(caught.value)


def test_rows_hold_numbers_and_texts_as_such_and_the_rest_as_json() -> None:
    frame = to_rows([WHOLE, dataclasses.replace(WHOLE, least=2.0)], Whole)
    assert frame["ratio"].dtype == pl.Float64
    assert frame["least"].to_list() == [None, 2.0]
    assert frame["colour"].to_list() == ["blue", "blue"]
    assert frame["places"][0] == "[[1,2],[-1,0]]"
    assert from_rows(Whole, frame) == (WHOLE, dataclasses.replace(WHOLE, least=2.0))
    assert to_rows([], Whole).schema == frame.schema


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"places": ["[[1,2]]", "{"]}, "f, row 2, column 'places' must be JSON, and is not"),
        ({"ratio": ["x", "y"]}, "f, row 1: ratio must be a number, got 'x'"),
        ({"colour": [None, "red"]}, "f, row 1: colour must be one of red, blue, got None"),
        ({"more": [1, 2]}, "f, row 1 must have no fields but"),
    ],
)
def test_a_row_that_does_not_fit_is_named(change: dict[str, Any], message: str) -> None:
    frame = to_rows([WHOLE, WHOLE], Whole).with_columns(**{k: pl.Series(v) for k, v in change.items()})
    with pytest.raises(FileFormatError) as caught:
        from_rows(Whole, frame, "f")
    assert str(caught.value).startswith(message)


@dataclass(frozen=True)
class Part:
    values: NDArray[np.float64]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Fitted:
    part: Part
    by_name: Mapping[str, NDArray[np.int64]]
    rows: tuple[Part, ...]
    level: float
    other: Part | None = None


def test_arrays_lie_beside_the_head_in_npz() -> None:
    part = Part(np.array([1.5, -2.0]), ("a", "b"))
    empty = Part(np.zeros((0, 3)), ())
    content = to_npz(Fitted(part, {"x": np.arange(3)}, (part, empty), math.nan))
    with np.load(__import__("io").BytesIO(content), allow_pickle=False) as data:
        assert set(data.files) == {"head", "part.values", "by_name.x", "rows.0.values", "rows.1.values"}
    again = from_npz(Fitted, content)
    assert again.part.values.tolist() == [1.5, -2.0]
    assert again.by_name["x"].tolist() == [0, 1, 2]
    assert again.rows[1].values.shape == (0, 3)
    assert (again.part.names, again.other) == (("a", "b"), None)
    assert math.isnan(again.level)
    assert to_npz(again) == content


def test_an_array_of_another_type_and_a_damaged_file_are_refused() -> None:
    content = to_npz(Part(np.array(["text"]), ()))  # type: ignore[arg-type]
    with pytest.raises(FileFormatError, match="f: values must be an array of float64, got an array of <U4"):
        from_npz(Part, content, "f")
    for damaged in (b"", b"PK", content[: len(content) // 2], b"x" * 200):
        with pytest.raises(FileFormatError, match="f must be an npz file of records, and is not"):
            from_npz(Part, damaged, "f")
    with pytest.raises(FileFormatError, match="must be an array of float64, got"):
        from_plain(Part, {"values": [1.0], "names": []})


def test_an_error_of_the_program_is_not_blamed_on_the_file() -> None:
    @dataclass(frozen=True)
    class Unknown:
        made: complex

    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it is not the file's
        from_plain(Unknown, {"made": 1})
    assert not isinstance(caught.value, FileFormatError)


def test_values_are_shown_short() -> None:
    assert shown("a" * 10) == repr("a" * 10)
    assert len(shown("a" * 10**6)) == 120
    assert parse_json('{"a": [1]}', "f") == {"a": [1]}
