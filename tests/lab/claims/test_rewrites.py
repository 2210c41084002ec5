"""The gains of rewrites: a form is predicted from the other networks, never from the network itself."""

from __future__ import annotations

import pytest

from lab.claims.rewrites import Row, rewrites_table, with_predictions


def row(network: str, percent: float, predicted: float | None = None, rewrite: str = "one op") -> Row:
    return Row(network, rewrite, "2 places", 10.0, percent, percent - 1, percent + 1, predicted)


def test_a_form_is_predicted_from_the_other_networks() -> None:
    rows = with_predictions(
        [row("a", -10.0), row("b", -20.0), row("c", -60.0), row("d", 5.0, rewrite="another")]
    )
    assert [one.predicted_percent for one in rows] == [
        pytest.approx(-40.0),
        pytest.approx(-35.0),
        pytest.approx(-15.0),
        None,
    ]
    assert [one.percent for one in rows] == [-10.0, -20.0, -60.0, 5.0]


def test_the_model_s_figure_stays() -> None:
    (kept, _) = with_predictions([row("a", -10.0, predicted=-33.0), row("b", -20.0)])
    assert kept.predicted_percent == -33.0


def test_the_table_shows_both() -> None:
    text = rewrites_table(with_predictions([row("a", -10.0), row("b", -20.0)]), 2, "a processor")
    assert "2 rewrites in 2 networks" in text
    assert "| a | one op | 2 places | 10 | -10.0 (-11.0 to -9.0) | -20.0 |" in text
