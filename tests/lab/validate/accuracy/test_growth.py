"""More of the same is rarely read as less accurate."""

from __future__ import annotations

from dsim.accuracy import load_accuracy_model
from lab.validate.accuracy.growth import audit_growth


def test_growing_a_design_is_rarely_read_as_a_loss() -> None:
    growth = audit_growth(load_accuracy_model(), bases=60, seed=3)
    assert growth.designs > 50
    assert growth.fallen < 0.05
    assert growth.worst < 0.3
