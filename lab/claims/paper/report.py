"""The checks of the paper's statements as a document: a matrix of verdicts, then each statement with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from dsim.report.table import table
from lab.claims.paper import ACROSS, STATEMENTS, Check, Kind, Piece, Ruling
from lab.claims.paper.activation import BEST, COST
from lab.claims.paper.returns import KEY as RETURNS
from lab.claims.paper.returns import parameters, rates, top1
from lab.claims.paper.rule import SLOWER_WORDS

SHORT = {
    Ruling.HOLDS: "holds",
    Ruling.STACK: "holds for that stack",
    Ruling.FAILS: "**does not**",
    Ruling.OPEN: "?",
}


def paper_markdown(checks: Sequence[Check], devices: Sequence[str]) -> str:
    """Return the whole document.

    Parameters
    ----------
    checks
        Of `lab.claims.paper.run_checks`.
    devices
        Those that were asked for: they are rows of the first matrix, and each has its own rows of evidence.
    """
    others = sorted({check.device for check in checks} - set(devices))
    parts = [
        _matrix("Verdicts", checks, devices),
        "`?` is cannot tell; a blank, in the second matrix, is want of measured evidence.\n",
        _others(checks, others),
        f"## The rule of speed\n\n{SLOWER_WORDS}\n",
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


def _others(checks: Sequence[Check], names: Sequence[str]) -> str:
    """Return further profiles as a matrix, those with one statement alone as a list."""
    many, lists = [], dict[tuple[str, Ruling], list[str]]()
    for name in names:
        own = [check for check in checks if check.device == name]
        if len(own) > 1:
            many.append(name)
        else:
            lists.setdefault((own[0].statement, own[0].verdict), []).append(name)
    lines = [_matrix("Other bundled profiles, measured evidence alone", checks, many)]
    lines += [f"{key} alone, {verdict}: {', '.join(found)}.\n" for (key, verdict), found in lists.items()]
    return "\n".join(lines)


def _statement(key: str, checks: Sequence[Check], devices: Sequence[str]) -> str:
    about = STATEMENTS.get(key) or ACROSS[key]
    own = [check for check in checks if check.statement == key]
    shown = [check for check in own if check.device in devices or key in ACROSS]
    rows: dict[tuple[str, ...], list[str]] = {}
    for check in shown:
        rows.setdefault((str(check.verdict), figure(check), check.rests_on, check.why), []).append(
            check.device
        )
    columns = ("profile", "verdict", "figure and range", "rests on", "why")
    lines = [
        f"## {key}",
        f"**{about.words}**",
        f"Rule: {about.rule.replace(SLOWER_WORDS, 'The rule of speed applies.')}",
        sentence(own),
        *([per_parameter()] if key == RETURNS else []),
        table("Devices", columns, ((", ".join(names), *told) for told, names in rows.items())).markdown(),
        f"Evidence: as under {COST}."
        if key == BEST
        else _evidence([check for check in shown if check.device in devices]),
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def figure(check: Check) -> str:
    """Return the deciding figure with its range."""
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
    verbs = {
        Ruling.HOLDS: "It holds",
        Ruling.STACK: "It holds for that stack",
        Ruling.FAILS: "It does not hold",
    }
    for verdict, verb in verbs.items():
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
    """Return the least and the largest figure with its profile, unit by unit."""
    said = []
    for unit in sorted({check.unit for check in checks if check.value is not None}):
        valued = [(c.value, c.device) for c in checks if c.unit == unit and c.value is not None]
        (low, at), (high, to) = min(valued), max(valued)
        sign = "+.3g" if "%" in unit else ".3g"
        if len(valued) == 1:
            said.append(f"{low:{sign}} {unit}, {at}")
        else:
            said.append(f"from {low:{sign}} on {at} to {high:{sign}} {unit} on {to}")
    return f" ({'; '.join(said)})" if said else ""


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
    rows = [row for check in checks for row in _rows(check)]
    if not rows:
        return ""
    columns = ("profile", "what", "pieces", "change, and range", "counts")
    return table("Evidence", columns, rows, numbers=("pieces",)).markdown()


def _rows(check: Check) -> Iterator[tuple[str, ...]]:
    """Yield a row for every kind of change; several networks or blocks of one kind share it."""
    alike: dict[tuple[str, str], list[Piece]] = {}
    for piece in check.pieces:
        what = piece.what.partition(": ")[0] if piece.kind is Kind.CONTRAST else piece.what
        alike.setdefault((what, piece.why_not), []).append(piece)
    form = ".3g" if check.unit.startswith("times") else "+.3g"
    for (what, why_not), pieces in alike.items():
        counts = f"no: {why_not}" if why_not else "yes"
        one = pieces[0]
        if len(pieces) > 1:
            values = [piece.value for piece in pieces]
            change = f"{median(values):{form}} (pieces from {min(values):{form}} to {max(values):{form}})"
            yield check.device, what, str(len(pieces)), change, counts
            continue
        change = f"{one.value:{form}} ({one.low:{form}} to {one.high:{form}})"
        sides = "" if one.a_ms is None or one.b_ms is None else _sides(one, one.a_ms, one.b_ms)
        yield check.device, one.what + sides, "1", change, counts


def _sides(piece: Piece, a_ms: float, b_ms: float) -> str:
    return f": {piece.a} to {piece.b}, {a_ms:.3g} to {b_ms:.3g} ms"
