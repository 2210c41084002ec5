"""A space file says what is wrong with it: the file, the key, the rule."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from dsim.errors import FileAccessError, FileFormatError
from dsim.search.space import Space, load_space, space_from_dict


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text(tomli_w.dumps(Space().to_dict()))
    assert load_space(path) == Space()


def test_left_out_keys_keep_their_defaults() -> None:
    space = space_from_dict({"stems": ["patchify"]})
    assert [str(s) for s in space.stems] == ["patchify"]
    assert space.widths == Space().widths


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stems = ['foo']", "stems: must be chosen from two_convs, conv7, patchify, got 'foo'"),
        ("stem = ['conv7']", "a space has no 'stem'"),
        ("stems = []", "at least one choice"),
        ("stems = ['conv7', 'conv7']", "no choice twice"),
        ("stems = 3", "stems: must be chosen from"),
        ("widths = [[32], [64]]", "widths must have 4 rows"),
        ("widths = [[0], [64], [128], [256]]", "widths must be at least 1"),
        ("widths = [['a'], [64], [128], [256]]", "int values, got 'a'"),
        ("widths = [32, 64, 128, 256]", "rows must be lists of rows"),
        ("mixers = [['attention'], ['conv3'], ['conv3'], ['conv3']]", "name attention in 'attentions'"),
        ("attentions = ['conv3']", "name other mixers in 'mixers'"),
        ("resolution = 225", "multiple of 32"),
        ("attention_blocks = [[0], [9]]", "room for its attention blocks"),
        ("stems = [", "must be TOML"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(FileFormatError) as caught:
        load_space(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="cannot be read"):
        load_space(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match="must be text"):
        load_space(tmp_path / "binary.toml")
