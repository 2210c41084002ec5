"""A profile is found by what people call the phone, the chip or its maker."""

from __future__ import annotations

import re

import pytest

from dsim.device import bundled_names, find_profile
from dsim.device.named import profile_named, profiles_like
from dsim.errors import UnknownNameError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("iphone12", "iphone12"),
        ("iPhone 12", "iphone12"),
        ("IPHONE-12", "iphone12"),
        ("iphone_12", "iphone12"),
        ("A14", "iphone12"),
        ("a15", "iphone13"),
        ("iPhone 14 Pro Max", "iphone14-pro-max"),
        ("Galaxy S24 QNN w8a8", "galaxy-s24-qnn-w8a8"),
        ("galaxys24qnnfloat", "galaxy-s24-qnn-float"),
        ("Core i9-10940X", "i9-10940x"),
        ("M5", "m5-ane"),
        ("Hexagon DSP", "pixel4-dsp"),
    ],
)
def test_one_profile_is_meant(text: str, name: str) -> None:
    assert profile_named(text) == name
    assert find_profile(text).name == name


@pytest.mark.parametrize("name", bundled_names())
def test_every_name_means_its_own_profile(name: str) -> None:
    assert profile_named(name) == name
    assert profile_named(name.upper().replace("-", " ")) == name


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("Galaxy S24", "galaxy-s24-"),
        ("Snapdragon 8 Gen 3", "galaxy-s24-"),
        ("RTX 4090", "rtx4090-"),
        ("pixel 4", "pixel4-"),
    ],
)
def test_several_are_listed_with_what_tells_them_apart(text: str, start: str) -> None:
    wanted = {name for name in bundled_names() if name.startswith(start)}
    assert {one.name for one in profiles_like(text)} == wanted
    with pytest.raises(UnknownNameError) as error:
        profile_named(text)
    words = str(error.value)
    assert "\n" not in words
    assert 0 < sum(bool(re.search(rf"\b{name}(?= [(]|,| and|;)", words)) for name in wanted) <= 3
    assert len(words) <= 320
    assert f"`dsim device list '{text}'` shows them" in words


def test_what_tells_them_apart_is_what_differs() -> None:
    with pytest.raises(UnknownNameError, match=r"galaxy-s24-qnn-float \(QNN; float16\)"):
        profile_named("Galaxy S24")


@pytest.mark.parametrize(
    ("maker", "some", "other"),
    [
        ("Qualcomm", "galaxy-s24-qnn-float", "iphone12"),
        ("samsung", "galaxy-s10-gpu-tflite", "pixel4-dsp"),
        ("Apple", "m5-ane", "pixel4-dsp"),
        ("NVIDIA", "rtx4090-eager", "i7-12700h"),
        ("Google", "pixel4-dsp", "galaxy-s23-cpu"),
        ("AMD", "epyc-zen3-litert", "i7-12700h"),
    ],
)
def test_a_maker_names_its_chips_and_phones(maker: str, some: str, other: str) -> None:
    names = {one.name for one in profiles_like(maker)}
    assert some in names
    assert other not in names


def test_a_long_list_is_cut_and_says_so() -> None:
    with pytest.raises(
        UnknownNameError, match=r"names \d+ profiles.* and \d+ more; `dsim device list Qualcomm` shows them"
    ):
        profile_named("Qualcomm")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("iphone21", ("iphone14", "iphone13", "iphone12")),
        ("iphone 15", ("iphone14", "iphone13", "iphone12")),  # not the chip A15
        ("iPhone 8", ("iPhone 7", "iPhone 11 Pro", "iPhone 12")),
        ("galaxy-s24-qnn-flot", ("galaxy-s24-qnn-float",)),
        ("galxy s24", ("Samsung Galaxy S24", "Samsung Galaxy S23", "Samsung Galaxy S25")),
        ("pixel 5", ("Pixel 4", "Pixel 6", "Pixel 3", "Pixel 7", "Pixel 8")),
        ("m1", ("M5", "M6")),
        ("m2", ("M5", "M6")),
        ("RTX 3080", ("RTX 3090", "RTX 4090", "RTX 5090")),
        ("dimensity 9000", ("Galaxy A03s",)),  # whose chip is of the same maker
    ],
)
def test_a_wrong_name_lists_the_closest(text: str, near: tuple[str, ...]) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown device '{text}'; the closest: {', '.join(near)}"):
        find_profile(text)


@pytest.mark.parametrize("text", ["iphone12,i9-10940x", "iphone12, iPhone 13"])
def test_several_where_one_is_asked_for_are_not_called_unknown(text: str) -> None:
    with pytest.raises(
        UnknownNameError, match=f"^one device is asked for here, got '{text}'; name one of the 2.*compare"
    ):
        find_profile(text)


@pytest.mark.parametrize("text", ["toaster", "coral dev board", "beaglebone", "a100", "h200"])
def test_what_is_like_nothing_is_not_given_what_is_not_like_it(text: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown device '{text}', and none is like it.*device plan"):
        find_profile(text)


@pytest.mark.parametrize("text", ["", " ", "--", "iphone", "s2"])
def test_nothing_is_taken_by_chance(text: str) -> None:
    with pytest.raises(UnknownNameError):
        profile_named(text)


def test_a_batch_stays() -> None:
    assert profile_named("iPhone 12@batch1") == "iphone12@batch1"
