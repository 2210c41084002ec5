"""A space file says what is wrong with it: the file, the key, the rule."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from dsim.errors import FileAccessError, FileFormatError, InvalidValueError
from dsim.records import from_plain
from dsim.search.space import Space
from dsim.search.space_file import load_sizes, load_space, space_toml


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(tomli_w.dumps(Space().to_dict()))
    assert load_space(path) == Space()


def test_left_out_keys_keep_their_defaults() -> None:
    space = from_plain(Space, {"stems": ["patchify"]})
    assert [str(s) for s in space.stems] == ["patchify"]
    assert space.widths == Space().widths


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stems = ['foo']", "stems[0] must be one of two_convs, conv7, patchify, got 'foo'"),
        (
            "stem = ['conv7']",
            "must have no fields but stems, mixers, attentions, attention_blocks, activations, norms, widths, depths, mlp_ratios, "
            "resolution, got also 'stem'",
        ),
        ("stems = []", "at least one choice"),
        ("stems = ['conv7', 'conv7']", "none twice, got [conv7, conv7]"),
        (
            "stems = 3",
            "stems must be a list, got 3; correct it, or print one that is right with: dsim study --show-space",
        ),
        ("widths = [[32], [64]]", "widths must have 4 rows"),
        ("widths = [[0], [64], [128], [256]]", "widths must be whole numbers from 1 to 4096, got 0"),
        ("widths = [['a'], [64], [128], [256]]", "widths[0][0] must be a whole number, got 'a'"),
        ("widths = [32, 64, 128, 256]", "widths[0] must be a list, got 32"),
        ("mixers = [['attention'], ['conv3'], ['conv3'], ['conv3']]", "name attention in 'attentions'"),
        ("attentions = ['conv3']", "name other mixers in 'mixers'"),
        ("resolution = 225", "multiple of 32"),
        ("attention_blocks = [[0], [9]]", "room for its attention blocks"),
        ("stems = [", "must be TOML"),
        ("stems = [['conv7']]", "stems[0] must be one of two_convs, conv7, patchify, got ['conv7']"),
        ("resolution = 32000000", "multiple of 32 from 32 to 4096, got 32000000"),
        ("resolution = true", "resolution must be a whole number, got True"),
        (
            "widths = [[100000], [64], [128], [256]]",
            "widths must be whole numbers from 1 to 4096, got 100000",
        ),
        ("widths = [[1], [64], [128], [256]]", "at least 2 with the stem two_convs"),
        ("widths = [[[32]], [64], [128], [256]]", "widths[0][0] must be a whole number, got [32]"),
        ("widths = {}", "widths must be a list, got {}"),
        ("depths = [[100000000], [1], [4], [4]]", "depths must be whole numbers from 1 to 64"),
        ("mlp_ratios = [[nan], [4], [4], [4]]", "mlp_ratios must be above 0 and at most 16, got nan"),
        ("mlp_ratios = [[0.001], [4], [4], [4]]", "got ratio 0.001 of width 32"),
        ("attention_blocks = [[0], [-1]]", "attention_blocks must be whole numbers from 0 to 64, got -1"),
        ("[space]\nresolution = 256", "got also 'space'"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(FileFormatError) as caught:
        load_space(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ";" in str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="cannot be read"):
        load_space(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match="must be text"):
        load_space(tmp_path / "binary.toml")


@pytest.mark.parametrize("space", [Space(), Space(resolution=256, mlp_ratios=((2.5, 4.0),) * 4)])
def test_what_is_printed_reads_back(tmp_path: Path, space: Space) -> None:
    path = tmp_path / "space.toml"
    path.write_text(space_toml(space))
    assert load_space(path) == space


def test_every_key_is_explained() -> None:
    text = space_toml(Space())
    for key in Space().to_dict():
        before, _, _ = text.partition(f"\n{key} = ")
        assert before.splitlines()[-1].startswith("# "), key


def test_python_is_refused_as_a_file_is() -> None:
    with pytest.raises(InvalidValueError, match="resolution must be a multiple of 32"):
        Space(resolution=225)


@pytest.mark.parametrize(
    ("text", "first", "px"),
    [
        ("resolution = [192, 256]", 192, "192,256"),
        ("resolution = [256]", 256, ""),
        ("resolution = 160", 160, ""),
    ],
)
def test_a_file_may_list_sizes_of_image_as_the_option_does(
    tmp_path: Path, text: str, first: int, px: str
) -> None:
    path = tmp_path / "space.toml"
    path.write_text(text)
    space, several = load_sizes(path)
    assert (space.resolution, several) == (first, px)
    if several:
        with pytest.raises(
            FileFormatError,
            match=r"resolution must be one side here, got \[192, 256\]; dsim study searches several",
        ):
            load_space(path)
    else:
        assert load_space(path) == space


@pytest.mark.parametrize("sides", ["[192, 200]", "[]", "[224, 'a']", "[200, 192]"])
def test_each_size_in_a_file_is_one_that_a_space_may_have(tmp_path: Path, sides: str) -> None:
    (tmp_path / "space.toml").write_text(f"resolution = {sides}")
    with pytest.raises(FileFormatError, match=r"space\.toml: resolution"):
        load_sizes(tmp_path / "space.toml")
