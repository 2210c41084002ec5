"""Names in a chart: beside their marks, inside the chart, and never over each other."""

from __future__ import annotations

from dsim.report.page.labels import CHARACTER, Label, Spot, place


def test_a_name_with_room_stands_at_the_right() -> None:
    assert place([Spot("net", 50, 50)], [], 300, 100) == (Label("net", "left", 0),)


def test_at_the_right_edge_it_stands_at_the_left() -> None:
    assert place([Spot("net", 295, 50)], [], 300, 100) == (Label("net", "right", 0),)


def test_a_mark_in_the_way_moves_it_and_no_room_leaves_it_out() -> None:
    right, left = (50 + 10, 50), (50 - 10, 50)
    assert place([Spot("net", 50, 50)], [right], 300, 100)[0].align == "right"
    assert place([Spot("net", 50, 50)], [right, left], 300, 100)[0].below != 0
    everywhere = [(x, y) for x in range(0, 100, 5) for y in range(0, 100, 5)]
    assert place([Spot("net", 50, 50)], everywhere, 100, 100) == ()


def test_many_names_do_not_overlap_and_the_first_is_kept() -> None:
    spots = [Spot(f"network {n}", 40.0 + 9 * n, 50.0 + 3 * (n % 5)) for n in range(20)]
    labels = place(spots, [], 400, 120)
    assert labels[0].name == "network 0"
    assert 3 < len(labels) < len(spots)
    at = {spot.name: spot for spot in spots}
    boxes = []
    for label in labels:
        x, y = at[label.name].x, at[label.name].y + label.below
        left = x + 7 if label.align == "left" else x - 7 - len(label.name) * CHARACTER
        boxes.append((left, left + len(label.name) * CHARACTER, y))
    for n, one in enumerate(boxes):
        for other in boxes[:n]:
            assert abs(one[2] - other[2]) >= 12 or one[1] <= other[0] or other[1] <= one[0]
