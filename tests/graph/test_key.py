"""Keys of networks."""

import pytest

from dsim.errors import FileFormatError
from dsim.graph.key import NetworkKey, split_key


def test_a_key_is_a_name_and_a_side() -> None:
    key = NetworkKey.of("cv-resnet18@224")
    assert (key.name, key.px, str(key)) == ("cv-resnet18", 224, "cv-resnet18@224")
    assert sorted([NetworkKey("b", 96), NetworkKey("a", 224), NetworkKey("a", 96)])[0] == NetworkKey("a", 96)


@pytest.mark.parametrize("text", ["resnet18", "@224", "resnet18@", "resnet18@big", "a@b@224"])
def test_what_is_not_a_key_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(FileFormatError, match=r"networks\.csv, row 3: a graph must be name@resolution"):
        NetworkKey.of(text, "networks.csv, row 3")


def test_a_name_may_stand_alone() -> None:
    assert split_key("resnet18") == ("resnet18", "")
    assert split_key("resnet18@224") == ("resnet18", "224")
