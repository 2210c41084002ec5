"""A machine that is timed at several batches: each is learned from its own figures, and nothing is scaled."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.device import find_profile
from dsim.device.add.write import write_profile
from dsim.device.profile import CHECK, LEARN
from dsim.errors import BatchError, UnavailableError
from dsim.graph.batch import batch_of, rebatch
from dsim.latency.checked import checked_networks
from dsim.latency.fit import load_model
from dsim.latency.methods.operators.links import run_graph
from dsim.measure.attribute import sign_of
from dsim.measure.backends import find_backend
from dsim.measure.draw import draw_design
from dsim.measure.journal import Entry, open_journal
from dsim.measure.make_profile import LEAST_NETWORKS, make_profile
from dsim.measure.measurement import waiting_words
from dsim.measure.observe import Observation, Observed
from dsim.measure.plan import Plan
from dsim.measure.planned import Planned, planned_design
from dsim.measure.ready import Kitchen
from dsim.measure.records import FOLDED, Ready, RuntimeOp, Session, Stack
from dsim.measure.run import Loop
from dsim.network.predict import predict
from dsim.network.price import price
from dsim.op import Op
from dsim.search.space import Space
from tests.measure.test_journal import HEAD

START_MS = 0.02  # that every kernel of the made-up machine takes, whatever it does


def kernel_ms(op: Op) -> float:
    return START_MS + op.macs / 2e8 + op.elements_written / 1e8


def timed(planned: Planned, backend: str = "onnxruntime") -> Entry:
    """Time a network on a machine whose kernels have a start of their own: eight images take less than eight times one."""
    ops = [op for op in run_graph(planned.graph, find_backend(backend).passes).ops if op.outputs]
    rows = tuple(RuntimeOp(op.label, sign_of(op), op.macs, op.outputs[0].numel, kernel_ms(op)) for op in ops)
    whole = sum(row.latency_ms for row in rows)
    seen = Observation(whole, 0.01 * whole, whole, 40, 0, False, rows)
    return Entry(planned, Observed({backend: seen}, {}), 0.5)


def designs(number: int, role: str, seed: str) -> list[Planned]:
    rng = random.Random(seed)
    return [planned_design(draw_design(rng, Space()), role) for _ in range(number)]


def at(planned: Planned, batch: int) -> Planned:
    one = planned.at(batch)
    assert one is not None
    return one


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    every = [*designs(8, LEARN, "learn"), *designs(5, CHECK, "check")]
    return tuple(timed(at(one, batch)) for one in every for batch in (1, 8))


@pytest.fixture(scope="module")
def name(entries: Sequence[Entry], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("profiles")
    made = make_profile("made-up-batches", "made up", HEAD, "onnxruntime", entries)
    assert (made.batches, made.short) == ((1, 8), {})
    write_profile(root, made.addition)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DSIM_PROFILES", str(root))
        yield "made-up-batches"


def test_a_profile_holds_each_batch_apart(name: str, entries: Sequence[Entry]) -> None:
    one, many = find_profile(name), find_profile(f"{name}@batch8")
    assert (one.name, many.name) == (name, f"{name}@batch8")
    assert one.batches == many.batches == (1, 8)
    for profile, batch in ((one, 1), (many, 8)):
        assert profile.batch == batch
        assert {row.batch for row in profile.networks} == {batch}
        assert {op.op.inputs[0].shape[0] for op in profile.ops if op.op.kind == "conv2d"} == {batch}
        measured = {
            e.planned.key: e.observed.seen["onnxruntime"].latency_ms
            for e in entries
            if e.planned.batch == batch
        }
        assert {row.graph: row.latency_ms for row in profile.networks} == pytest.approx(measured, rel=1e-4)


def test_held_out_designs_are_priced_as_well_at_either_batch(name: str) -> None:
    for at_name in (name, f"{name}@batch8"):
        held = checked_networks(at_name, CHECK)
        assert len(held) == 5
        assert max(abs(one.error) for one in held) < 0.1


def test_a_network_is_priced_at_the_batch_that_it_takes(name: str) -> None:
    graph = get_preset("efficientformer_l1").to_graph()
    one, many = price(graph, name), price(rebatch(graph, 8), name)
    assert (one.asked.profile.batch, many.asked.profile.batch, many.asked.input_batch) == (1, 8, 8)
    truth = [
        sum(kernel_ms(op) for op in run_graph(rebatch(graph, batch), FOLDED).ops if op.outputs)
        for batch in (1, 8)
    ]
    assert one.estimate.latency_ms == pytest.approx(truth[0], rel=0.1)
    assert many.estimate.latency_ms == pytest.approx(truth[1], rel=0.1)
    assert truth[1] < 7 * truth[0]  # the machine's own rule: eight times would have been wrong
    asked = predict(graph, f"{name}@batch8")
    assert asked.latency_ms == pytest.approx(many.estimate.latency_ms, rel=1e-9)
    assert "one image was given" in asked.notes[0]
    with pytest.raises(BatchError, match=r"measured at batch 1 and 8 .* got batch 4; pass batch 1 or 8"):
        predict(rebatch(graph, 4), name)
    with pytest.raises(BatchError, match="got batch 4"):
        find_profile(f"{name}@batch4")


def test_pieces_of_a_design_add_up_at_either_batch(name: str) -> None:
    arch = get_preset("poolformer_s12")
    for at_name in (name, f"{name}@batch8"):
        model = load_model(at_name)
        pieces = sum(model.featurise(piece.graph) for piece in arch.pieces())
        assert pieces == pytest.approx(model.featurise(arch.to_graph()), rel=1e-9)


def test_a_batch_with_too_few_networks_is_left_out_and_none_makes_no_profile(
    entries: Sequence[Entry],
) -> None:
    learned = [e for e in entries if e.planned.role == LEARN]
    ones = [e for e in learned if e.planned.batch == 1]
    eights = [e for e in learned if e.planned.batch == 8]
    made = make_profile("few", "few", HEAD, "onnxruntime", [*ones, *eights[: LEAST_NETWORKS - 1]])
    assert (made.batches, made.short) == ((1,), {8: LEAST_NETWORKS - 1})
    with pytest.raises(
        UnavailableError, match=r"at least 5 networks .* onnxruntime has 1; .* --time"
    ) as error:
        make_profile("few", "few", HEAD, "onnxruntime", ones[:1])
    assert "\n" not in str(error.value)


class Instant:
    """A runtime that only remembers how many images it was given."""

    name, reads = "onnxruntime", ""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def stack(self) -> Stack:
        return HEAD.stacks["onnxruntime"]

    def open(self, ready: Ready) -> Session:
        self.batches.append(len(ready.image))
        return Session(lambda: None, None, on_cpu=False)


@pytest.mark.slow
def test_every_network_is_timed_at_every_batch_and_what_was_stopped_goes_on(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j.jsonl", HEAD)
    backend, kitchen = Instant(), Kitchen(tmp_path, frozenset(), None)
    plan = Plan(checks=2)

    def loop(most: int, batches: tuple[int, ...]) -> Loop:
        return Loop((backend,), journal, kitchen, 600.0, most, lambda *_: None, batches=batches, retries=0)

    assert loop(2, (1,)).follow(plan) == 2
    assert loop(10, (1, 8)).follow(plan) == 10  # the two at batch 8, and four more at both
    entries = journal.entries()
    timed_at = {(e.planned.key, e.planned.batch) for e in entries}
    assert len(timed_at) == len(entries) == 12
    assert {key for key, batch in timed_at if batch == 1} == {key for key, batch in timed_at if batch == 8}
    assert sorted(backend.batches) == [1] * 6 + [8] * 6
    assert all(batch_of(e.planned.graph) == e.planned.batch for e in entries)


class Disturbed(Loop):
    """A machine on which something else runs the first time that a network is timed."""

    def _time(self, group: list[Planned]) -> list[Entry]:
        out = []
        for planned in group:
            entry = timed(planned)
            first = planned.key not in SEEN
            SEEN.add(planned.key)
            seen = {name: replace(one, busy=first) for name, one in entry.observed.seen.items()}
            out.append(replace(entry, observed=Observed(seen, {})))
        return out


SEEN: set[str] = set()


def test_networks_that_wait_for_a_quiet_machine_are_counted_and_said(tmp_path: Path) -> None:
    said: list[tuple[int, str, int]] = []
    loop = Disturbed(
        (Instant(),),
        open_journal(tmp_path / "j.jsonl", HEAD),
        Kitchen(tmp_path, frozenset(), None),
        600.0,
        10,
        lambda number, _, key, again: said.append((number, key, again)),
    )
    two = [at(planned, 1) for planned in designs(2, LEARN, "busy")]
    assert loop.add(two) == 2
    assert said == [(0, "", 1), (0, "", 2), (1, two[0].label, 1), (2, two[1].label, 0)]
    assert waiting_words(0) == ""
    assert "2 to be timed again, because other programs ran" in waiting_words(2)
    assert "--allow-busy" in waiting_words(2)


def test_a_journal_without_batches_is_of_one_image(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    entry = timed(at(designs(1, LEARN, "one")[0], 1))
    open_journal(path, HEAD).append(entry)
    head, line = path.read_text().splitlines()
    assert '"batch":1,' in line
    path.write_text("\n".join([head, line.replace('"batch":1,', ""), ""]))
    assert [e.planned.batch for e in open_journal(path, HEAD).entries()] == [1]


def test_a_network_that_mixes_images_is_left_out_of_other_batches() -> None:
    mixed = Planned("efficientnet_cc_b0_4e@224")  # its convolutions take each image's own weights
    assert mixed.at(8) is None
    assert mixed.at(1) is not None
    assert replace(mixed, batch=8).label == "efficientnet_cc_b0_4e@224 at batch 8"
