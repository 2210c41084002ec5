"""The checks of the paper's statements as a document: a matrix of verdicts, then each statement with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsim.report.table import table
from dsim.shift.paper import ACROSS, STATEMENTS, Check, Piece, Ruling
from dsim.shift.paper.returns import KEY as RETURNS
from dsim.shift.paper.returns import parameters, rates, top1

SHORT = {
    Ruling.HOLDS: "holds",
    Ruling.FAILS: "**does not**",
    Ruling.OPEN: "?",
}
_FEW = 18  # pieces of one device that a document shows; the rest stand in the parquet file


def paper_markdown(checks: Sequence[Check], devices: Sequence[str]) -> str:
    """Give the whole document.

    Parameters
    ----------
    checks
        Of `dsim.shift.paper.run_checks`.
    devices
        Those that were asked for: they are rows of the first matrix, and each has its own rows of evidence.
    """
    others = sorted({check.device for check in checks} - set(devices))
    parts = [
        _matrix("Verdicts", checks, devices),
        "`?` is cannot tell; a blank, in the second matrix, is want of measured evidence.\n",
        _matrix("Other bundled profiles, measured evidence alone", checks, others),
        *(_statement(key, checks, devices) for key in (*STATEMENTS, *ACROSS)),
    ]
    return "\n".join(parts)


def _matrix(title: str, checks: Sequence[Check], devices: Sequence[str]) -> str:
    found = {(check.device, check.statement): check.verdict for check in checks}
    keys = (*STATEMENTS, *ACROSS)
    rows = [
        (name, *(SHORT[found[name, key]] if (name, key) in found else "" for key in keys)) for name in devices
    ]
    return table(title, ("profile", *keys), rows).markdown().replace("### ", "## ", 1)


def _statement(key: str, checks: Sequence[Check], devices: Sequence[str]) -> str:
    about = STATEMENTS.get(key) or ACROSS[key]
    own = [check for check in checks if check.statement == key]
    shown = [check for check in own if check.device in devices or key in ACROSS]
    rows = [(check.device, str(check.verdict), figure(check), check.rests_on, check.why) for check in shown]
    columns = ("profile", "verdict", "figure and range", "rests on", "why")
    lines = [
        f"## {key}",
        f"**{about.words}**",
        f"Rule: {about.rule}",
        sentence(own),
        *([per_parameter()] if key == RETURNS else []),
        table("Devices", columns, rows).markdown(),
        _evidence([check for check in shown if check.device in devices]),
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def figure(check: Check) -> str:
    """Give the deciding figure with its range."""
    if check.low is None or check.high is None:
        return "-"
    span = (
        f"{check.low:+.3g} to {check.high:+.3g}"
        if "%" in check.unit
        else f"{check.low:.3g} to {check.high:.3g}"
    )
    if check.value is None:
        return f"{span} {check.unit}"
    middle = f"{check.value:+.3g}" if "%" in check.unit else f"{check.value:.3g}"
    return f"{middle} ({span}) {check.unit}"


def sentence(checks: Sequence[Check]) -> str:
    """Say in words on how many profiles a statement holds, and between which figures."""
    by: Mapping[Ruling, list[Check]] = {
        verdict: [c for c in checks if c.verdict is verdict] for verdict in Ruling
    }
    said = []
    for verdict, verb in ((Ruling.HOLDS, "It holds"), (Ruling.FAILS, "It does not hold")):
        found = by[verdict]
        if found:
            said.append(f"{verb} on {_profiles(found)}{_span(found)}.")
    evidence = [c for c in by[Ruling.OPEN] if any(piece.counts for piece in c.pieces)]
    without = len(by[Ruling.OPEN]) - len(evidence)
    if evidence:
        said.append(f"The evidence on {_profiles(evidence)} does not decide{_span(evidence)}.")
    if without:
        said.append(
            f"{without} {'profile has' if without == 1 else 'profiles have'} no evidence that counts."
        )
    return " ".join(said)


def _profiles(checks: Sequence[Check]) -> str:
    return f"{len(checks)} {'profile' if len(checks) == 1 else 'profiles'}"


def _span(checks: Sequence[Check]) -> str:
    valued = [(c.value, c.device, c.unit) for c in checks if c.value is not None]
    if not valued:
        return ""
    (low, at, unit), (high, to, _) = min(valued), max(valued)
    sign = "+" if "%" in unit else ""
    if len(valued) == 1:
        return f" ({format(low, sign + '.3g')} {unit}, {at})"
    return f" (from {format(low, sign + '.3g')} on {at} to {format(high, sign + '.3g')} {unit} on {to})"


def per_parameter() -> str:
    """Say what parameters buy, which no device changes."""
    millions, accuracy = parameters(), top1()
    first, second = rates(accuracy, millions)
    return (
        f"Per parameter, everywhere alike: top-1 {accuracy[0]}, {accuracy[1]}, {accuracy[2]}% for "
        f"{millions[0]:.1f}, {millions[1]:.1f}, {millions[2]:.1f} million parameters is {first:.3f} points per million from L1 to "
        f"L3 and {second:.3f} from L3 to L7."
    )


def _evidence(checks: Sequence[Check]) -> str:
    rows, left = [], 0
    for check in checks:
        rows += [_row(check.device, piece) for piece in check.pieces[:_FEW]]
        left += max(len(check.pieces) - _FEW, 0)
    if not rows:
        return ""
    note = f"{left} further pieces stand in checks.parquet." if left else ""
    columns = ("profile", "what", "first ms", "second ms", "change", "n", "counts")
    return table("Evidence", columns, rows, numbers=("first ms", "second ms", "n"), note=note).markdown()


def _row(device: str, piece: Piece) -> tuple[str, ...]:
    ms = tuple("-" if x is None else f"{x:.3g}" for x in (piece.a_ms, piece.b_ms))
    change = f"{piece.value:+.3g} ({piece.low:+.3g} to {piece.high:+.3g})"
    what = f"{piece.what}: {piece.a} to {piece.b}"
    return (
        device,
        what,
        *ms,
        change,
        str(piece.count or "-"),
        "yes" if piece.counts else f"no: {piece.why_not}",
    )
