"""What was measured, as JSON: the figure, its interval, its grade, what it is of, and what differs."""

from __future__ import annotations

import json

from dsim.shift import measured_to_dict
from dsim.shift.tiers import NOTHING, Measured
from tests.report.test_tiers import MADE


def test_each_measured_figure_says_what_it_is_of_and_what_differs() -> None:
    found = measured_to_dict(MADE)
    json.dumps(found, allow_nan=False)
    (change,) = found["contrasts"]
    assert (change["grade"], change["change"]) == ("A", "norm:batch>layer")
    assert change["scope"] == {"in": "a block", "whole_network": False}
    assert change["percent_slower"]["two"] == {"value": 198, "low": 184, "high": 213}
    assert (change["intervals_apart"], change["differs_in"]) == (True, ["precision"])
    (loss,) = found["regret"]
    assert (loss["chosen_on"], loss["run_on"], loss["significant"]) == ("one", "two", True)
    assert loss["points_lost"] == {"value": 1.5, "low": 0.5, "high": 1.9}
    assert loss["against_itself"]["high"] == 0.4
    assert loss["scope"]["recipes"] == [
        {"schedule": "usual", "taught": False, "augment": "strong", "networks": 9}
    ]
    assert loss["worst"]["chosen"] == "resnet50@224"
    assert loss["differs_in"] == ["precision"]
    assert found["timed"][0]["within_10"] == 19
    assert found["equal_top1"][0]["slower"]["high"] == 54.0


def test_what_is_not_known_is_not_there() -> None:
    assert measured_to_dict(NOTHING)["contrasts"] == []
    assert measured_to_dict(Measured(regrets=None))["regret"] is None  # ranks are of the user's own images
