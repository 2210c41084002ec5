"""What a price says of the file that it is of."""

from __future__ import annotations

from pathlib import Path

from dsim.device import find_profile
from dsim.network.file_notes import file_notes
from dsim.network.price import price
from dsim.network.read import read_network

FILES = Path(__file__).parents[1] / "graph" / "files"
FLOAT, INT8 = "galaxy-s24-tflite-float", "galaxy-s24-tflite-w8a8"


def test_a_price_says_format_and_numbers_and_where_the_device_has_others() -> None:
    plain, whole = (read_network(FILES / f"{name}.tflite") for name in ("tiny", "tiny_int8"))
    (same,) = file_notes(plain.file, find_profile(FLOAT))
    assert same == "read from LiteRT (.tflite): float32"
    (other,) = file_notes(whole.file, find_profile(FLOAT))
    assert "int8, a scale for each channel" in other
    assert "computes with whole numbers" in other
    (reverse,) = file_notes(plain.file, find_profile(INT8))
    assert "computes with floats" in reverse
    assert file_notes(whole.file, find_profile(INT8)) == (
        "read from LiteRT (.tflite): int8, a scale for each channel",
    )
    assert file_notes(None, find_profile(INT8)) == ()


def test_the_notes_stand_beside_the_estimate() -> None:
    notes = price(read_network(FILES / "tiny_int8.tflite"), FLOAT).estimate.notes
    assert any(note.startswith("read from LiteRT (.tflite): int8") for note in notes)
    assert any("TRANSPOSE" in note for note in notes)
