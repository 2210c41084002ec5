"""Statement: what an activation costs, and which is the fastest, depends on hardware and compiler."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations

from dsim.device import DeviceProfile
from dsim.device.profile import Contrast
from dsim.shift.stack import Shift, pair_of
from lab.claims.paper.pairs import contrast_piece, pair_pieces
from lab.claims.paper.records import Across, Check, Piece, Ruling
from lab.claims.paper.rule import BACK, FLOOR, Says, agreed, mirrored, rests_on, says

COST, BEST = "activation-cost", "activation-best"
PREFIX = "activation:"
_MOST = 3  # reasons that are told; the most alike devices come first
QUICK = "activation:gelu>quickgelu"
PAIRS = tuple(
    (QUICK, f"vit_base_patch{size}_clip_224@224", f"vit_base_patch{size}_clip_quickgelu_224@224")
    for size in (16, 32)
)
Costs = Mapping[str, tuple[Piece, ...]]  # choice (gelu>silu) -> evidence


def costs(profile: DeviceProfile) -> Costs:
    """Return what one activation costs instead of another, by choice, in both directions."""
    found: dict[str, list[Piece]] = defaultdict(list)
    for contrast in _contrasts(profile):
        found[contrast.choice.removeprefix(PREFIX)].append(contrast_piece(profile, contrast))
    for piece in pair_pieces(profile, PAIRS):
        found[QUICK.removeprefix(PREFIX)].append(piece)
    for choice, pieces in list(found.items()):
        a, _, b = choice.partition(">")
        if f"{b}>{a}" not in found:
            found[f"{b}>{a}"] = [mirrored(piece) for piece in pieces]
    return {choice: tuple(pieces) for choice, pieces in found.items()}


def _contrasts(profile: DeviceProfile) -> Iterator[Contrast]:
    """Yield clean contrasts, and those that follow from two that start at one network: relu>gelu and relu>silu tell gelu>silu."""
    clean = [c for c in profile.contrasts if c.choice.startswith(PREFIX) and c.graph_a and c.graph_b]
    yield from clean
    told = {(c.graph_a, c.graph_b, c.source) for c in clean}
    for one, other in permutations(clean, 2):
        start = one.graph_a == other.graph_a and one.a_ms == other.a_ms and one.source == other.source
        pair = (one.graph_b, other.graph_b, one.source)
        if (
            start
            and one.graph_b != other.graph_b
            and pair not in told
            and (pair[1], pair[0], pair[2]) not in told
        ):
            told.add(pair)
            a, b = (c.choice.removeprefix(PREFIX).partition(">")[2] for c in (one, other))
            yield replace(
                one, choice=f"{PREFIX}{a}>{b}", graph_a=one.graph_b, graph_b=other.graph_b,
                a_ms=one.b_ms, b_ms=other.b_ms, low_ms=None, high_ms=None,
            )  # fmt: skip


def differ(ours: Sequence[Piece], theirs: Sequence[Piece]) -> str:
    """Tell how one choice costs something else on two devices, or nothing where that is not shown.

    Opposite signs count between any networks; amounts only between the same networks, where both intervals are apart.
    """
    mine, other = agreed(ours)[0], agreed(theirs)[0]
    mine_back, other_back = (agreed([mirrored(p) for p in of])[0] for of in (ours, theirs))
    same = {(piece.a, piece.b) for piece in ours} & {(piece.a, piece.b) for piece in theirs}
    elsewhere = "" if same else ", on other networks"
    if mine is Says.SLOWER and other_back is Says.SLOWER:
        return f"slower here, faster there{elsewhere}"
    if mine_back is Says.SLOWER and other is Says.SLOWER:
        return f"faster here, slower there{elsewhere}"
    at = {(piece.a, piece.b): piece for piece in theirs}
    for piece in ours:
        beside = at.get((piece.a, piece.b))
        if beside and (piece.low - beside.high >= FLOOR or beside.low - piece.high >= FLOOR):
            return f"{_tenths(piece.value)} here, {_tenths(beside.value)} there on the same networks"
    return ""


def _tenths(change: float) -> str:
    return f"{round(change, 1) + 0.0:+.1f}%"  # adding zero turns -0.0 into 0.0


def fastest(found: Costs, among: Sequence[str]) -> frozenset[str]:
    """Return the activations that may be the fastest: those that no other one certainly beats."""
    beaten = {
        a
        for a, b in permutations(among, 2)
        if f"{b}>{a}" in found and agreed(found[f"{b}>{a}"])[0] is Says.SLOWER
    }
    return frozenset(among) - beaten


def _options(found: Costs) -> frozenset[str]:
    return frozenset(side for choice in found for side in choice.split(">"))


def judge(key: str, profiles: Sequence[DeviceProfile]) -> tuple[Check, ...]:
    """Judge every device that has something to say, beside every other."""
    found = {profile.name: costs(profile) for profile in profiles}
    having = [profile for profile in profiles if found[profile.name]]
    judge_one = _cost if key == COST else _best
    return tuple(judge_one(profile, having, found) for profile in having)


def _forward(found: Costs) -> tuple[Piece, ...]:
    """Return evidence once, in the direction in which it was measured."""
    return tuple(p for pieces in found.values() for p in pieces if not p.what.endswith(BACK))


def _beside(profile: DeviceProfile, having: Sequence[DeviceProfile]) -> list[tuple[DeviceProfile, str]]:
    """Return the other devices that measure the same (one image, or a batch) with what differs, the most alike first."""
    alike = [
        (pair_of(profile, other), other)
        for other in having
        if other.name != profile.name and other.measures == profile.measures
    ]
    alike.sort(key=lambda both: (both[0].shift is not Shift.HARDWARE, len(both[0].differs_in), both[1].name))
    return [(other, pair.words) for pair, other in alike]


def _cost(profile: DeviceProfile, having: Sequence[DeviceProfile], found: Mapping[str, Costs]) -> Check:
    mine = found[profile.name]
    reasons = []
    for other, words in _beside(profile, having):
        for choice, pieces in mine.items():
            back = any(p.what.endswith(BACK) for p in pieces)
            how = "" if back else differ(pieces, found[other.name].get(choice, ()))
            if how:
                reasons.append(f"{choice} against {other.name}: {how} ({words})")
    return _check(COST, profile, reasons, "no other device differs certainly on the same choice", mine)


def _best(profile: DeviceProfile, having: Sequence[DeviceProfile], found: Mapping[str, Costs]) -> Check:
    mine, reasons, same = found[profile.name], [], []
    for other, words in _beside(profile, having):
        among = sorted(_options(mine) & _options(found[other.name]))
        if len(among) < 2:
            continue
        here, there = fastest(mine, among), fastest(found[other.name], among)
        if not here & there:
            reasons.append(f"{_or(here)} here, {_or(there)} on {other.name} ({words})")
        elif len(here) == len(there) == 1:
            same.append(f"{_or(here)} on {other.name} too, of {', '.join(among)}")
    nothing = "; ".join(["no other device has certainly another one", *same[:_MOST]])
    every = sorted(_options(mine))
    check = _check(BEST, profile, reasons, nothing, mine)
    return replace(
        check, why=f"of {', '.join(every)} the fastest here may be {_or(fastest(mine, every))}; {check.why}"
    )


def _or(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))


def _check(key: str, profile: DeviceProfile, reasons: Sequence[str], nothing: str, mine: Costs) -> Check:
    """Make a check; choices differ, so that no figure stands for all of them."""
    pieces = _forward(mine)
    certain = sum(says(piece) is Says.SLOWER or says(mirrored(piece)) is Says.SLOWER for piece in pieces)
    told = [*reasons[:_MOST], *([f"and {len(reasons) - _MOST} more"] if len(reasons) > _MOST else [])]
    why = "; ".join([*(told or [nothing]), f"{certain} of {len(pieces)} differences here are certain"])
    verdict = Ruling.HOLDS if reasons else Ruling.OPEN
    return Check(key, profile.name, verdict, why, None, None, None, "", rests_on(pieces), pieces)


_SHARED = (
    "Two devices are compared where both measured the same choice, one image or a batch alike. A difference is certain where "
    f"it is {FLOOR:.0f}% or more and its interval excludes zero, in at least half of the networks or blocks and in none the other way."
)
_NOTHING = "no two activations were timed in otherwise equal networks here"
ACROSS_COST = Across(
    COST,
    "What an activation costs depends on hardware and compiler.",
    f"{_SHARED} It holds on a device where another device certainly has the opposite order of two activations, or where the same two "
    f"networks differ by amounts whose intervals lie {FLOOR:.0f} points apart. It is never refuted: one more device could differ.",
    _NOTHING,
    partial(judge, COST),
)
ACROSS_BEST = Across(
    BEST,
    "The fastest activation depends on hardware and compiler.",
    f"{_SHARED} An activation may be the fastest where no other is certainly faster. It holds on a device where another device's "
    "candidates, among the activations that both measured, are all others. It is never refuted: one more device or activation could differ.",
    _NOTHING,
    partial(judge, BEST),
)
