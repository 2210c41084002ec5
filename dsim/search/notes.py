"""What a reader of a study's result must know beside its figures."""

from __future__ import annotations

import math

from dsim.accuracy.downstream import order_words
from dsim.device.number_bytes import number_bytes
from dsim.device.profile import DeviceProfile
from dsim.device.rough import rough_note
from dsim.latency.model import DeviceModel
from dsim.latency.question import Question
from dsim.search.candidate import Candidate
from dsim.search.spec import StudySpec


def study_notes(spec: StudySpec, profile: DeviceProfile) -> tuple[str, ...]:
    """Return one sentence for each thing, without a full stop."""
    notes, low_px, high_px = [], profile.low_px, profile.high_px
    if rough := rough_note(profile):
        notes.append(rough)
    if profile.batch != 1:
        notes.append(f"milliseconds are of one run of {profile.batch} images, as this profile was measured")
    low, high = spec.image or (spec.space.resolution, spec.space.resolution)
    if not low_px**2 <= low * high <= high_px**2:
        said = spec.backbone or str(low)
        notes.append(
            f"{said} px lies outside {low_px} to {high_px} px, where networks were measured: latency is extrapolated"
        )
    if (spec.limits.memory_bytes or spec.limits.size_bytes) and not number_bytes(profile.precision).stated:
        notes.append(
            f"memory and size are those of 32-bit floats: the profile's precision is {profile.precision}"
        )
    if spec.image:
        notes.append(
            f"latency is of the four maps of an image of {spec.backbone} px, without a head; top-1 is of the same design with its "
            f"head, at {spec.space.resolution} px; {order_words()}"
        )
    return tuple(notes)


def question_notes(latency: DeviceModel, design: Candidate, confidence: float) -> tuple[str, ...]:
    """Say where ``dsim predict`` answers another question about a design than a search does, and what it answers.

    A search asks one question of all its designs, or their needs would not compare: that of a new network of known kinds of block.
    """
    graph = design.arch.to_graph()
    question = latency.question(graph)
    if question is Question.KNOWN:
        return ()
    own = latency.price_network(graph, confidence)
    needs = float(own.needs_ms[0])
    then = f"it would need {needs:.3g} ms" if math.isfinite(needs) else "no budget would be enough"
    return (
        f"dsim predict takes this design for {question.words}: {own.low_ms[0]:.3g} to {own.high_ms[0]:.3g} ms, so that {then}; "
        "a search takes all designs for new ones of known kinds of block, so that they compare",
    )
