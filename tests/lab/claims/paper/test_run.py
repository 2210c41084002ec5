"""All checks together: their order, what is left out, the table, the document."""

from __future__ import annotations

from lab.claims.paper import ACROSS, STATEMENTS, Check, Inputs, Ruling
from lab.claims.paper.files import checks_frame
from lab.claims.paper.report import figure, paper_markdown, per_parameter, sentence
from lab.claims.paper.returns import GRAPHS
from lab.claims.paper.run import checks_of, in_order
from tests.lab.claims.paper.made import piece, profile, row

ROWS = [row(graph, ms) for graph, ms in zip(GRAPHS, (1.0, 3.0, 9.0), strict=True)]


def check(statement: str, device: str, verdict: Ruling = Ruling.HOLDS, value: float = 5.0) -> Check:
    return Check(statement, device, verdict, "so", value, 1, 9, "% of time", "lab", (piece(value, 1, 9),))


def test_profiles_that_were_not_asked_for_show_measured_evidence_alone() -> None:
    made = profile(networks=ROWS)
    assert [c.statement for c in checks_of(made, Inputs(ask=False))] == ["returns"]
    borrowed = profile(networks=ROWS, method="adapted", donor="iphone12")
    assert [c.statement for c in checks_of(borrowed, Inputs(ask=True))] == list(STATEMENTS)


def test_order_and_the_same_figures() -> None:
    first, second = list(STATEMENTS)[:2]
    found = in_order([check(second, "b"), check(first, "b"), check(first, "a")], ["a", "b"])
    assert [(c.statement, c.device) for c in found] == [(first, "a"), (first, "b"), (second, "b")]
    assert "same figures as under a" in found[1].why
    assert found[2].why == "so"
    other = in_order([check(first, "a"), check(first, "b", value=6.0)], ["a", "b"])
    assert other[1].why == "so"


def test_table_has_a_row_for_each_piece_and_for_a_check_without_any() -> None:
    empty = Check("returns", "b", Ruling.OPEN, "no", None, None, None, "", "nothing", ())
    frame = checks_frame([check("conv-bn", "a"), empty])
    assert frame["verdict"].to_list() == ["holds", "cannot tell"]
    assert frame["evidence_value"].to_list() == [5.0, None]
    assert all(frame["rule"].str.len_chars() > 40)


def test_document_names_every_statement_and_says_the_extremes() -> None:
    checks = [
        check("conv-bn", "a", value=4.0),
        check("conv-bn", "b", Ruling.FAILS, -8.0),
        check("conv-bn", "c", value=30.0),
    ]
    text = paper_markdown(checks, ["a", "b"])
    assert all(f"## {key}" in text for key in (*STATEMENTS, *ACROSS))
    assert "from +4 on a to +30 % of time on c" in text
    assert "It does not hold on 1 profile (-8 % of time, b)." in text


def test_words_without_figures() -> None:
    empty = Check("returns", "b", Ruling.OPEN, "no", None, None, None, "", "nothing", ())
    assert figure(empty) == "-"
    assert sentence([empty]) == "1 profile has no evidence that counts."
    assert "0.167 points per million" in per_parameter()
