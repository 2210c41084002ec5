"""What may be said of chip and compiler."""

from __future__ import annotations

from dataclasses import replace

from lab.validate.chip_or_compiler import by_chip, chip_or_compiler, contrasts_markdown
from tests.report.test_contrasts import GELU, profile


def test_what_is_said_of_chip_and_compiler() -> None:
    def said(*shares: float, half: float = 0.02) -> str:
        (text,) = chip_or_compiler([profile(f"a-{n}", {GELU: share}, half) for n, share in enumerate(shares)])
        return text

    assert "differ in sign" in said(0.1, -0.1)
    assert "dearer on every runtime, how much is the compiler's" in said(0.1, 0.4)
    assert "cheaper on every runtime, and no two" in said(-0.1, -0.105, half=0.1)
    assert "no certain sign on 0, and others differ" in said(0.0, 0.4)
    assert "no two runtimes differ" in said(0.0, 0.01, half=0.1)
    assert "from +10% of a block (0) to +40% (1)" in said(0.1, 0.4)
    assert "cannot be told" in said(0.1)


def test_chips_stand_apart_and_profiles_without_blocks_are_left_out() -> None:
    one, other = profile("a-ort", {GELU: 0.1}), replace(profile("b-ort", {GELU: 0.1}), chip="Other")
    assert list(by_chip((one, other, profile("c-ort", {})))) == ["Chip", "Other"]
    assert contrasts_markdown((one, other)).count("### ") == 2
    assert "No bundled profile" in contrasts_markdown(())
